/**
 * Two webhook pods and 200 concurrent creations over 100 addresses: the lock is the creation of a claim, so exactly 100 Services have an
 * address, all different, and 100 wait. What is freed goes to who has waited longest.
 */
import { eventually } from '../lab/poll.ts';
import { addressesOf, type LabService, Scene } from './support/scene.ts';

const CREATIONS = 200;
const ADDRESSES = 100;

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open('contention', { v4: '198.51.101.1-198.51.101.100' });
});

afterAll(() => scene?.close());

test('exactly 100 distinct addresses and 100 pending Services; the ten longest-waiting get the ten freed', async () => {
  const created = await Promise.all(
    Array.from({ length: CREATIONS }, (_, i) => scene.createService(`s${String(i).padStart(3, '0')}`)),
  );
  // On a machine this busy a review may run into its time-out; then the allocator takes over, and the sums below hold all the same.
  const told = created.filter(({ warnings }) => /assigned 198\.51\.101\.\d+ from Eip|pending: /.test(warnings.join()));
  expect(told.length).toBeGreaterThan(CREATIONS / 2);
  const given = told.flatMap(({ body }) => addressesOf(body));
  expect(new Set(given).size).toBe(given.length);

  const waiting = await eventually(
    async () => {
      const services = await scene.services();
      const pending = services.filter(isPending);
      return pending.length === CREATIONS - ADDRESSES && (await publishedOf(scene)).size === ADDRESSES && pending;
    },
    { what: '100 Services with an address and 100 that wait', deadlineMs: 90_000 },
  );
  const published = await publishedOf(scene);
  expect(new Set(published.values()).size).toBe(ADDRESSES);
  expect((await scene.claims()).length).toBe(ADDRESSES);
  for (const { body } of told) {
    const [address] = addressesOf(body);
    if (address) expect(published.get(body.metadata.name)).toBe(address);
  }

  await Promise.all([...published.keys()].slice(0, 10).map((name) => scene.deleteService(name)));
  const longest = [...waiting].sort(bySince).slice(0, 10);
  const served = await eventually(
    async () => {
      const now = await publishedOf(scene);
      const names = waiting.map((service) => service.metadata.name).filter((name) => now.has(name));
      return names.length === 10 && names;
    },
    { what: 'ten waiting Services with an address', deadlineMs: 60_000 },
  );
  expect(served.sort()).toEqual(longest.map((service) => service.metadata.name).sort());
  expect(new Set((await publishedOf(scene)).values()).size).toBe(ADDRESSES);
});

/** Told why, in its condition. */
function isPending(service: LabService): boolean {
  const condition = service.status?.conditions?.find(({ type }) => type === 'skycap.io/AddressAssigned');
  return condition?.status === 'False' && condition.reason === 'EipFull';
}

/** Service name → its published address. */
async function publishedOf(where: Scene): Promise<Map<string, string>> {
  const services = await where.services();
  return new Map(services.flatMap((s) => (s.status?.loadBalancer?.ingress ?? []).map((i) => [s.metadata.name, i.ip!])));
}

function bySince(a: LabService, b: LabService): number {
  const since = (s: LabService) => s.metadata.annotations?.['skycap.io/waiting-since'] ?? '';
  return since(a) < since(b) ? -1 : since(a) > since(b) ? 1 : a.metadata.name < b.metadata.name ? -1 : 1;
}
