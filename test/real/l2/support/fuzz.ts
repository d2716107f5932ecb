/**
 * Frames by the hundred thousand through the real socket path, and every answer held against what the table (`decideAnswer`, tested by rows) says to the
 * frame: none too many, none missing.
 *
 * They are sent in lots with two questions of their own at the end, one by each family: a socket's frames come in order, so once those are answered the
 * lot is over, and nothing is lost for want of room.
 */
import { type Address, parseAddress } from '../../../../lib/net/address.ts';
import { readSource } from '../../../../speaker/l2/frames/frame.ts';
import { isStation, readMac } from '../../../../speaker/l2/frames/mac-address.ts';
import { neighborAnnouncement, neighborProbe } from '../../../../speaker/l2/frames/ndp.ts';
import { AddressSet } from '../../../../speaker/l2/responder/rules/address-set.ts';
import { decideAnswer, type ResponderState } from '../../../../speaker/l2/responder/rules/decide-answer.ts';
import { ip } from '../../../support/namespaces.ts';
import { arpIn, Neighbour, neighborIn } from '../../../support/neighbour.ts';
import { type Cast, makeFrame, numbersOf } from './frame-maker.ts';
import { Pair } from './segment.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly frames: number;
  readonly signal?: AbortSignal;
  readonly tell?: (state: string) => void;
}

export interface FuzzResult {
  readonly frames: number;
  readonly answers: number;
  /** Of the process, after the first tenth and at the end. */
  readonly residentBytes: readonly [first: number, last: number];
}

/** So few that they have room in the smallest of buffers. */
const LOT = 64;
const LOT_DEADLINE_MS = 30_000;
/** RFC 5227 §1.1, DEFEND_INTERVAL. */
const DEFEND_INTERVAL_MS = 10_000;
/** What a new address is announced with is over by then. */
const QUIET_MS = 3_500;
/** Asked for at the end of each lot; the frames between have none of these but by chance. */
const LAST = { v4: '192.0.2.250', v6: 'fd00::fa', asker: '192.0.2.249' };
const ADDRESSES = ['192.0.2.64', '192.0.2.66', '192.0.2.79', 'fd00::40', 'fd00::42', 'fd00::4f'];

/** @throws with the seed and the lot where something was answered that should not have been, or the reverse. */
export async function fuzz({ seed, frames, signal, tell }: FuzzOptions): Promise<FuzzResult> {
  await using pair = new Pair();
  // The other machine's kernel shall not speak.
  ip('-n', pair.peer, 'address', 'flush', 'dev', 'eth0');
  const responder = await pair.responder();
  using neighbour = new Neighbour(pair.peer);
  const owned = [...ADDRESSES, LAST.v4, LAST.v6].map((text) => parseAddress(text)!);
  await responder.answerFor(owned.map((address) => ({ address, interface: 'eth0' })));
  await neighbour.during(QUIET_MS, () => undefined);
  const post: ResponderState = { mac: pair.mac(pair.node), owned: new AddressSet(owned), probed: new AddressSet() };
  const cast: Cast = { owned: owned.slice(0, ADDRESSES.length), responder: post.mac, sender: neighbour.mac };
  const last = [neighbour.arpRequest(LAST.v4, LAST.asker), neighborProbe(parseAddress(LAST.v6)!, neighbour.mac)];
  const random = numbersOf(seed);
  const startedMs = performance.now();
  const result = { frames: 0, answers: 0, residentBytes: [0, 0] as [number, number] };
  let unexplained = 0;
  for (let lot = 0; result.frames < frames && !signal?.aborted; lot++) {
    const lotOfFrames = [...Array.from({ length: LOT }, () => makeFrame(random, cast)), ...last];
    for (const frame of lotOfFrames) neighbour.send(frame);
    const expected = lotOfFrames.flatMap((frame) => answerTo(frame, post));
    const heard = await answersUntil(neighbour, post, expected.slice(-last.length), `lot ${lot} of seed ${seed}`);
    const { missing, beside } = compare(heard, expected);
    // An address that a frame claimed is defended, once in ten seconds; for IPv6 that looks like an answer.
    const defences = beside.filter((text) => isAnnouncement(text, owned, post));
    unexplained += defences.length;
    const most = ADDRESSES.length * (1 + (performance.now() - startedMs) / DEFEND_INTERVAL_MS);
    if (missing.length > 0 || beside.length > defences.length || unexplained > most) {
      const wrong = `missing: ${missing.join(' ')}; beside: ${beside.join(' ')}; defences so far: ${unexplained}`;
      throw new Error(`Cannot explain lot ${lot} of seed ${seed}: ${wrong}`);
    }
    result.frames += lotOfFrames.length;
    result.answers += heard.length;
    if (result.residentBytes[0] === 0 && result.frames >= frames / 10) result.residentBytes[0] = resident();
    if (lot % 100 === 0) tell?.(`${result.frames} frames, ${result.answers} answers, seed ${seed}`);
  }
  result.residentBytes[1] = resident();
  return result;
}

/** The table's answer, as text; none to a frame that the network card leaves to another machine. */
function answerTo(frame: Uint8Array, post: ResponderState): readonly string[] {
  const verdict = decideAnswer(frame, post);
  const destination = readMac(frame, 0);
  const isHere = destination === post.mac || !isStation(destination);
  return isHere && verdict.kind === 'answer' ? [hex(verdict.frame)] : [];
}

/** What the node answered for its addresses, up to and with the answers to the last questions. */
async function answersUntil(
  neighbour: Neighbour,
  { mac, owned }: ResponderState,
  last: readonly string[],
  what: string,
): Promise<readonly string[]> {
  const heard: string[] = [];
  const waiting = new Set(last);
  await neighbour.next(
    `the end of ${what}`,
    (frame) => {
      const arp = arpIn(frame);
      const message = neighborIn(frame);
      const address =
        arp?.operation === 'reply' ? arp.senderAddress : message?.kind === 'advertisement' ? message.target : undefined;
      if (!address || !owned.has(address) || readSource(frame) !== mac) return undefined;
      heard.push(hex(frame));
      waiting.delete(hex(frame));
      return waiting.size === 0 || undefined;
    },
    LOT_DEADLINE_MS,
  );
  return heard;
}

/** As many of each in the one as in the other. */
function compare(heard: readonly string[], expected: readonly string[]) {
  const counts = new Map<string, number>();
  for (const text of expected) counts.set(text, (counts.get(text) ?? 0) + 1);
  for (const text of heard) counts.set(text, (counts.get(text) ?? 0) - 1);
  const differing = (sign: number) =>
    [...counts].flatMap(([text, count]) => Array<string>(Math.max(0, count * sign)).fill(text));
  return { missing: differing(1), beside: differing(-1) };
}

function isAnnouncement(text: string, owned: readonly Address[], { mac }: ResponderState): boolean {
  return owned.some((address) => address.family === 6 && hex(neighborAnnouncement(address, mac)) === text);
}

function hex(frame: Uint8Array): string {
  return Buffer.from(frame).toString('hex');
}

function resident(): number {
  return process.memoryUsage().rss;
}
