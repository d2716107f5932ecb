/**
 * Layer 2 while nodes don't hear of each other: who has an address keeps it as long as it answers on the wire, and falls silent when it can know nothing.
 *
 * The backends are on n1 alone, and n1 is not selected.
 */
import { jest } from '@jest/globals';
import { readExamples } from '../lab/demo.ts';
import type { Lab } from '../lab/lab.ts';
import { namespaceOf } from '../lab/layout.ts';
import { inNamespace } from '../lab/network.ts';
import { switchPort } from '../lab/network-plan.ts';
import { eventually } from '../lab/poll.ts';
import { KUBERNETES_SERVICE } from './support/detour.ts';
import {
  allQuiet,
  answeringTo,
  connectSteadily,
  cutPower,
  HOSTNAME,
  holderOf,
  holdersOf,
  longestGapMs,
  macOf,
  NOT_N1,
  neighborOf,
  preferred,
  rollOut,
} from './support/layer2.ts';
import { Scene } from './support/scene.ts';
import { lasting } from './support/witness.ts';

jest.setTimeout(300_000);

const TABLE = 'skycap-test-partition';
/** The machine that the nodes' network is on. */
const SWITCH = 'lan';
/** For the speaker alone, which comes by the Service `kubernetes`; kubelet does not, and without it the backends would count as gone. */
const NO_API = `ip daddr ${KUBERNETES_SERVICE} tcp dport 443 drop`;
/** A request or two may be late on a busy machine. */
const NO_GAP_MS = 100;
const NO_BFD = 'udp dport 3784 drop';

let scene: Scene;
let lab: Lab;
let address: string;

beforeAll(async () => {
  scene = await Scene.open('partitions', { v4: '10.98.0.160/28' }, { protocol: 'layer2', nodeSelector: NOT_N1 });
  lab = scene.lab;
  const examples = await readExamples(lab);
  await scene.deployBackends(examples, 1, 'backend', { [HOSTNAME]: 'n1' });
  await scene.createService('web');
  [address = ''] = await scene.published('web');
});

afterEach(async () => {
  for (const { name } of lab.nodes) await heal(name);
  await heal(SWITCH, 'bridge');
});

afterAll(() => scene?.close());

/** Drops what the rules say of all that leaves the node. */
async function cut(node: string, ...rules: readonly string[]): Promise<void> {
  const chains = rules.map((rule, i) => `chain out${i} { type filter hook output priority -300; ${rule}; }`);
  await nft(node, `table inet ${TABLE} {\n${chains.join('\n')}\n}\n`);
}

/** ARP alone, in both directions: all else that the two say to each other arrives. */
async function noArpBetween(one: string, other: string): Promise<void> {
  const rule = (from: string, to: string) =>
    `iifname "${switchPort(from)}" oifname "${switchPort(to)}" ether type arp drop`;
  const rules = [rule(one, other), rule(other, one)].join('; ');
  await nft(SWITCH, `table bridge ${TABLE} { chain forward { type filter hook forward priority 0; ${rules}; }; }\n`);
}

async function heal(machine: string, family: 'inet' | 'bridge' = 'inet'): Promise<void> {
  await nft(machine, `table ${family} ${TABLE}\ndelete table ${family} ${TABLE}\n`);
}

async function nft(machine: string, input: string): Promise<void> {
  await inNamespace(namespaceOf(lab.layout, machine), ['nft', '-f', '-'], { input });
}

it.each([
  ['the API server', [NO_API]],
  ['the nodes that watch it', [NO_BFD]],
])('cut off from %s alone, the owner keeps it and nobody else takes it', async (_, rules) => {
  await allQuiet(lab);
  const holder = await holderOf(lab, address);
  await using stream = connectSteadily(lab, [address]);
  await lasting(1);
  await cut(holder, ...rules);
  // Longer than a Lease lasts.
  await lasting(8);
  expect(await holdersOf(lab, address)).toEqual([holder]);
  await heal(holder);
  await lasting(5);
  expect(await holdersOf(lab, address)).toEqual([holder]);
  expect(longestGapMs(await stream.end())).toBeLessThanOrEqual(NO_GAP_MS);
});

it('cut off from both, it falls silent within the time of a Lease, and another one takes it over', async () => {
  await allQuiet(lab);
  const holder = await holderOf(lab, address);
  await using stream = connectSteadily(lab, [address]);
  await lasting(1);
  await cut(holder, NO_API, NO_BFD);
  const successor = await holderOf(lab, address, [holder]);
  await lasting(2);
  expect(await neighborOf(lab, 'router', address)).toBe(await macOf(lab, successor));
  await heal(holder);
  await eventually(async () => (await holdersOf(lab, address)).join() === successor, {
    what: `${successor} alone with ${address}`,
    deadlineMs: 60_000,
  });
  const gapMs = longestGapMs(await stream.end());
  process.stderr.write(`longest gap of an owner that was cut off: ${gapMs} ms\n`);
  expect(gapMs).toBeLessThanOrEqual(6_000);
});

it('of two that both believe that they have it, one lets go as soon as they hear of each other', async () => {
  await allQuiet(lab);
  const holder = await holderOf(lab, address);
  const [other = ''] = ['n2', 'n3'].filter((name) => name !== holder);
  // Its Lease runs out, and the one that asks on the wire who is there gets no answer.
  await noArpBetween(holder, other);
  await cut(holder, NO_API);
  expect(await holderOf(lab, address, [holder])).toBe(other);
  // They answer in turn.
  expect(await holdersOf(lab, address)).toEqual(['n2', 'n3']);
  expect(await answeringTo(lab, address)).toEqual(new Set([await macOf(lab, holder), await macOf(lab, other)]));
  await heal(SWITCH, 'bridge');
  await heal(holder);
  const healedMs = performance.now();
  const [left = ''] = await eventually(
    async () => {
      const holders = await holdersOf(lab, address);
      return holders.length === 1 && holders;
    },
    { what: `one node alone with ${address}`, deadlineMs: 30_000, intervalMs: 20 },
  );
  const resolvedMs = performance.now() - healedMs;
  process.stderr.write(
    `two owners until ${Math.round(resolvedMs)} ms after they heard of each other; ${left} keeps it\n`,
  );
  expect(left).toBe(preferred(address, ['n2', 'n3']));
  expect(resolvedMs).toBeLessThan(2_000);
  expect(await answeringTo(lab, address)).toEqual(new Set([await macOf(lab, left)]));
  await allQuiet(lab);
  expect(await holdersOf(lab, address)).toEqual([left]);
});

it('with BFD blocked, the Lease alone tells of a power cut: six seconds', async () => {
  await allQuiet(lab);
  for (const { name } of lab.nodes) await cut(name, NO_BFD);
  // Speakers that never saw each other, as behind a firewall.
  await rollOut(lab);
  const { gapMs } = await cutPower(lab, address);
  process.stderr.write(`gap after a power cut without BFD: ${gapMs} ms\n`);
  expect(gapMs).toBeLessThanOrEqual(6_000);
});
