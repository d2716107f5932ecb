/** How far the maintenance of a node has come, by its Speaker, and what helps where it does not go on. PURE. */
import type { Condition } from '../../api/meta/object.ts';
import { SAFE_TO_REBOOT, type SpeakerObject } from '../../api/skycap/speaker-types.ts';

export interface MaintenanceProgress {
  readonly node: string;
  readonly safeToReboot: boolean;
  /** Of the condition `SafeToReboot`, or `NoSpeaker`. Absent: the speaker has not answered yet. */
  readonly reason?: string;
  readonly message: string;
  readonly remedy?: string;
  readonly bgpAddresses: number;
  readonly layer2Addresses: number;
}

const REMEDIES: Readonly<Record<string, string>> = {
  NodeDraining: 'Wait; spec.maintenance.drainSeconds of the BgpConf is the time.',
  NoOtherNode:
    'Start pods of the Service on other nodes, if it is Local; look at the sessions of other nodes (kubectl get speakers); or set spec.maintenance.minimumNodes of the BgpConf to 0, and the address is away during the reboot.',
  HandingOver:
    'Look at why no other node takes the addresses: kubectl get speakers, and spec.nodeSelector and spec.interface of the Eip.',
  NoSpeaker:
    'Look at the pod of the DaemonSet skycap-speaker on the node; without a speaker the node announces nothing new.',
};

/** @param before the condition before the maintenance began: it says nothing about this one. */
export function maintenanceProgress(
  node: string,
  speaker: SpeakerObject | undefined,
  before: Condition | undefined,
): MaintenanceProgress {
  const bgpAddresses = speaker?.status?.announcedAddresses ?? 0;
  const layer2Addresses = speaker?.status?.layer2AddressCount ?? 0;
  const counts = { node, bgpAddresses, layer2Addresses };
  const answer = (reason: string | undefined, message: string, safeToReboot = false): MaintenanceProgress => ({
    ...counts,
    safeToReboot,
    ...(reason !== undefined && { reason }),
    message,
    ...(reason !== undefined && !safeToReboot && REMEDIES[reason] !== undefined && { remedy: REMEDIES[reason] }),
  });
  if (!speaker) return answer('NoSpeaker', `no speaker has reported from node ${node}`);
  const condition = safeToReboot(speaker);
  if (!condition || isSame(condition, before)) return answer(undefined, 'the speaker has not answered yet');
  return answer(condition.reason, condition.message, condition.status === 'True');
}

export function safeToReboot(speaker: SpeakerObject | undefined): Condition | undefined {
  return speaker?.status?.conditions?.find(({ type }) => type === SAFE_TO_REBOOT);
}

function isSame(a: Condition, b: Condition | undefined): boolean {
  return b !== undefined && a.lastTransitionTime === b.lastTransitionTime && a.reason === b.reason;
}
