/** Reasons that lie in the nodes, their speakers and the endpoints. */
import { BGP_CONFS, CONFIG_MAPS, EIPS, NODES, SPEAKERS } from '../../../../lib/kube/resource.ts';
import type { Case } from './case.ts';
import { type AnnouncedStage, condition, NODE_NAMES, OWNED_ADDRESS, readyIs } from './stage.ts';

const merge = { type: 'merge' } as const;
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';
const MAINTENANCE = 'skycap.io/maintenance';
const SAFE = condition('SafeToReboot', 'True', 'NodeInMaintenance', 'the node announces no address');
const DENIED = condition('Layer2', 'False', 'PacketSocketDenied', 'may not open packet sockets');

export function nodeCases(stage: () => AnnouncedStage): readonly Case[] {
  const admin = () => stage().lab.admin;
  const patchEip = (name: string, spec: object) => admin().patch(EIPS, { name }, { spec }, merge);
  const patchNode = (name: string, body: object) => admin().patch(NODES, { name }, body, merge);
  const setProtocols = (text: string) => {
    const ref = { namespace: 'skycap-system', name: 'skycap-settings' };
    return admin().patch(CONFIG_MAPS, ref, { data: { SKYCAP_PROTOCOLS: text } }, merge);
  };
  const ready = (status: 'True' | 'Unknown') =>
    stage().patchNodes({ status: { conditions: [readyIs(status)] } }, 'status');
  const onCordon = (value: true | null) =>
    admin().patch(BGP_CONFS, { name: 'default' }, { spec: { maintenance: { onCordon: value } } }, merge);
  const noOwner = (more: object) => stage().report({ layer2Addresses: [], ...more });
  const well = () => stage().allWell();
  return [
    {
      reason: 'NoSpeaker',
      cause: async () => {
        for (const name of NODE_NAMES) await admin().delete(SPEAKERS, { name });
      },
      says: /no node has a speaker.*node-1: NoSpeaker/s,
      helps: /DaemonSet skycap-speaker.*kubectl get daemonset,pods -n skycap-system -l .*component=speaker/s,
      isToRead: true,
      remedy: async () => {
        for (const name of NODE_NAMES) await stage().startSpeaker(name);
      },
    },
    {
      reason: 'ProtocolOff',
      cause: () => setProtocols('layer2,bfd'),
      says: /bgp is off.*node-1: ProtocolOff/s,
      helps: /SKYCAP_PROTOCOLS/,
      remedy: () => setProtocols('bgp,layer2,bfd'),
    },
    {
      reason: 'NodeLeaving',
      cause: () => stage().patchNodes({ spec: { taints: [{ key: OUT_OF_SERVICE, value: 'x', effect: 'NoExecute' }] } }),
      says: /taken out of service/,
      helps: /taint.*kubectl taint node node-1 node.kubernetes.io\/out-of-service-$/s,
      restore: () => stage().patchNodes({ spec: { taints: null } }),
    },
    {
      reason: 'AllNodesExcluded',
      cause: () => stage().patchNodes({ metadata: { labels: { [EXCLUDED]: '' } } }),
      says: /exclude-from-external-load-balancers/,
      helps: /kubectl label node node-1 --overwrite node.kubernetes.io\/exclude-from-external-load-balancers-$/,
      restore: () => stage().patchNodes({ metadata: { labels: { [EXCLUDED]: null } } }),
    },
    {
      reason: 'NodeNotSelected',
      because: 'and the other node is excluded',
      cause: async () => {
        await patchEip('routed', { nodeSelector: { matchLabels: { rack: 'r1' } } });
        await patchNode('node-1', { metadata: { labels: { [EXCLUDED]: '' } } });
      },
      says: /spec.nodeSelector of Eip routed \(rack=r1\).*node-1: NodeExcluded.*node-2: NodeNotSelected/s,
      helps: /label a node.*kubectl label node node-2 --overwrite rack=r1$/s,
      restore: async () => {
        await patchEip('routed', { nodeSelector: null });
        await patchNode('node-1', { metadata: { labels: { [EXCLUDED]: null } } });
      },
    },
    {
      reason: 'NodeHasNoAddressOfFamily',
      service: 'six/web',
      cause: async () => {},
      says: /InternalIP of IPv6/,
      helps: /Give the node an address of the family/,
      remedy: async () => {
        for (const [i, name] of NODE_NAMES.entries()) {
          const addresses = [`192.0.2.1${i + 1}`, `2001:db8:1::1${i + 1}`].map((address) => ({
            type: 'InternalIP',
            address,
          }));
          await admin().patch(NODES, { name }, { status: { addresses } }, { ...merge, subresource: 'status' });
        }
      },
    },
    {
      reason: 'NoInterface',
      service: 'wired/web',
      cause: async () => {
        await patchEip('wired', { interface: 'eht0' });
        await noOwner({ layer2Unable: ['wired'] });
      },
      says: /spec.interface "eht0" of Eip wired/,
      helps: /Correct the field.*kubectl edit eip wired$/s,
      isToRead: true,
      remedy: async () => {
        await patchEip('wired', { interface: 'eth0' });
        await well();
      },
    },
    {
      reason: 'PacketSocketDenied',
      service: 'wired/web',
      cause: () => noOwner({ conditions: [DENIED] }),
      says: /packet sockets/,
      helps: /NET_RAW.*kubectl logs/s,
      isToRead: true,
      remedy: well,
    },
    {
      reason: 'NoOwner',
      service: 'wired/web',
      cause: () => noOwner({}),
      says: /no node has it yet.*node-1: can have it/s,
      helps: /speakers.*kubectl logs -n skycap-system .* -c speaker/s,
      isToRead: true,
      remedy: well,
    },
    {
      reason: 'AddressConflict',
      service: 'wired/web',
      cause: () =>
        noOwner({ layer2Conflicts: [{ address: OWNED_ADDRESS, mac: '02:00:00:00:00:09', interface: 'eth0' }] }),
      says: /the machine 02:00:00:00:00:09 has it, seen on eth0 of node-1/,
      helps: /Find the machine/,
      remedy: well,
    },
    {
      reason: 'NoLocalEndpoints',
      because: 'no endpoint is ready',
      service: 'routed/local',
      cause: () => stage().endpoints('routed/local', []),
      says: /no endpoint is ready/,
      helps: /Look at the Service's pods.*kubectl get pods -n routed -l app=local/s,
      isToRead: true,
      remedy: () => stage().endpoints('routed/local', ['node-2']),
    },
    {
      reason: 'NoLocalEndpoints',
      because: 'they are on another node',
      service: 'routed/local',
      cause: () => stage().endpoints('routed/local', ['node-9']),
      says: /they are on node-9 \(NoSpeaker\)/,
      helps: /Run a ready pod on node-1 or node-2, or .*kubectl patch service local -n routed .*Cluster/s,
    },
    {
      reason: 'NoEndpoints',
      cause: async () => {
        await patchEip('routed', { whenNoEndpoints: 'Withdraw' });
        await stage().endpoints('routed/web', []);
      },
      says: /no ready endpoint, and Eip routed says whenNoEndpoints: Withdraw/,
      helps: /kubectl get pods -n routed -l app=web/,
      isToRead: true,
      remedy: () => stage().endpoints('routed/web', ['node-1']),
      restore: () => patchEip('routed', { whenNoEndpoints: null }),
    },
    {
      reason: 'NodeLost',
      cause: () => ready('Unknown'),
      says: /Kubernetes hears nothing/,
      helps: /Look at the nodes.*kubectl describe node node-1/s,
      isToRead: true,
      remedy: () => ready('True'),
    },
    {
      reason: 'SpeakerStopping',
      cause: () => stage().deletePods(),
      says: /the speaker has ended on every node/,
      helps: /kubectl get daemonset,pods -n skycap-system/,
      isToRead: true,
      remedy: async () => {
        for (const name of NODE_NAMES) await stage().startPod(name);
      },
    },
    {
      reason: 'NodeInMaintenance',
      cause: async () => {
        await stage().patchNodes({ metadata: { annotations: { [MAINTENANCE]: 'true' } } });
        await stage().report({ conditions: [SAFE] });
      },
      says: /is in maintenance/,
      helps: /kubectl skycap maintenance node-1 --end$/,
      remedy: () => stage().report({ conditions: [] }, 'node-1'),
      restore: async () => {
        await stage().patchNodes({ metadata: { annotations: { [MAINTENANCE]: null } } });
        await well();
      },
    },
    {
      reason: 'NodeInMaintenance',
      because: 'of a cordon',
      cause: async () => {
        await onCordon(true);
        await stage().patchNodes({ spec: { unschedulable: true } });
        await stage().report({ conditions: [SAFE] });
      },
      says: /is in maintenance/,
      helps: /onCordon.*kubectl uncordon node-1$/s,
      remedy: () => stage().report({ conditions: [] }, 'node-1'),
      restore: async () => {
        await stage().patchNodes({ spec: { unschedulable: null } });
        await onCordon(null);
        await well();
      },
    },
  ];
}
