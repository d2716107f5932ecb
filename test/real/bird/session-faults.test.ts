/**
 * Why a session is not up: the BgpPeer's condition has state and cause in words, one Event tells it, a metric shows it, and the session is back by itself once the
 * fault is mended. The speaker and the allocator are processes, the router is FRR. Needs root, bird2, frr and the Kubernetes binaries.
 */
import type { BgpPeerObject } from '../../../lib/api/bgp/bgp-types.ts';
import { EVENTS, type EventObject } from '../../../lib/kube/events/event.ts';
import type { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { BGP_PEERS } from '../../../lib/kube/resource.ts';
import { ALLOCATOR_USER, startAllocator } from '../../support/allocator-daemon.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import type { Daemon } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { aBgpPeer } from '../../support/speaker-builders.ts';
import { SPEAKER_USER, startSpeaker } from '../../support/speaker-daemon.ts';
import { prepareSpeakerPlane, publish } from '../../support/speaker-objects.ts';
import { BirdSite } from './support/bird-site.ts';
import { Frr } from './support/frr.ts';
import { Lan, NODE, ROUTER } from './support/lan.ts';

/** Long enough for BIRD's and FRR's pauses between two attempts, on a busy machine. */
const WITHIN = { withinMs: 40_000, everyMs: 200 };

let plane: ControlPlane;
let client: HttpKubeClient;
let lan: Lan;
let site: BirdSite;
let frr: Frr;
let health: string;
const daemons: Daemon[] = [];

beforeAll(async () => {
  plane = await ControlPlane.start({ users: [SPEAKER_USER, ALLOCATOR_USER] });
  client = plane.client();
  await prepareSpeakerPlane({ plane, nodeName: 'node-1', range: '198.51.100.0/24', peers: [aBgpPeer('router-1')] });
  lan = Lan.make();
  site = new BirdSite(lan);
  site.startContainer();
  frr = await Frr.start(lan, { neighbors: ['v4'], each: ['timers connect 1'] });
  const speaker = await startSpeaker({ plane, nodeName: 'node-1', runDir: site.runDir, folder: lan.dir });
  const allocator = await startAllocator({ plane, name: 'allocator-1', folder: lan.dir });
  health = speaker.health;
  daemons.push(speaker.daemon, allocator.daemon);
  for (const host of [7, 8]) await publish(client, `web-${host}`, [`198.51.100.${host}`]);
  await isUp();
}, 120_000);

afterAll(async () => {
  site?.control.close();
  await Promise.all(daemons.map((daemon) => daemon.kill()));
  await lan?.[Symbol.asyncDispose]();
  await plane?.[Symbol.asyncDispose]();
});

async function condition(peer: string): Promise<string> {
  const { status } = await client.get<BgpPeerObject>(BGP_PEERS, { name: peer });
  const found = status?.conditions?.find(({ type }) => type === 'Established');
  return `${found?.status} ${found?.reason}: ${found?.message}`;
}

async function metric(): Promise<string | undefined> {
  const text = await (await fetch(`http://${health}/metrics`)).text();
  return /^skycap_speaker_session_up\{[^}]*router-1[^}]*\} (\d)$/m.exec(text)?.[1];
}

async function isUp(): Promise<void> {
  await eventually(async () => {
    expect([await condition('router-1'), await metric()]).toEqual(['True SessionsEstablished: 1 of 1 nodes', '1']);
    expect(frr.kernelRoute('198.51.100.7')).toEqual([NODE.v4]);
  }, WITHIN);
}

/** The Events that tell of the cause. */
async function eventsOf(peer: string, cause: RegExp): Promise<readonly EventObject[]> {
  const { items } = await client.list<EventObject>(EVENTS);
  return items.filter(({ regarding, note, type }) => {
    return regarding?.kind === 'BgpPeer' && regarding.name === peer && type === 'Warning' && cause.test(note ?? '');
  });
}

async function patchPeer(spec: object): Promise<void> {
  await client.patch(BGP_PEERS, { name: 'router-1' }, { spec }, { type: 'merge' });
}

interface Fault {
  readonly cause: RegExp;
  readonly make: () => Promise<void> | void;
  readonly mend: () => Promise<void> | void;
}

const FAULTS: readonly (readonly [string, Fault])[] = [
  [
    'a wrong AS number here',
    {
      cause: /node-1: \w+, .*wrong AS: expected 64999, the router says 64513; mend spec\.conf\.peerAs/,
      make: () => patchPeer({ conf: { peerAs: 64_999 } }),
      mend: () => patchPeer({ conf: { peerAs: 64_513 } }),
    },
  ],
  [
    'a wrong AS number at the router',
    {
      cause: /node-1: \w+, .*the router expects another AS number of this node than 64512/,
      make: () => frr.configure(`neighbor ${NODE.v4} remote-as 64888`),
      mend: () => frr.configure(`neighbor ${NODE.v4} remote-as 64512`),
    },
  ],
  [
    'a wrong password',
    {
      cause: /node-1: \w+, .*spec\.conf\.authPassword may not be the password that the router has/,
      make: () => patchPeer({ conf: { authPassword: 'wrong' } }),
      mend: () => patchPeer({ conf: { authPassword: null } }),
    },
  ],
  [
    'a router that can not be reached',
    {
      cause:
        /node-1: \w+, Error: Link down: the node's interface to 192\.0\.2\.1 is down or has lost its network; look at the cable/,
      make: () => lan.setLink(false),
      mend: () => lan.setLink(true),
    },
  ],
  [
    "the router's prefix limit",
    {
      cause: /node-1: \w+, .*the router's prefix limit is smaller than the number of addresses; raise it there/,
      make: () => frr.configure('address-family ipv4 unicast', `neighbor ${NODE.v4} maximum-prefix 1 restart 1`),
      mend: () => {
        frr.configure('address-family ipv4 unicast', `no neighbor ${NODE.v4} maximum-prefix`);
        frr.clear(NODE.v4);
      },
    },
  ],
];

test.each(FAULTS)(
  '%s',
  async (_, { cause, make, mend }) => {
    try {
      await make();
      await eventually(async () => {
        expect(await condition('router-1')).toMatch(cause);
        expect(await condition('router-1')).toMatch(/^False SessionsDown: 0 of 1 nodes; /);
        expect(await metric()).toBe('0');
        expect(await eventsOf('router-1', cause)).toHaveLength(1);
      }, WITHIN);
    } finally {
      // The next fault needs the session.
      await mend();
    }
    await isUp();
    expect(await eventsOf('router-1', cause)).toHaveLength(1);
  },
  150_000,
);

test('two BgpPeers with one address: the older has the session, the other says whose it is', async () => {
  const kind = { apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'BgpPeer' };
  const cause = new RegExp(
    `node-1: no session, ${ROUTER.v4} port 179 is the router of BgpPeer router-1 already; delete one`,
  );
  const before = frr.neighbor('v4');
  await client.create(BGP_PEERS, { ...kind, ...aBgpPeer('twin'), metadata: { name: 'twin' } });
  await eventually(async () => {
    expect(await condition('twin')).toMatch(/^False Overlaps: /);
    expect(await condition('twin')).toMatch(cause);
    expect(await eventsOf('twin', cause)).toHaveLength(1);
  }, WITHIN);
  expect(frr.neighbor('v4')).toEqual(before);
  await client.delete(BGP_PEERS, { name: 'router-1' });
  // The other takes over by itself.
  await eventually(async () => expect(await condition('twin')).toBe('True SessionsEstablished: 1 of 1 nodes'), WITHIN);
}, 150_000);
