/**
 * The whole speaker as a process, with the rights of its ServiceAccount and no more, between a real API server, the real BIRD and a real
 * router: what it writes, and what happens when it is killed. Needs root, bird2, frr and the Kubernetes binaries.
 */
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EIP_LABEL } from '../../../lib/api/keys.ts';
import type { Condition } from '../../../lib/api/meta/object.ts';
import type { EndpointSlice } from '../../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import type { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { BGP_CONFS, BGP_PEERS, EIPS, ENDPOINT_SLICES, NODES, SPEAKERS } from '../../../lib/kube/resource.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import type { Daemon } from '../../support/daemon.ts';
import { eventually, until } from '../../support/eventually.ts';
import { ip } from '../../support/namespaces.ts';
import { aBgpConf, aBgpPeer, anEip, anEndpoint, aSlice, READY } from '../../support/speaker-builders.ts';
import { SPEAKER_USER, startSpeaker } from '../../support/speaker-daemon.ts';
import { createNode, installForSpeakers, publish } from '../../support/speaker-objects.ts';
import { BirdSite } from './support/bird-site.ts';
import { Frr } from './support/frr.ts';
import { Lan, NODE, ROUTER } from './support/lan.ts';

const _ROOT = join(import.meta.dirname, '../../..');
const ADDRESS = '198.51.100.7';
/** A process that starts on a busy machine. */
const STARTS = { withinMs: 30_000 };

let plane: ControlPlane;
let client: HttpKubeClient;
let lan: Lan;
let site: BirdSite;
let frr: Frr;
let speaker: Daemon;
let health: string;

async function start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
  const started = await startSpeaker({ plane, nodeName: 'node-1', runDir: site.runDir, folder: lan.dir, settings });
  speaker = started.daemon;
  health = started.health;
}

const log = () =>
  readFileSync(speaker.logFile, 'utf8')
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const speakerObject = (): Promise<SpeakerObject> => client.get(SPEAKERS, { name: 'node-1' });
const condition = async (type: string): Promise<Condition | undefined> =>
  (await speakerObject()).status?.conditions?.find((one) => one.type === type);
const isReady = async () => (await fetch(`http://${health}/readyz`).catch(() => undefined))?.status === 200;
const metric = async (name: string) =>
  Number(
    new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(
      await (await fetch(`http://${health}/metrics`)).text(),
    )?.[1],
  );

beforeAll(async () => {
  plane = await ControlPlane.start({ users: [SPEAKER_USER] });
  client = plane.client();
  await installForSpeakers(plane);
  await createNode(client, 'node-1');
  await client.create(EIPS, {
    apiVersion: 'network.kubesphere.io/v1alpha2',
    kind: 'Eip',
    ...anEip('v4'),
    metadata: { name: 'v4' },
  });
  lan = Lan.make();
  site = new BirdSite(lan);
  site.startContainer();
  frr = await Frr.start(lan, { neighbors: ['v4'] });
  await start();
}, 90_000);

afterAll(async () => {
  site?.control.close();
  await speaker?.kill();
  await lan?.[Symbol.asyncDispose]();
  await plane?.[Symbol.asyncDispose]();
});

