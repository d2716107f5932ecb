/**
 * The CRDs go, and all objects of their kinds with them: an uninstall of OpenELB does that, and `kubectl delete -k`. It is nobody's wish that Services lose their
 * addresses by it. At a real API server.
 */
import { join } from 'node:path';
import type { Service } from '../../../lib/api/service/service.ts';
import { EIPS, SERVICES } from '../../../lib/kube/resource.ts';
import { AllocatorLab, assigned, eventually, publishedBy, type Replica } from './harness.ts';

const NAMES = Array.from({ length: 8 }, (_, i) => `s${i}`);
const CRDS = ['eips.network.kubesphere.io', 'eipclaims.skycap.io'];

let lab: AllocatorLab;
let replica: Replica;

beforeEach(async () => {
  lab = await AllocatorLab.start();
  replica = await lab.replica();
}, 60_000);
afterEach(() => lab?.[Symbol.asyncDispose]());

const crdFile = (name: string) => join(import.meta.dirname, '../../../manifests/crds', `${name.split('.')[0]}.yaml`);
const applyCrds = async (names: readonly string[]) => {
  await lab.plane.kubectl(['apply', ...names.flatMap((name) => ['-f', crdFile(name)])]);
  await lab.plane.kubectl(['wait', '--for=condition=Established', ...names.map((name) => `crd/${name}`)]);
};
const eips = async () => {
  await lab.eip('any', '198.51.100.0/28');
  await lab.eip('named', '198.51.100.16/28', { namespaces: ['nobody'] });
};
/** All that a user sees of a Service. */
const seen = ({ metadata: { annotations, labels }, status }: Service) => ({ annotations, labels, status });
const allSeen = async () => {
  const { items } = await lab.admin.list(SERVICES, { namespace: 'shop' });
  return Object.fromEntries(items.map((service) => [service.metadata.name, seen(service)]));
};
const addresses = async () =>
  Object.fromEntries(
    await Promise.all(NAMES.map(async (name) => [name, publishedBy(await lab.service(`shop/${name}`))] as const)),
  );

async function settled(): Promise<Awaited<ReturnType<typeof allSeen>>> {
  await lab.namespace('shop');
  await eips();
  for (const [i, name] of NAMES.entries()) {
    await lab.create(`shop/${name}`, i % 2 ? { 'eip.openelb.kubesphere.io/v1alpha2': 'named' } : {});
  }
  await lab.create('shop/waits', { 'eip.openelb.kubesphere.io/v1alpha1': '198.51.100.0' });
  await eventually(async () => expect(Object.values(await addresses())).not.toContain(''));
  await lab.reason('shop/waits', 'AddressInUse');
  await replica.idle();
  return allSeen();
}

test.each([
  ['of the Eips', CRDS.slice(0, 1)],
  ['of the claims', CRDS.slice(1)],
  ['of both', CRDS],
  ['of both, the claims first', CRDS.toReversed()],
])(
  'the CRDs %s go and come again: nothing is written on any Service meanwhile, and each has its address afterwards',
  async (_, gone) => {
    const before = await settled();
    const events = await lab.plane.kubectl(['get', 'events', '-A', '-o', 'name']);
    for (const name of gone) await lab.plane.kubectl(['delete', 'crd', name, '--wait=true']);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await allSeen()).toEqual(before);
    expect(await lab.plane.kubectl(['get', 'events', '-A', '-o', 'name'])).toEqual(events);
    await applyCrds(gone);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await addresses()).toEqual(Object.fromEntries(NAMES.map((name) => [name, publishedOf(before[name])])));
    await lab.create('shop/between');
    if (gone.includes(CRDS[0]!)) await eips();
    for (const name of NAMES) await lab.reason(`shop/${name}`, 'Assigned', 20_000);
    expect(await addresses()).toEqual(Object.fromEntries(NAMES.map((name) => [name, publishedOf(before[name])])));
    const between = await eventually(async () => {
      const service = await lab.service('shop/between');
      expect(assigned(service)?.status).toBe('True');
      return publishedBy(service);
    });
    expect(Object.values(await addresses())).not.toContain(between);
  },
  90_000,
);

test('an Eip with the annotation for it that goes with its CRD releases nothing', async () => {
  const before = await settled();
  const annotated = { metadata: { annotations: { 'skycap.io/release-addresses': 'true' } } };
  for (const name of ['any', 'named']) await lab.admin.patch(EIPS, { name }, annotated, { type: 'merge' });
  await lab.plane.kubectl(['delete', 'crd', CRDS[0]!]);
  await applyCrds(CRDS.slice(0, 1));
  for (const name of NAMES) await lab.reason(`shop/${name}`, 'KeepsFormerAddress', 20_000);
  expect(await addresses()).toEqual(Object.fromEntries(NAMES.map((name) => [name, publishedOf(before[name])])));
}, 90_000);

function publishedOf(one: ReturnType<typeof seen> | undefined): string {
  return (one?.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip).join();
}
