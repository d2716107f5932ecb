/**
 * Bad input does nobody any harm: each object is refused with field and remedy, or accepted and judged in its conditions; the Service beside it keeps its
 * address, status, route and session all the while; and nothing is restarted. The same for what was stored while nothing looked at it.
 */
import type { Condition, KubeObject } from '../../lib/api/meta/object.ts';
import type { SpeakerObject } from '../../lib/api/skycap/speaker-types.ts';
import { ApiError } from '../lab/api.ts';
import { readExamples, waitForRoute, waitForSessions } from '../lab/demo.ts';
import { LAB_OVERLAY, SKYCAP_NAMESPACE } from '../lab/install.ts';
import { eventually } from '../lab/poll.ts';
import { type Hostile, hostileObjects, shapeless } from './support/hostile.ts';
import { addressesOf, Scene } from './support/scene.ts';
import { NOTHING_LOST, Witness } from './support/witness.ts';

const GENERATED = 120;
const LEAST_OBJECTS = 200;
const NODES = 3;
const JUDGED_DEADLINE_MS = 60_000;
const CRDS = ['eips', 'bgppeers', 'bgpconfs'].map((name) => `${name}.network.kubesphere.io`);
const CRD_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
/** What a refusal has to have: the field (of what is missing, that of what should have it), and what to do. */
const FIELD = /\b(spec|metadata)\b|[\w-]+(\.[\w-]+)+\/[\w-]+: /;
const REMEDY =
  /write|choose|leave|remove|make one|set spec|must be|should|may not be|supported values|Required value|is missing|needs|Invalid value/;

type Judged = KubeObject & { readonly status?: { readonly conditions?: readonly Condition[] } };
interface Definition extends KubeObject {
  readonly spec: { readonly versions: readonly { readonly schema?: unknown }[] };
}

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open('badinput', { v4: '198.51.106.0/24' });
  const examples = await readExamples(scene.lab);
  await scene.lab.apply(...examples.configuration);
  await scene.deployBackends(examples, NODES);
  await waitForSessions(scene.lab);
  await scene.createService('good');
  const [address = ''] = await scene.published('good');
  await waitForRoute(scene.lab, address, NODES);
});

afterAll(() => scene?.close());

test('two hundred bad objects: each refused with the field and the remedy, or judged in a condition', async () => {
  const seed = Number(process.env.HOSTILE_SEED ?? Date.now() % 2 ** 31);
  process.stderr.write(`bad input: HOSTILE_SEED=${seed}\n`);
  const objects = hostileObjects(scene.namespace, GENERATED, seed);
  expect(objects.length).toBeGreaterThanOrEqual(LEAST_OBJECTS);
  const before = await starts();
  await using witness = await Witness.start(scene, ['good']);

  const accepted: Hostile[] = [];
  const unclear: string[] = [];
  try {
    for (const object of objects) {
      const refusal = await refusalOf(object);
      if (refusal === undefined) accepted.push(object);
      else if (!FIELD.test(refusal) || !REMEDY.test(refusal)) unclear.push(refusal);
    }
    expect(unclear).toEqual([]);
    process.stderr.write(
      `bad input: ${objects.length - accepted.length} refused, ${accepted.length} accepted and judged\n`,
    );
    await untilJudged(accepted);
  } finally {
    await remove(accepted);
  }

  expect(await witness.end()).toEqual(NOTHING_LOST);
  expect(await starts()).toEqual(before);
  await untilWell();
}, 240_000);

test('the objects that others depend on cannot be spoilt', async () => {
  await using witness = await Witness.start(scene, ['good']);
  const rows: readonly (readonly [string, object])[] = [
    ['bgpconfs/default', { spec: { as: 0 } }],
    ['bgpconfs/default', { spec: { as: null, asPerRack: null } }],
    ['bgpconfs/default', { spec: { routerId: '0.0.0.0' } }],
    ['bgpconfs/default', { spec: { listenPort: -2 } }],
    ['bgppeers/router', { spec: { conf: { neighborAddress: 'router"; }' } } }],
    ['bgppeers/router', { spec: { conf: { peerAs: null } } }],
    ['bgppeers/router', { spec: { conf: { authPassword: 'a"; }' } } }],
    ['bgppeers/router', { spec: { timers: { config: { holdTime: '1' } } } }],
    [`eips/${scene.eip.v4}`, { spec: { address: '198.51.106.200-198.51.106.9' } }],
    [`eips/${scene.eip.v4}`, { spec: { address: '0.0.0.0/0' } }],
    [`eips/${scene.eip.v4}`, { spec: { address: '198.51.106.200' } }],
    [`eips/${scene.eip.v4}`, { spec: null }],
  ];
  for (const [path, patch] of rows) {
    const refusal = await refused(() => scene.lab.api.patch(`/apis/network.kubesphere.io/v1alpha2/${path}`, patch));
    expect(`${path} ${JSON.stringify(patch)}: ${refusal}`).toMatch(FIELD);
    expect(`${path} ${JSON.stringify(patch)}: ${refusal}`).not.toMatch(/undefined$/);
  }
  expect(await witness.end()).toEqual(NOTHING_LOST);
});

