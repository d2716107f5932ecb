/**
 * Layer 2's responder on a wire of its own: how long an answer takes beside what the kernel takes for its own address, what it costs at rest, and how
 * soon 2,000 addresses that were taken over are announced.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { formatAddress, parseAddress } from '../../../lib/net/address.ts';
import type { Layer2Address } from '../../../speaker/l2/link/link.ts';
import { NODE, Pair, PEER, type TestResponder } from '../../real/l2/support/segment.ts';
import { arpIn, Neighbour, neighborIn } from '../../support/neighbour.ts';
import { measureRoundTrips } from '../../support/round-trips.ts';
import { type Figure, formatMs } from '../figures.ts';
import type { BenchOptions } from '../options.ts';
import { type Distribution, distributionOf } from '../statistics.ts';

const SERVED = { v4: '192.0.2.70', v6: 'fd00::70' };
const TIMES = 4_000;
/** Between an answer and the next question: as in a network where there is always one, and long enough for a virtual processor to be put to sleep. */
const PAUSES_MS = { 'one after the other': 0, 'a millisecond apart': 1 };
const BLOCKED_MS = 200;
const REST_MS = 60_000;
/** For what is left of the questions. */
const SETTLE_MS = 15_000;
const BURST = 2_000;
/** What a new address is announced with is over by then. */
const QUIET_MS = 4_000;
const GOALS = { timesKernel: 2, plusUs: 100, blockedUs: 1_000, restShare: 0.001, burstMs: 300 };

export async function measureArp({ quick }: BenchOptions, note: (text: string) => void): Promise<Figure[]> {
  const divisor = quick ? 10 : 1;
  await using pair = new Pair();
  const responder = await pair.responder();
  await responder.answerFor(on(Object.values(SERVED)));
  await sleep(QUIET_MS);
  const plan = {
    namespace: pair.peer,
    to: pair.mac(pair.node),
    from: PEER,
    targets: [NODE.v4, SERVED.v4, NODE.v6, SERVED.v6],
    times: TIMES / divisor,
  };
  const answers: Figure[] = [];
  for (const [how, pauseMs] of Object.entries(PAUSES_MS)) {
    note(`answers, ${how}`);
    const free = await measureRoundTrips({ ...plan, pauseMs });
    note(`answers, ${how}, while the main loop is blocked`);
    const blocked = await whileBlocked(() => measureRoundTrips({ ...plan, pauseMs }));
    answers.push(
      ...figuresOf(`ARP, asked ${how}`, timesOf(free, blocked, SERVED.v4), timesOf(free, blocked, NODE.v4)),
      ...figuresOf(
        `neighbour discovery, asked ${how}`,
        timesOf(free, blocked, SERVED.v6),
        timesOf(free, blocked, NODE.v6),
      ),
    );
  }
  note('at rest');
  collectGarbage();
  await sleep(SETTLE_MS / divisor);
  const restShare = await shareOfProcessor(REST_MS / divisor);
  note('a burst');
  const burstMs = await measureBurst(pair, responder);
  return [
    ...answers,
    {
      what: 'processor time of an idle responder (whole process)',
      measured: `${(restShare * 100).toFixed(3)} % of a core`,
      goal: `≤ ${GOALS.restShare * 100} %`,
      isMet: restShare <= GOALS.restShare,
    },
    {
      what: `${BURST} addresses taken over at once, until the last is announced`,
      measured: formatMs(burstMs),
      goal: `≤ ${GOALS.burstMs} ms`,
      isMet: burstMs <= GOALS.burstMs,
    },
  ];
}

interface Times {
  readonly free: Distribution;
  readonly blocked: Distribution;
}

type RoundTrips = Awaited<ReturnType<typeof measureRoundTrips>>;

function timesOf(free: RoundTrips, blocked: RoundTrips, target: string): Times {
  return { free: distributionOf(free.get(target)!), blocked: distributionOf(blocked.get(target)!) };
}

function figuresOf(what: string, ours: Times, kernels: Times): Figure[] {
  const goalUs = GOALS.timesKernel * kernels.free.p99 + GOALS.plusUs;
  return [
    {
      what: `answer by ${what}`,
      measured: formatUs(ours.free),
      baseline: `kernel’s own address: ${formatUs(kernels.free)}`,
      goal: `p99 ≤ ${goalUs.toFixed(0)} µs (2 × the kernel’s + 100)`,
      isMet: ours.free.p99 <= goalUs,
    },
    {
      what: `the same, the main loop blocked for ${BLOCKED_MS} ms at a time`,
      measured: formatUs(ours.blocked),
      baseline: `kernel’s own address: ${formatUs(kernels.blocked)}`,
      goal: `p99 ≤ ${GOALS.blockedUs} µs`,
      isMet: ours.blocked.p99 <= GOALS.blockedUs,
    },
  ];
}

/** The main loop, this one, works and rests in turn, as one does that makes a large plan. */
async function whileBlocked<T>(measure: () => Promise<T>): Promise<T> {
  let isOver = false;
  const measured = measure().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    for (const end = performance.now() + BLOCKED_MS; performance.now() < end; );
    await sleep(BLOCKED_MS / 10);
  }
  return measured;
}

/** V8 does it by itself within a minute or so of rest; what the questions have left behind is theirs, and no price of being idle. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

async function shareOfProcessor(ms: number): Promise<number> {
  const before = process.cpuUsage();
  await sleep(ms);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / ms;
}

/** From the call to the moment when the other machine has heard of every one; half of them of each family. */
async function measureBurst(pair: Pair, responder: TestResponder): Promise<number> {
  const texts = Array.from({ length: BURST / 2 }, (_, i) => [
    `10.1.${i >> 8}.${i & 255}`,
    `fd00::1:${(i + 1).toString(16)}`,
  ]).flat();
  const missing = new Set(texts);
  using neighbour = new Neighbour(pair.peer);
  const startedMs = performance.now();
  void responder.answerFor(on(texts));
  await neighbour.next('all announcements', (frame) => {
    const address = arpIn(frame)?.senderAddress ?? neighborIn(frame)?.target;
    if (address) missing.delete(formatAddress(address));
    return missing.size === 0 || undefined;
  });
  return performance.now() - startedMs;
}

function on(texts: readonly string[]): readonly Layer2Address[] {
  return texts.map((text) => ({ address: parseAddress(text)!, interface: 'eth0' }));
}

function formatUs({ count, p50, p99 }: Distribution): string {
  return `p50 ${p50.toFixed(0)} µs, p99 ${p99.toFixed(0)} µs (n=${count})`;
}
