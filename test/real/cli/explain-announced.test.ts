/**
 * For each reason for which no node announces an address, `explain` names the reason, the fact, the objects and a remedy, and says that the address is announced once the remedy is
 * done. The test runs the command of the remedy as `explain` prints the command. Reasons for which a Service waits: explain.test.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Step } from '../../../lib/explain/explanation.ts';
import { eventually } from '../allocator/harness.ts';
import type { Case } from './announced/case.ts';
import { nodeCases } from './announced/node-cases.ts';
import { routeCases } from './announced/route-cases.ts';
import { AnnouncedStage, condition, type Explained, NODE_NAMES, session } from './announced/stage.ts';

const SAFE = condition('SafeToReboot', 'True', 'NodeInMaintenance', 'the node announces no address');

let stage: AnnouncedStage;

const POOLS = [
  ['routed', '198.51.100.0/28', { bgp: { allowServiceOverrides: { peers: true } } }],
  ['wired', '203.0.113.0/28', { protocol: 'layer2', interface: 'eth0' }],
  ['six', '2001:db8::/124', {}],
] as const;
const SERVICES = [
  ['routed/web', { selector: { app: 'web' } }],
  ['routed/local', { externalTrafficPolicy: 'Local', selector: { app: 'local' } }],
  ['wired/web', {}],
  ['six/web', { ipFamilies: ['IPv6'] }],
] as const;

beforeAll(async () => {
  stage = await AnnouncedStage.open();
  for (const [name, address, spec] of POOLS) await stage.lab.pool(name, address, spec);
  for (const [key, spec] of SERVICES) {
    await stage.lab.create(key, {}, spec);
    await eventually(async () => expect((await stage.lab.service(key)).status?.loadBalancer?.ingress).toHaveLength(1));
    await stage.endpoints(key, NODE_NAMES, key.startsWith('six') ? 'IPv6' : 'IPv4');
  }
}, 120_000);
afterAll(() => stage?.[Symbol.asyncDispose]());

const CASES = [...nodeCases(() => stage), ...routeCases(() => stage)];
/** Reasons on that page that lie in the Service or its Eip: explain.test.ts. */
const ELSEWHERE = ['Announced', 'NotPublished', 'EipNotFound', 'StatusContested'];

test('each reason of docs/reasons.md has a case', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/reasons.md'), 'utf8');
  const [, order = ''] = /comes furthest in this order:\n(.*?)\n\n/s.exec(page) ?? [];
  const reasons = [...order.matchAll(/`([A-Z]\w+)`/g)].map(([, reason = '']) => reason).filter((one) => !isStatus(one));
  expect(reasons.length).toBeGreaterThan(20);
  const known = new Set([...CASES.map(({ reason }) => reason), ...ELSEWHERE]);
  expect(reasons.filter((reason) => !known.has(reason))).toEqual([]);
});
const isStatus = (word: string): boolean => ['True', 'False', 'Unknown', 'Service'].includes(word);

test.each(CASES.map((one) => [[one.reason, one.because].filter(Boolean).join(': '), one] as const))(
  '%s',
  async (_, one) => {
    const { service = 'routed/web', cause, remedy, restore } = one;
    await cause();
    let isMended = false;
    try {
      const step = troubleIn(await stage.explain(service), one);
      if (step.command && !one.isToRead) await stage.run(step.command);
      await remedy?.();
      isMended = true;
      expectWell(await stage.explain(service));
    } finally {
      // A case that fails leaves the others alone.
      if (!isMended) await remedy?.();
      await restore?.();
    }
  },
  60_000,
);

test('each node has its own line, and a session that is down is shown beside the one that is up', async () => {
  const lastError = 'BGP Error: Bad peer AS: 64999';
  await stage.report({ sessions: [session('tor-a'), session('tor-b', { state: 'Active', lastError })] }, 'node-1');
  await stage.report({ conditions: [SAFE] }, 'node-2');
  const { steps, exitCode } = await stage.explain('routed/web');
  expect(exitCode).toBe(1);
  expect(steps.map(({ fact }) => fact)).toContain('1 session with 1 router is established');
  expect(steps.flatMap(({ state, details = [] }) => details.map((one) => `${state} ${one}`))).toEqual([
    'ok node-1: announces it',
    'ok node-2: NodeInMaintenance. Remove the annotation after the work.',
    'ok node-1 to 192.0.2.1 (BgpPeer tor-a, AS 64513), 2 routes sent',
    `failed node-1 to 192.0.2.2 (BgpPeer tor-b, AS 64513): ${lastError}`,
  ]);
  await stage.allWell();
});

test('of a node without a pod of the speaker, nothing counts that the Speaker has said', async () => {
  await stage.deletePods('speaker-node-1');
  const { steps } = await stage.explain('node/node-1');
  expect(steps.map(({ state, reason }) => `${state} ${reason}`)).toEqual(['ok undefined', 'failed SpeakerStopping']);
  const { steps: ofService } = await stage.explain('wired/web');
  expect(announcedStep({ steps: ofService })).toBeUndefined();
  // The other node is the last one.
  const { code, out } = await stage.plugin('simulate', 'node', 'node-2', '--gone');
  expect([code, out]).toEqual([3, expect.stringContaining('routed/web: no session of BgpPeer tor-a has a path to')]);
  await stage.startPod('node-1');
});

function troubleIn({ steps, exitCode }: Explained, { reason, state = 'failed', says, helps }: Case): Step {
  const step = steps.find((one) => one.reason === reason && one.state === state);
  if (!step) throw new Error(`no step is ${state} with ${reason}: ${JSON.stringify(steps, undefined, 1)}`);
  expect([step.fact, ...steps.flatMap(({ details = [] }) => details)].join('\n')).toMatch(says);
  expect([step.remedy, step.command].filter(Boolean).join('\n')).toMatch(helps);
  expect(exitCode).toBe(state === 'unknown' ? 0 : 1);
  return step;
}

function expectWell({ steps, exitCode }: Explained): void {
  expect(steps.filter(({ state }) => state === 'failed')).toEqual([]);
  expect([exitCode, announcedStep({ steps })?.state]).toEqual([0, 'ok']);
}

function announcedStep({ steps }: Pick<Explained, 'steps'>) {
  return steps.find(({ reason }) => reason === 'Announced');
}
