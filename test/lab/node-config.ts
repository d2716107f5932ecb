/**
 * The configuration of a node's programs, as text. The settings that look odd are what makes three kubelets on one machine, in
 * network namespaces and under the machine's own kernel settings, behave like three machines; each says why.
 */
import { join } from 'node:path';
import { nodePodCidrs, POD_CIDRS } from './layout.ts';

export const PAUSE_IMAGE = 'localhost/pause:1';

export interface NodeConfigInput {
  readonly number: number;
  readonly name: string;
  readonly folder: string;
  readonly pki: string;
  readonly cgroup: string;
}

/** File name → content, to be written to the node's folder before it boots. */
export function nodeConfigFiles(input: NodeConfigInput): Readonly<Record<string, string>> {
  return {
    'containerd.toml': containerdConfig(),
    'cni.conflist': json(cniConfig(input.number)),
    'kubelet.json': json(kubeletConfig(input)),
    'proxy.json': json(proxyConfig(input)),
    // There is no DNS in the lab; a query must fail at once, not leave the machine.
    'resolv.conf': 'nameserver 127.0.0.1\n',
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * containerd 1.6's format, Debian 12's. `restrict_oom_score_adj`: where root lacks CAP_SYS_RESOURCE no process may get a lower score
 * than it has, and without this every sandbox fails with "can't get final child's PID from pipe: EOF".
 */
function containerdConfig(): string {
  return `version = 2
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
`;
}

function cniConfig(number: number): object {
  const { v4, v6 } = nodePodCidrs(number);
  return {
    cniVersion: '1.0.0',
    name: 'lab',
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        mtu: 1500,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: v4 }], [{ subnet: v6 }]],
          routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function kubeletConfig(input: NodeConfigInput): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${input.cgroup}`,
    enforceNodeAllocatable: [],
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(input.pki, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    clusterDomain: 'cluster.local',
    clusterDNS: ['10.96.0.10'],
    resolvConf: join(input.folder, 'resolv.conf'),
    // The disk is this machine's, so its usage must not evict pods.
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '0%',
    },
    imageGCHighThresholdPercent: 100,
    nodeStatusUpdateFrequency: '4s',
    syncFrequency: '10s',
    // By default, a container that is killed a second time within ten minutes waits for half a minute, which slows tests.
    crashLoopBackOff: { maxContainerRestartPeriod: '1s' },
    maxPods: 100,
    // A burst of pods at the default of 50 requests a second reports their state late.
    kubeAPIQPS: 200,
    kubeAPIBurst: 400,
  };
}

function proxyConfig(input: NodeConfigInput): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    hostnameOverride: input.name,
    clientConnection: { kubeconfig: join(input.pki, 'proxy.kubeconfig') },
    clusterCIDR: POD_CIDRS.join(','),
    nftables: { minSyncPeriod: '100ms' },
    // Zero leaves a setting unchanged: these are settings of the whole machine, and not writable in a namespace.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}
