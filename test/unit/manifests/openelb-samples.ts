/**
 * Objects as OpenELB's users have them: the shapes that its documentation and its dialects (0.3 to 0.6) show, every field in use once,
 * and what its controllers store in a status. All must be accepted unchanged.
 */
import { parse } from 'yaml';

interface Sample {
  readonly name: string;
  readonly object: object;
}

const sample = (name: string, text: string): Sample => ({ name, object: parse(text) });

export const OPENELB_SAMPLES: readonly Sample[] = [
  sample(
    'a bgp Eip with an address alone',
    `
apiVersion: network.kubesphere.io/v1alpha2
kind: Eip
metadata: { name: bgp-eip }
spec: { address: 172.22.0.2-172.22.0.10 }
`,
  ),
  sample(
    'a layer2 Eip',
    `
apiVersion: network.kubesphere.io/v1alpha2
kind: Eip
metadata: { name: layer2-eip }
spec: { address: 192.168.0.91-192.168.0.100, interface: eth0, protocol: layer2 }
`,
  ),
  sample(
    'a vip Eip without an interface, as the documents of 0.5 show it',
    `
apiVersion: network.kubesphere.io/v1alpha2
kind: Eip
metadata: { name: vip-eip }
spec: { address: 192.168.1.91-192.168.1.100, protocol: vip }
`,
  ),
  sample(
    'an Eip with every field, and a status in the file',
    `
apiVersion: network.kubesphere.io/v1alpha2
kind: Eip
metadata:
  name: eip-sample-pool
  annotations: { eip.openelb.kubesphere.io/is-default-eip: "true" }
  finalizers: [finalizer.ipam.kubesphere.io/v1alpha1]
spec:
  address: 192.168.2.0/24
  protocol: layer2
  interface: can_reach:192.168.0.5
  disable: false
  usingKnownIPs: false
  priority: 1
  namespaces: [namespace-1, default]
  namespaceSelector: { kubesphere.io/workspace: workspace }
status:
  occupied: false
  usage: 1
  poolSize: 256
  used: { "192.168.2.1": "default/test-svc;ns2/b" }
  firstIP: 192.168.2.0
  lastIP: 192.168.2.255
  ready: true
  v4: true
`,
  ),
  sample(
    'an IPv6 Eip',
    `
apiVersion: network.kubesphere.io/v1alpha2
kind: Eip
metadata: { name: v6, labels: { openelb.kubesphere.io/cni: calico } }
spec: { address: "2001:db8::/120" }
`,
  ),
  sample(
    'a BgpConf',
    `
apiVersion: network.kubesphere.io/v1alpha2
kind: BgpConf
metadata: { name: default }
spec: { as: 50000, listenPort: 17900, routerId: 192.168.0.2 }
`,
  ),
  sample(
    'a BgpConf with every field, and what the speakers stored',
    `
apiVersion: network.kubesphere.io/v1alpha2
kind: BgpConf
metadata: { name: spare, annotations: { lb.kubesphere.io/v1alpha1: "2024-06-14 08:00:00.123 +0000 UTC m=+3.2" } }
spec:
  as: 50000
  asPerRack: { leaf1: 50001, leaf2: 4200000001 }
  routerId: 192.168.0.2
  listenPort: 17900
  listenAddresses: [0.0.0.0, "::"]
  families: [65537, 131073]
  useMultiplePaths: true
  gracefulRestart: { enabled: true, restartTime: 120, deferralTime: 360, helperOnly: false, notificationEnabled: true, longlivedEnabled: true }
  policy: bgp-policy
status:
  nodesConfStatus: { node1: { as: 50000, routerId: 192.168.0.2 } }
`,
  ),
  sample(
    'a BgpPeer',
    `
apiVersion: network.kubesphere.io/v1alpha2
kind: BgpPeer
metadata: { name: bgp-peer }
spec: { conf: { peerAs: 50001, neighborAddress: 192.168.0.5 } }
`,
  ),
  sample(
    'a BgpPeer with families and a node selector',
    `
apiVersion: network.kubesphere.io/v1alpha2
kind: BgpPeer
metadata: { name: bgppeer-sample }
spec:
  conf: { peerAs: 50001, neighborAddress: 192.168.0.5 }
  afiSafis:
    - config: { family: { afi: AFI_IP, safi: SAFI_UNICAST }, enabled: true }
      addPaths: { config: { sendMax: 10 } }
  nodeSelector: { matchLabels: { openelb.kubesphere.io/rack: leaf1 } }
`,
  ),
  sample(
    'a BgpPeer with every field, and what the speakers stored',
    `
apiVersion: network.kubesphere.io/v1alpha2
kind: BgpPeer
metadata: { name: everything, finalizers: [finalizer.lb.kubesphere.io/v1alpha1] }
spec:
  conf:
    neighborAddress: "2001:db8::5"
    peerAs: 4200000001
    localAs: 50002
    authPassword: "s3cret, with ' and spaces"
    adminDown: true
    allowOwnAs: 3
    replacePeerAs: true
    removePrivateAs: REPLACE
    neighborInterface: eth1
    vrf: red
    peerGroup: leaves
    description: 测试用BGPPeer
    peerType: 1
    routeFlapDamping: true
    sendCommunity: 1
  ebgpMultihop: { enabled: true, multihopTtl: 3 }
  timers: { config: { connectRetry: "120", holdTime: "90", keepaliveInterval: "30", minimumAdvertisementInterval: "5" } }
  transport: { passiveMode: true, remotePort: 1790, mtuDiscovery: true, remoteAddress: 192.168.0.5, tcpMss: 1400 }
  gracefulRestart: { enabled: true, restartTime: 120, staleRoutesTime: 300, peerRestartTime: 120, peerRestarting: true, localRestarting: true, mode: helper }
  afiSafis:
    - config: { family: { afi: AFI_IP6, safi: SAFI_UNICAST }, enabled: true }
      addPaths: { config: { receive: true, sendMax: 8 } }
      mpGracefulRestart: { config: { enabled: true } }
  nodeSelector:
    matchExpressions: [{ key: rack, operator: In, values: [a, b] }, { key: spare, operator: DoesNotExist }]
status:
  nodesPeerStatus:
    node1:
      peerState:
        messages:
          received: { keepalive: "12", open: "1", total: "14", update: "1" }
          sent: { keepalive: "12", open: "1", total: "15", update: "2" }
        neighborAddress: 192.168.0.5
        peerAs: 50001
        peerType: 1
        queues: {}
        routerId: 192.168.0.5
        sessionState: ESTABLISHED
      timersState: { downtime: "2024-06-14T08:00:00Z", keepaliveInterval: "30", negotiatedHoldTime: "90", uptime: "2024-06-14T08:00:05Z" }
`,
  ),
  sample(
    "an Eip of 0.3's dialect",
    `
apiVersion: network.kubesphere.io/v1alpha1
kind: Eip
metadata: { name: eip-old }
spec: { address: 10.11.11.0/24, protocol: layer2, disable: false, usingKnownIPs: true }
`,
  ),
  sample(
    "a BgpConf of 0.3's dialect",
    `
apiVersion: network.kubesphere.io/v1alpha1
kind: BgpConf
metadata: { name: bgpconf-old }
spec: { as: 65000, routerID: 192.168.0.2, port: 17900 }
`,
  ),
  sample(
    "a BgpPeer of 0.3's dialect",
    `
apiVersion: network.kubesphere.io/v1alpha1
kind: BgpPeer
metadata: { name: bgppeer-old }
spec:
  config: { peerAs: 65001, neighborAddress: 192.168.0.6 }
  addPaths: { sendMax: 10 }
  transport: { passiveMode: true, remotePort: 179 }
  usingPortForward: true
`,
  ),
];
