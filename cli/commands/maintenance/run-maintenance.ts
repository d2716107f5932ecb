/** Writes the annotation of a Node for `maintenance`, and follows the Speaker of the node until the node may be rebooted. */
import { nodeState } from '../../../lib/announce/node-state.ts';
import { MAINTENANCE_ANNOTATION } from '../../../lib/api/keys.ts';
import type { Condition } from '../../../lib/api/meta/object.ts';
import type { SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import {
  type MaintenanceProgress,
  maintenanceProgress,
  safeToReboot,
} from '../../../lib/bgp/maintenance/maintenance-progress.ts';
import { getOrUndefined } from '../../../lib/kube/http/get-or-undefined.ts';
import { NODES, SPEAKERS } from '../../../lib/kube/resource.ts';
import { pause } from '../../../lib/process/clock.ts';
import { EXIT } from '../../exit-codes.ts';
import type { Report } from '../../output/report.ts';
import { CommandError } from '../../session/failure.ts';
import type { Session } from '../../session/session.ts';
import { maintenanceText, progressLine } from './maintenance-text.ts';

export interface MaintenanceOptions {
  readonly wait?: boolean;
  readonly end?: boolean;
  readonly timeout: string;
}

const LOOK_EVERY_MS = 500;
/** A speaker writes a new condition sooner. */
const STALE_FOR_MS = 10_000;

export async function runMaintenance(session: Session, name: string, options: MaintenanceOptions): Promise<Report> {
  const timeoutMs = parseTimeout(options.timeout);
  const { client, signal } = session;
  const node = await getOrUndefined(client, NODES, { name }, signal);
  if (!node) throw new CommandError(`There is no Node ${name}. Look at "kubectl get nodes".`);
  const wasInMaintenance = nodeState(name, node).inMaintenance;
  const before = safeToReboot(await speakerOf(session, name));
  const annotations = { [MAINTENANCE_ANNOTATION]: options.end ? null : 'true' };
  await client.patch(NODES, { name }, { metadata: { annotations } }, { type: 'merge', signal });
  if (options.end) return ended(session, name, options.wait ? timeoutMs : 0);
  // A condition of an earlier maintenance says nothing about this one.
  const stale = wasInMaintenance ? undefined : before;
  const progress = await follow(session, name, stale, options.wait ? timeoutMs : 0);
  const isLate = options.wait === true && !progress.safeToReboot;
  return {
    data: progress,
    text: (view) => maintenanceText(progress, options.wait === true, view),
    exitCode: isLate ? EXIT.problem : EXIT.fine,
  };
}

function parseTimeout(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1000;
  throw new CommandError(`"${text}" is no number of seconds: write --timeout 300.`);
}

function speakerOf({ client, signal }: Session, name: string): Promise<SpeakerObject | undefined> {
  return getOrUndefined(client, SPEAKERS, { name }, signal);
}

/** Shows each step, and returns the last one. */
async function follow(
  session: Session,
  name: string,
  stale: Condition | undefined,
  timeoutMs: number,
): Promise<MaintenanceProgress> {
  const startedMs = performance.now();
  const untilMs = startedMs + timeoutMs;
  let told = '';
  for (;;) {
    const before = performance.now() - startedMs < STALE_FOR_MS ? stale : undefined;
    const progress = maintenanceProgress(name, await speakerOf(session, name), before);
    const line = progressLine(progress);
    if (timeoutMs > 0 && line !== told && !progress.safeToReboot) session.say(line);
    told = line;
    if (progress.safeToReboot || performance.now() >= untilMs) return progress;
    await pause(LOOK_EVERY_MS, session.signal);
    session.signal.throwIfAborted();
  }
}

/** With a time to wait, until the speaker no longer reports a maintenance. */
async function ended(session: Session, name: string, timeoutMs: number): Promise<Report> {
  const untilMs = performance.now() + timeoutMs;
  let isOver = false;
  do {
    isOver = safeToReboot(await speakerOf(session, name)) === undefined;
    if (isOver || timeoutMs === 0) break;
    await pause(LOOK_EVERY_MS, session.signal);
    session.signal.throwIfAborted();
  } while (performance.now() < untilMs);
  const isLate = timeoutMs > 0 && !isOver;
  return {
    data: { node: name, inMaintenance: false, speakerKnows: isOver },
    text: () => endedText(name, isOver, isLate),
    exitCode: isLate ? EXIT.problem : EXIT.fine,
  };
}

function endedText(name: string, isOver: boolean, isLate: boolean): string {
  if (isOver) return `The maintenance of node ${name} has ended: its speaker announces the addresses again.`;
  return isLate
    ? `Node ${name} is to leave maintenance, and its speaker has not answered. Look at the pod of the DaemonSet skycap-speaker on the node.`
    : `The maintenance of node ${name} ends: its speaker will announce the addresses again. With --wait, this command waits until it does.`;
}
