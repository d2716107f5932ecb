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
  const services = created.map((answer) => answer.body);
  const given = services.flatMap(addressesOf);
  expect(given).toHaveLength(ADDRESSES);
  expect(new Set(given).size).toBe(ADDRESSES);
  const waiting = services.filter((service) => addressesOf(service).length === 0).sort(bySince);
  expect(waiting).toHaveLength(CREATIONS - ADDRESSES);
  for (const answer of created) expect(answer.warnings.join()).toMatch(/assigned 198\.51\.101\.\d+ from Eip|pending: /);

  await eventually(async () => (await publishedOf(scene)).size === ADDRESSES, {
    what: '100 published addresses',
    deadlineMs: 60_000,
  });
  expect((await scene.claims()).length).toBe(ADDRESSES);

  const holders = services.filter((service) => addressesOf(service).length > 0);
  await Promise.all(holders.slice(0, 10).map((service) => scene.deleteService(service.metadata.name)));
  const longest = waiting.slice(0, 10).map((service) => service.metadata.name);
  const served = await eventually(
    async () => {
      const published = await publishedOf(scene);
      const names = waiting.map((service) => service.metadata.name).filter((name) => published.has(name));
      return names.length === 10 && names;
    },
    { what: 'ten waiting Services with an address', deadlineMs: 60_000 },
  );
  expect(served.sort()).toEqual(longest.sort());
  expect(new Set((await publishedOf(scene)).values()).size).toBe(ADDRESSES);
});

/** Service name → its published address. */
async function publishedOf(where: Scene): Promise<Map<string, string>> {
  const services = await where.services();
  return new Map(services.flatMap((s) => (s.status?.loadBalancer?.ingress ?? []).map((i) => [s.metadata.name, i.ip!])));
}

function bySince(a: LabService, b: LabService): number {
  const since = (s: LabService) => s.metadata.annotations?.['skycap.io/waiting-since'] ?? '';
  return since(a) < since(b) ? -1 : since(a) > since(b) ? 1 : a.metadata.name < b.metadata.name ? -1 : 1;
}
