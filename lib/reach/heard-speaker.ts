/**
 * A Speaker as far as it counts. The status of a speaker that cannot update it any more still has sessions and addresses: those of a lost node, of a speaker that was told to
 * end, and of a speaker whose pod is gone. PURE.
 */
import { keyOf } from '../api/meta/object.ts';
import type { Node, Pod } from '../api/service/service.ts';
import type { SpeakerObject } from '../api/skycap/speaker-types.ts';

/** Why the sessions and addresses in a Speaker's status do not count. With `down` only the addresses do not count. */
export type Silence = 'lost' | 'gone' | 'down' | undefined;

/** The pods of the DaemonSet in `manifests/`. */
export const SPEAKER_PODS = 'app.kubernetes.io/name=skycap,app.kubernetes.io/component=speaker';
export const LOST_TEXT = 'Kubernetes has lost the node';
export const ENDED_TEXT = 'the speaker has ended';
/** Of the container in its pods. */
const SPEAKER = 'speaker';

/** @param pods of the speaker on the node; undefined if nothing is known of pods. */
export function silenceOf(node: Node | undefined, pods: readonly Pod[] | undefined): Silence {
  if (isLost(node)) return 'lost';
  if (!pods) return undefined;
  if (pods.length === 0) return 'gone';
  return pods.every(isDown) ? 'down' : undefined;
}

function isDown(pod: Pod): boolean {
  const { state } = pod.status?.containerStatuses?.find(({ name }) => name === SPEAKER) ?? {};
  return state?.waiting !== undefined || state?.terminated !== undefined;
}

/** A speaker may be alive although its Node is absent, or not in the cache yet. */
export function isLost(node: Node | undefined): boolean {
  return node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'Unknown';
}

export function heard(speaker: SpeakerObject, silence: Silence): SpeakerObject {
  if (!speaker.status || !(silence || speaker.status.stopping)) return speaker;
  const { layer2Addresses: _, layer2Conflicts: __, sessions = [], ...status } = speaker.status;
  if (silence === 'down' && !speaker.status.stopping) return { ...speaker, status: { ...status, sessions } };
  const lastError = silence === 'lost' ? LOST_TEXT : ENDED_TEXT;
  const idle = sessions.map((session) => ({ ...session, state: 'Idle' as const, lastError }));
  return { ...speaker, status: { ...status, sessions: idle, ...(silence === 'gone' && { stopping: true }) } };
}

/** @param pods of all speakers; undefined if nothing is known of pods. */
export function heardSpeakers(
  speakers: readonly SpeakerObject[],
  nodes: readonly Node[],
  pods: readonly Pod[] | undefined,
): SpeakerObject[] {
  const byName = new Map(nodes.map((node) => [keyOf(node), node]));
  const podsOn = pods && Map.groupBy(pods, ({ spec }) => spec?.nodeName ?? '');
  return speakers.map((speaker) => {
    const name = keyOf(speaker);
    return heard(speaker, silenceOf(byName.get(name), podsOn && (podsOn.get(name) ?? [])));
  });
}
