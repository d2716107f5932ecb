/**
 * docs/bgp-recipes.md as the page says it: the objects in a real API server, a speaker with BIRD, and FRR with the router's configuration of the page. After each
 * recipe the session is Established and the router's kernel has the route. Needs root, bird2, frr and the Kubernetes binaries.
 */
import { EIP_LABEL } from '../../../lib/api/keys.ts';
import { SPEAKERS } from '../../../lib/kube/resource.ts';
import { parseBfdSessions } from '../../../speaker/bird/session/bfd-sessions.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import type { Daemon } from '../../support/daemon.ts';
import { type Block, readPage, sectionOf } from '../../support/docs/page.ts';
import { runBlocks } from '../../support/docs/run-blocks.ts';
import { eventually } from '../../support/eventually.ts';
import { SPEAKER_USER, startSpeaker } from '../../support/speaker-daemon.ts';
import { createNode, installForSpeakers, publish } from '../../support/speaker-objects.ts';
import { BirdSite } from '../bird/support/bird-site.ts';
import { Frr } from '../bird/support/frr.ts';
import { Lan, NODE } from '../bird/support/lan.ts';

const ADDRESS = '198.51.100.7';
const [pool, ...recipes] = readPage('docs/bgp-recipes.md');

let plane: ControlPlane;
let lan: Lan;
let site: BirdSite;
let frr: Frr;
let speaker: Daemon;

beforeAll(async () => {
  plane = await ControlPlane.start({ users: [SPEAKER_USER] });
  await installForSpeakers(plane);
  const client = plane.client();
  await createNode(client, 'n1');
  lan = Lan.make();
  site = new BirdSite(lan);
  site.startContainer();
  frr = await Frr.start(lan, { bfd: true });
  speaker = (await startSpeaker({ plane, nodeName: 'n1', runDir: site.runDir, folder: lan.dir })).daemon;
  await run(pool!.blocks);
  await publish(client, 'web', [ADDRESS]);
  await plane.kubectl(['label', 'service', 'web', `${EIP_LABEL}=web`, '--overwrite']);
}, 120_000);

afterAll(async () => {
  site?.control.close();
  await speaker?.kill();
  await lan?.[Symbol.asyncDispose]();
  await plane?.[Symbol.asyncDispose]();
});

async function run(blocks: readonly Block[]): Promise<void> {
  await runBlocks(blocks, {
    env: await plane.shellEnvironment(),
    cwd: lan.dir,
    apply: async (yaml) => void (await plane.kubectl(['apply', '-f', '-'], yaml)),
    other: async ({ language, text }) => {
      if (language !== 'frr') throw new Error(`there is no way to run "${language}"`);
      await frr.replaceConfiguration(text);
    },
  });
}

/** The nodes' sessions, as the Speaker reports them. */
async function sessions(): Promise<readonly string[]> {
  const { status } = await plane.client().get(SPEAKERS, { name: 'n1' });
  return (status?.sessions ?? []).map(({ peer, state }) => `${peer} ${state}`);
}

const path = (prefix: string) => frr.paths(prefix)[0];

/** By heading, the check of a recipe that promises more than a session and a route. */
const PROMISES: Readonly<Record<string, () => unknown>> = {
  'A router and an AS in each rack': () => expect(path(`${ADDRESS}/32`)).toMatchObject({ asPath: '65101' }),
  'A dead node is noticed in half a second': async () => {
    const states = parseBfdSessions(await site.control.command('show bfd sessions'));
    expect([...states.values()]).toEqual(['Up']);
  },
  'Communities, MED and an aggregate': () => {
    expect(path(`${ADDRESS}/32`)).toMatchObject({ communities: ['64512:100'], med: 50 });
    expect(frr.kernelRoute('198.51.100.0/24')).toEqual([NODE.v4]);
  },
};

test.each(recipes.map(({ heading, blocks }) => [heading, blocks] as const))(
  '%s',
  async (heading, blocks) => {
    await plane.kubectl(['delete', 'bgppeers,bgpconfs', '--all']);
    await run(blocks);
    await eventually(
      async () => {
        expect(await sessions()).toEqual([expect.stringMatching(/ Established$/)]);
        expect(frr.kernelRoute(ADDRESS)).toHaveLength(1);
        await PROMISES[heading]?.();
      },
      { withinMs: 60_000, everyMs: 200 },
    );
  },
  90_000,
);

/** Sections of docs/bgp.md, after the first recipe. */
const SECTIONS: readonly (readonly [heading: string, before: string | undefined, path: object])[] = [
  ["Policies in GoBGP's format", undefined, { communities: ['64512:100'] }],
  [
    "Attributes, aggregates and routers of an Eip's routes",
    'label bgppeer router side=left',
    { communities: ['65000:100', 'no-export'], med: 50 },
  ],
];

test.each(SECTIONS)(
  'docs/bgp.md: %s',
  async (heading, before, expected) => {
    await plane.kubectl(['delete', 'bgppeers,bgpconfs', '--all']);
    const { blocks } = sectionOf('docs/bgp.md', heading);
    await run([...pool!.blocks, ...recipes[0]!.blocks]);
    if (before !== undefined) await plane.kubectl(before.split(' '));
    await run(blocks);
    await eventually(() => expect(path(`${ADDRESS}/32`)).toMatchObject(expected), { withinMs: 60_000, everyMs: 200 });
  },
  90_000,
);

test('each promise is one of a recipe', () => {
  expect(recipes.map(({ heading }) => heading)).toEqual(expect.arrayContaining(Object.keys(PROMISES)));
});
