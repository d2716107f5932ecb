/** The problems that Skycap's objects report in their conditions. PURE. */
import { type Condition, type KubeObject, keyOf } from '../api/meta/object.ts';
import type { ClusterRead } from '../snapshot/cluster-read.ts';

export interface Problem {
  /** `Eip web`. */
  readonly object: string;
  readonly reason: string;
  readonly message: string;
}

/** Conditions of which False means that an administrator has to act. `Ready` of an Eip repeats the others, and is False also for a full Eip, which the pools show. */
const ALARMING: Readonly<Record<string, readonly string[]>> = {
  Eip: ['Accepted', 'Writable', 'Default', 'Supported', 'Announced', 'Preflight'],
  BgpPeer: ['Accepted', 'Writable', 'Established', 'Password', 'NextHops', 'Supported'],
  BgpConf: ['Accepted', 'Writable', 'PolicyAccepted'],
  Speaker: ['Ready'],
};
/** Intended states that a condition reports as False. */
export const INTENDED: readonly string[] = ['PeerDisabled', 'AnnouncedByCni', 'AnnouncedByCalico', 'NotPublished'];

type Kinds = 'eips' | 'bgpConfs' | 'bgpPeers' | 'speakers';

export function problemsIn({ eips, bgpConfs, bgpPeers, speakers }: ClusterRead<Kinds>): Problem[] {
  return [
    ...eips.items.flatMap((eip) => problemsOf('Eip', eip, eip.status?.conditions)),
    ...bgpConfs.items.flatMap((conf) => problemsOf('BgpConf', conf, conf.status?.conditions)),
    ...bgpPeers.items.flatMap((peer) => problemsOf('BgpPeer', peer, peer.status?.conditions)),
    ...speakers.items.flatMap((speaker) => problemsOf('Speaker', speaker, speaker.status?.conditions)),
  ];
}

function problemsOf(kind: string, object: KubeObject, conditions: readonly Condition[] | undefined): Problem[] {
  return (conditions ?? [])
    .filter((condition) => isAlarming(kind, condition))
    .map(({ reason, message }) => ({ object: `${kind} ${keyOf(object)}`, reason, message }));
}

/** Whether an administrator has to act on the condition. */
export function isAlarming(kind: string, { type, status, reason }: Condition): boolean {
  return status === 'False' && ALARMING[kind]?.includes(type) === true && !INTENDED.includes(reason);
}