test('what was stored while nothing looked: judged, harmless, and removable', async () => {
  const before = await starts();
  await using witness = await Witness.start(scene, ['good']);
  const objects = shapeless('stored');
  try {
    for (const kind of ['mutating', 'validating']) {
      await scene.lab.kubectl(['delete', `${kind}webhookconfiguration`, 'skycap']);
    }
    for (const name of CRDS) await relax(name);
    for (const object of objects) await storeOnceRelaxed(object);
    await untilJudged(objects);
    await scene.lab.kubectl(['apply', '-k', LAB_OVERLAY]);
    // With the schemas back they are still there, and must not be in the way of anything.
    await scene.createService('beside');
    expect(await scene.published('beside')).toHaveLength(1);
  } finally {
    await scene.lab.kubectl(['apply', '-k', LAB_OVERLAY]);
    await remove(objects);
  }
  await untilWell();
  await eventually(async () => addressesOf((await scene.createService('asked', { dryRun: true })).body).length === 1, {
    what: 'the webhook asked again',
    deadlineMs: JUDGED_DEADLINE_MS,
  });
  expect(await witness.end()).toEqual(NOTHING_LOST);
  expect(await starts()).toEqual(before);
}, 240_000);

function pathOf({ kind, metadata: { namespace } }: Hostile): string {
  if (kind === 'Service') return `/api/v1/namespaces/${namespace}/services`;
  return `/apis/network.kubesphere.io/v1alpha2/${kind.toLowerCase()}s`;
}

/** @returns what the API server said; undefined where it took the object. */
function refusalOf(object: Hostile): Promise<string | undefined> {
  return refused(() => scene.lab.api.create(pathOf(object), object));
}

async function refused(send: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await send();
    return undefined;
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) return error.message;
    throw error;
  }
}

async function untilJudged(objects: readonly Hostile[]): Promise<void> {
  await eventually(
    async () => {
      const stored = (await Promise.all([...new Set(objects.map(pathOf))].map((path) => list(path)))).flat();
      const unjudged = objects.filter(({ kind, metadata }) => {
        const found = stored.find((one) => one.metadata.name === metadata.name);
        // A BgpConf that is not the default has no effect, whatever stands in it.
        const conditions = found?.status?.conditions ?? [];
        const isSaid = kind === 'Service' ? conditions.length > 0 : conditions.some(({ status }) => status === 'False');
        return !isSaid;
      });
      if (unjudged.length > 0) {
        throw new Error(
          unjudged.map(({ kind, metadata, spec }) => `${kind} ${metadata.name} ${JSON.stringify(spec)}`).join('\n'),
        );
      }
      return true;
    },
    { what: 'every accepted object judged in a condition', deadlineMs: JUDGED_DEADLINE_MS, intervalMs: 250 },
  );
}

async function list(path: string): Promise<readonly Judged[]> {
  return (await scene.lab.api.get<{ items: Judged[] }>(path)).items;
}

async function remove(objects: readonly Hostile[]): Promise<void> {
  for (const object of objects) {
    // One that was not stored, after a failure.
    await refused(() => scene.lab.api.delete(`${pathOf(object)}/${object.metadata.name}`));
  }
}

/** Takes every rule out of a definition, as if it had been made before there were any. */
async function relax(name: string): Promise<void> {
  const definition = await scene.lab.api.get<Definition>(`${CRD_PATH}/${name}`);
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const versions = definition.spec.versions.map((version) => ({ ...version, schema: { openAPIV3Schema } }));
  await scene.lab.api.replace(`${CRD_PATH}/${name}`, { ...definition, spec: { ...definition.spec, versions } });
}

/** The API server takes a new definition into use in its own time. */
async function storeOnceRelaxed(object: Hostile): Promise<void> {
  await eventually(async () => (await refusalOf(object)) === undefined, {
    what: `${object.metadata.name} stored`,
    deadlineMs: 30_000,
    intervalMs: 100,
  });
}

/** Every node speaks BGP by the configuration that follows from the objects. */
async function untilWell(): Promise<void> {
  await eventually(
    async () => {
      const { items } = await scene.lab.api.get<{ items: SpeakerObject[] }>('/apis/skycap.io/v1alpha1/speakers');
      const bad = items.flatMap(({ metadata, status }) =>
        (status?.conditions ?? [])
          .filter(({ status: value }) => value === 'False')
          .map(({ type, message }) => `${metadata.name} ${type}: ${message}`),
      );
      if (bad.length > 0 || items.length < NODES) throw new Error(bad.join('; '));
      return true;
    },
    { what: 'all speakers well', deadlineMs: JUDGED_DEADLINE_MS, intervalMs: 250 },
  );
}

/** Restarts of each container of Skycap's. */
async function starts(): Promise<Record<string, number>> {
  const pods = await scene.lab.api.get<{
    items: (KubeObject & { status?: { containerStatuses?: { name: string; restartCount: number }[] } })[];
  }>(`/api/v1/namespaces/${SKYCAP_NAMESPACE}/pods`);
  return Object.fromEntries(
    pods.items.flatMap(({ metadata, status }) =>
      (status?.containerStatuses ?? []).map(({ name, restartCount }) => [`${metadata.name}/${name}`, restartCount]),
    ),
  );
}
