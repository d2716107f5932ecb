/** Nodes: their kernel, their speaker and what it reports, the BFD between them. PURE. */
import type { Node } from '../../api/service/service.ts';
import type { SpeakerObject } from '../../api/skycap/speaker-types.ts';
import { isLost } from '../../reach/heard-speaker.ts';
import type { Finding } from '../finding.ts';

/** The part of `status.nodeInfo` that this reads. */
export interface NodeWithInfo extends Node {
  readonly status?: Node['status'] & { readonly nodeInfo?: { readonly kernelVersion?: string } };
}

/** The speaker's Node.js needs it. */
const OLDEST_KERNEL = [4, 18] as const;
/** Reasons of a Speaker that lie outside of Skycap. `kubectl skycap status` shows the others. */
const OUTSIDE = ['PortInUse', 'BfdPortInUse', 'PacketSocketDenied', 'StrictArpOff', 'WatchSilent'] as const;
type Outside = (typeof OUTSIDE)[number];

export function nodeFindings(nodes: readonly NodeWithInfo[], speakers: readonly SpeakerObject[]): Finding[] {
  const byName = new Map(speakers.map((speaker) => [speaker.metadata.name ?? '', speaker]));
  return nodes.flatMap((node) => {
    if (isLost(node)) return [lostNode(node)];
    const speaker = byName.get(node.metadata.name ?? '');
    return [...aboutKernel(node), ...(speaker ? aboutSpeaker(speaker) : withoutSpeaker(node))];
  });
}

/** Its Speaker has the last report only. */
function lostNode({ metadata: { name = '' } }: NodeWithInfo): Finding {
  const message = 'Kubernetes has lost the node, so it announces no address';
  const remedy = `look at the machine, its network and its kubelet: kubectl describe node ${name}`;
  return { reason: 'NodeLost', object: { kind: 'Node', name }, message, remedy };
}

function aboutKernel({ metadata: { name = '' }, status }: NodeWithInfo): Finding[] {
  const { kernelVersion = '' } = status?.nodeInfo ?? {};
  const [major, minor] = (/^(\d+)\.(\d+)/.exec(kernelVersion) ?? []).slice(1).map(Number);
  if (major === undefined || minor === undefined) return [];
  const [oldestMajor, oldestMinor] = OLDEST_KERNEL;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return [];
  const message = `the kernel ${kernelVersion} is older than ${OLDEST_KERNEL.join('.')}, and the speaker does not start`;
  return [
    { reason: 'KernelTooOld', object: { kind: 'Node', name }, message, remedy: 'upgrade the kernel of the node' },
  ];
}

function withoutSpeaker({ metadata: { name = '' } }: NodeWithInfo): Finding[] {
  return [
    {
      reason: 'NoSpeaker',
      object: { kind: 'Node', name },
      message: 'no speaker has reported for the node, so it announces no address',
      remedy: `look at the pods of the DaemonSet skycap-speaker on the node: kubectl get pods -A -l app.kubernetes.io/component=speaker --field-selector spec.nodeName=${name}`,
    },
  ];
}

/** The message of the condition has the remedy. */
function aboutSpeaker({ metadata: { name = '' }, status }: SpeakerObject): Finding[] {
  const conditions = (status?.conditions ?? []).filter(({ type }) => type !== 'Ready');
  return conditions.flatMap(({ status: is, reason, message }) => {
    if (is !== 'False' || !(OUTSIDE as readonly string[]).includes(reason)) return [];
    const [problem, ...remedy] = message.split('; ');
    return [
      {
        reason: reason as Outside,
        object: { kind: 'Speaker', name },
        message: problem ?? message,
        remedy: remedy.join('; ') || `look at the node: kubectl describe speaker ${name}`,
      },
    ];
  });
}

/** A node that others have lost by BFD, and whose speaker lives by its Lease. @param alive names of nodes. */
export function bfdFindings(speakers: readonly SpeakerObject[], alive: ReadonlySet<string>): Finding[] {
  return speakers.flatMap(({ metadata: { name = '' }, status }) => {
    const blocked = (status?.suspects ?? []).filter((other) => alive.has(other) && alive.has(name));
    if (blocked.length === 0) return [];
    return [
      {
        reason: 'BfdBlocked' as const,
        object: { kind: 'Speaker', name },
        message: `node ${name} gets no BFD packets of ${blocked.join(', ')}, whose speakers live: the loss of a node is noticed by its Lease in six seconds`,
        remedy: 'allow UDP port 3784 between the nodes in each firewall and network policy of the hosts',
      },
    ];
  });
}