it('says that there is no BgpConf, and is ready all the same', async () => {
  await until('readiness', isReady, { withinMs: 20_000 });
  await eventually(async () =>
    expect(await condition('Ready')).toMatchObject({ status: 'False', reason: 'NoBgpConf' }),
  );
  const { metadata } = await speakerObject();
  const { uid } = (await client.get(NODES, { name: 'node-1' })).metadata;
  expect(metadata.ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Node', name: 'node-1', uid }]);
});

it('brings a published address to the router, and says so', async () => {
  await client.create(BGP_CONFS, { apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'BgpConf', ...aBgpConf() });
  await client.create(BGP_PEERS, {
    apiVersion: 'network.kubesphere.io/v1alpha2',
    kind: 'BgpPeer',
    ...aBgpPeer(),
    metadata: { name: 'router-1' },
  });
  await publish(client, 'web', [ADDRESS]);
  await until('the route', () => frr.kernelRoute(ADDRESS).length === 1, { withinMs: 15_000 });
  expect(frr.kernelRoute(ADDRESS)).toEqual([NODE.v4]);
  await eventually(async () =>
    expect((await speakerObject()).status).toMatchObject({
      sessions: [
        { peer: 'router-1', neighborAddress: ROUTER.v4, state: 'Established', routesSent: 1, holdTimeSeconds: 15 },
      ],
      sessionsSummary: '1/1',
      announcedAddresses: 1,
      routerId: NODE.v4,
      localAs: 64512,
    }),
  );
  expect(await condition('Ready')).toMatchObject({ status: 'True', reason: 'Ready' });
});

it('follows Local by the endpoints of labelled and of hand-made slices', async () => {
  const slice = (name: string, labels: Record<string, string>): EndpointSlice => {
    const made = aSlice([anEndpoint('node-1', READY)], { service: 'local', name });
    const endpoints = made.endpoints?.map((endpoint) => ({ ...endpoint, addresses: ['10.0.0.1'] })) ?? [];
    return {
      ...made,
      endpoints,
      metadata: { name, namespace: 'default', labels: { ...made.metadata.labels, ...labels } },
    };
  };
  await publish(client, 'local', ['198.51.100.8'], 'Local');
  const isAnnounced = (announced: boolean) =>
    until('Local', () => (frr.route('198.51.100.8/32') !== undefined) === announced);
  for (const labels of [
    { [EIP_LABEL]: 'v4', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' },
    { 'endpointslice.kubernetes.io/managed-by': 'me' },
    {},
  ]) {
    await client.create(ENDPOINT_SLICES, slice('one', labels as Record<string, string>));
    await isAnnounced(true);
    await client.delete(ENDPOINT_SLICES, { name: 'one', namespace: 'default' });
    await isAnnounced(false);
  }
});

it('writes nothing at rest', async () => {
  const version = async () => (await speakerObject()).metadata.resourceVersion;
  const sameFor = async (ms: number) => {
    const before = await version();
    await sleep(ms);
    return (await version()) === before;
  };
  await until('rest', () => sameFor(3_000));
  // Longer than the time between two looks of the report; timers tick in BIRD's answer meanwhile.
  expect(await sameFor(17_000)).toBe(true);
}, 45_000);

it('was refused nothing by RBAC', () => {
  expect(log().filter(({ err }) => (err as { code?: number } | undefined)?.code === 403)).toEqual([]);
});

it('killed with -9 it leaves session and routes untouched, and takes over on return', async () => {
  const monitor = lan.start(lan.router, 'monitor', '/usr/sbin/ip', ['monitor', 'route']);
  const since = async () => (await site.protocols()).get('skycap_peer_router__1')?.since;
  const before = await since();
  await speaker.kill('SIGKILL');
  await publish(client, 'later', ['198.51.100.9']);
  await start();
  await until('the later route', () => frr.kernelRoute('198.51.100.9').length === 1, { withinMs: 15_000 });
  expect(await since()).toBe(before);
  expect(frr.neighbor('v4')).toEqual({ state: 'Established', established: 1, dropped: 0 });
  expect(monitor.tail()).not.toMatch(/Deleted/);
});

it('while the API server is away BIRD keeps everything, a new speaker included', async () => {
  await plane.stopApiServer();
  await speaker.kill('SIGKILL');
  await start();
  await until('its start', () => log().some(({ msg }) => msg === 'cannot follow the API server, trying again'), {
    withinMs: 15_000,
  });
  expect(await isReady()).toBe(false);
  expect(frr.neighbor('v4')).toEqual({ state: 'Established', established: 1, dropped: 0 });
  expect(frr.kernelRoute(ADDRESS)).toEqual([NODE.v4]);
  await plane.startApiServer();
  await until('readiness', isReady, { withinMs: 30_000 });
  expect(frr.neighbor('v4')).toEqual({ state: 'Established', established: 1, dropped: 0 });
}, 60_000);

it('a broken BgpConf leaves everything running and is said loudly', async () => {
  const conf = await client.get(BGP_CONFS, { name: 'default' });
  // The schema lets it pass, and no node has an AS number by it.
  const broken = await client.replace(BGP_CONFS, { ...conf, spec: { asPerRack: { east: 0 } } });
  await eventually(async () =>
    expect(await condition('Applied')).toMatchObject({
      status: 'False',
      reason: 'Invalid',
      message: expect.stringContaining('spec.as: is missing'),
    }),
  );
  expect(await isReady()).toBe(false);
  expect(await metric('skycap_speaker_on_hold')).toBe(1);
  expect(frr.neighbor('v4')).toEqual({ state: 'Established', established: 1, dropped: 0 });
  await client.replace(BGP_CONFS, { ...broken, spec: conf.spec! });
  await eventually(async () => expect(await condition('Applied')).toMatchObject({ status: 'True' }));
  expect(frr.neighbor('v4')).toEqual({ state: 'Established', established: 1, dropped: 0 });
});

it('makes its object anew when somebody deletes it', async () => {
  await client.delete(SPEAKERS, { name: 'node-1' });
  await eventually(async () => expect((await speakerObject()).status?.sessionsSummary).toBe('1/1'));
});

it('the lost session is in the object within seconds, and the log has one line for it', async () => {
  await frr.stopBgpd();
  await eventually(
    async () =>
      expect((await speakerObject()).status).toMatchObject({
        sessionsSummary: '0/1',
        sessions: [{ lastError: expect.any(String) }],
      }),
    { withinMs: 5_000 },
  );
  expect(await condition('SessionsEstablished')).toMatchObject({ status: 'False', reason: 'SessionsDown' });
  expect(log().filter(({ msg }) => msg === 'session lost')).toHaveLength(1);
  await frr.startBgpd();
  await eventually(async () => expect((await speakerObject()).status?.sessionsSummary).toBe('1/1'), {
    withinMs: 10_000,
  });
});

it('logged no error but the one', () => {
  const errors = log().filter(({ level }) => level === 'error' || level === 'fatal');
  expect(new Set(errors.map(({ msg }) => msg))).toEqual(new Set(['configuration on hold']));
});

it('takes the password from a Secret, keeps it without, and shows it nowhere', async () => {
  const [name, namespace] = ['skycap-bgp-passwords', 'skycap-system'];
  const secrets = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true } as const;
  const session = async () => (await speakerObject()).status?.sessions?.[0];
  const refusal = async () => (await speakerObject()).status?.refusedPeers?.[0];
  const refer = (authPasswordSecretRef: object | null) =>
    client.patch(BGP_PEERS, { name: 'router-1' }, { spec: { conf: { authPasswordSecretRef } } }, { type: 'merge' });
  const write = (stringData: object, metadata: object = {}) =>
    client.patch(secrets, { namespace, name }, { stringData, metadata } as never, { type: 'merge' });
  // Not by the time of the session, which has whole seconds: two may be established in one.
  const establishments = () => frr.neighbor('v4').established;
  const isUpAfter = (before: number) => async () => {
    const { state, established } = frr.neighbor('v4');
    return (await session())?.state === 'Established' && state === 'Established' && established > before;
  };
  const first = (await session())?.since;
  await refer({ name, key: 'router-1' });
  await eventually(async () =>
    expect(await refusal()).toMatchObject({
      reason: 'PasswordNotFound',
      message: `there is no Secret ${name} in Skycap's namespace; create it with the key router-1; the session keeps what it has`,
    }),
  );
  expect(await session()).toMatchObject({ state: 'Established', since: first });

  const withoutPassword = establishments();
  frr.configure(`neighbor ${NODE.v4} password hush-1`);
  await client.create(secrets, { metadata: { namespace, name }, stringData: { 'router-1': 'hush-1\n' } } as never);
  await until('the session with the password', isUpAfter(withoutPassword), { withinMs: 90_000 });
  // The router knows of the session before the Speaker tells of it.
  await eventually(async () => expect(await refusal()).toBeUndefined());
  const second = (await session())?.since;
  await write({ other: 'x' }, { labels: { touched: 'yes' } });
  await sleep(2_000);
  expect(await session()).toMatchObject({ state: 'Established', since: second });

  // A speaker that was just started finds the password in what BIRD runs.
  await client.delete(secrets, { namespace, name });
  await eventually(async () => expect(await refusal()).toMatchObject({ reason: 'PasswordNotFound' }));
  await speaker.kill('SIGKILL');
  await start();
  await until('readiness', isReady, { withinMs: 20_000 });
  await sleep(1_000);
  expect(await session()).toMatchObject({ state: 'Established', since: second });

  const withPassword = establishments();
  frr.configure(`neighbor ${NODE.v4} password hush-2`);
  await client.create(secrets, { metadata: { namespace, name }, stringData: { 'router-1': 'hush-2' } } as never);
  await until('the session with another password', isUpAfter(withPassword), { withinMs: 90_000 });
  const peer = await client.get(BGP_PEERS, { name: 'router-1' });
  const events = await client.list({ ...secrets, group: 'events.k8s.io', kind: 'Event', plural: 'events' });
  const shown = [readFileSync(speaker.logFile, 'utf8'), JSON.stringify([await speakerObject(), peer, events])].join();
  expect(shown).not.toContain('hush');
  expect((statSync(join(site.runDir, 'bird.conf')).mode & 0o007).toString(8)).toBe('0');

  const withAnother = establishments();
  frr.configure(`no neighbor ${NODE.v4} password`);
  await refer(null);
  await until('the session without a password', isUpAfter(withAnother), { withinMs: 90_000 });
}, 300_000);

it('another process has the port of health: the Speaker says so, and the port is used once it is free', async () => {
  await speaker.kill();
  const port = Number(health.split(':')[1]);
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  try {
    await start({ SKYCAP_HEALTH_ADDRESS: `127.0.0.1:${port}` });
    health = `127.0.0.1:${port}`;
    await eventually(async () => {
      const message = expect.stringMatching(new RegExp(`^port ${port} of the node, for health .* is taken`));
      expect(await condition('Preflight')).toMatchObject({ status: 'False', reason: 'PortInUse', message });
    }, STARTS);
  } finally {
    other.close();
  }
  await until('readiness', isReady, STARTS);
  await eventually(async () => expect(await condition('Preflight')).toBeUndefined(), STARTS);
}, 90_000);

it('a router with another AS number: the error has both numbers, and it is gone once the number is mended', async () => {
  const writeAs = (peerAs: number) =>
    client.patch(BGP_PEERS, { name: 'router-1' }, { spec: { conf: { peerAs } } }, { type: 'merge' });
  await writeAs(64_999);
  await eventually(
    async () =>
      expect((await speakerObject()).status?.sessions?.[0]?.lastError).toMatch(
        /wrong AS: expected 64999, the router says 64513; mend spec\.conf\.peerAs/,
      ),
    { withinMs: 30_000 },
  );
  await writeAs(64_513);
  await eventually(
    async () => {
      const session = (await speakerObject()).status?.sessions?.[0];
      expect([session?.state, session?.lastError]).toEqual(['Established', undefined]);
    },
    { withinMs: 90_000 },
  );
}, 90_000);

it('where BGP is off BIRD has no session and no port, and nothing is to be mended', async () => {
  await speaker.kill('SIGTERM');
  await start({ SKYCAP_PROTOCOLS: 'layer2' });
  await until('the end of the session', () => frr.neighbor('v4').state !== 'Established', { withinMs: 20_000 });
  await eventually(async () =>
    expect(await condition('SessionsEstablished')).toMatchObject({ status: 'False', reason: 'ProtocolOff' }),
  );
  expect(await condition('Ready')).toMatchObject({ status: 'True', reason: 'Ready' });
  await until('readiness', isReady, { withinMs: 20_000 });
  await eventually(() => expect(ip('netns', 'exec', lan.node, 'ss', '-Hltn', 'sport = :179')).toBe(''));
}, 60_000);
