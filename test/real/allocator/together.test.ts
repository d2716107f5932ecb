/**
 * Services that have an address together, at a real API server without a webhook: consent is needed to join an address, and never to stay at one. What OpenELB published
 * together stays so, in whatever order the Services are looked at; an edit moves nobody; requests of one namespace are their own consent.
 */
import type { Service } from '../../../lib/api/service.ts';
import { SERVICES } from '../../../lib/kube/resource.ts';
import { AllocatorLab, assigned, eventually, publishedBy, type Replica, refOf } from './harness.ts';

const REQUEST = 'eip.openelb.kubesphere.io/v1alpha1';
const LABEL = 'eip.openelb.kubesphere.io/v1alpha2';
const KEY = 'skycap.io/sharing-key';

let lab: AllocatorLab;
let replica: Replica | undefined;

beforeAll(async () => {
  lab = await AllocatorLab.start();
}, 60_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

const port = (number: number) => ({ ports: [{ port: number, protocol: 'TCP' as const }] });

async function lead(): Promise<void> {
  replica = await lab.replica();
}

async function stop(): Promise<void> {
  if (replica) await lab.stop(replica);
  replica = undefined;
}

/** As OpenELB leaves it. */
async function published(
  key: string,
  addresses: readonly string[],
  annotations: Record<string, string> = {},
  spec: Service['spec'] = {},
): Promise<void> {
  await lab.create(key, annotations, spec, { labels: { [LABEL]: 'of-openelb' } });
  const status = { loadBalancer: { ingress: addresses.map((ip) => ({ ip })) } };
  await lab.admin.patch(SERVICES, refOf(key), { status }, { type: 'merge', subresource: 'status' });
}

/** Fails as soon as one of the Services publishes something else. */
async function withoutMoving<T>(keys: readonly string[], act: () => Promise<T>): Promise<T> {
  const texts = async () => Promise.all(keys.map(async (key) => `${key} ${publishedBy(await lab.service(key))}`));
  const before = await texts();
  const { resourceVersion } = await lab.admin.list(SERVICES);
  const result = await act();
  expect(await texts()).toEqual(before);
  const stop = new AbortController();
  const moved: string[] = [];
  const marker = `${keys[0]}`;
  const events = await lab.admin.watch(SERVICES, { resourceVersion, timeoutSeconds: 20, signal: stop.signal });
  await lab.patch(marker, { metadata: { labels: { seen: String(performance.now()) } } });
  const last = (await lab.service(marker)).metadata.resourceVersion;
  for await (const event of events) {
    if (event.type === 'bookmark') continue;
    const { metadata } = event.object;
    const text = `${metadata.namespace}/${metadata.name} ${publishedBy(event.object)}`;
    if (keys.includes(`${metadata.namespace}/${metadata.name}`) && !before.includes(text)) moved.push(text);
    if (metadata.resourceVersion === last) break;
  }
  stop.abort();
  expect(moved).toEqual([]);
  return result;
}

test('what was published together before Skycap came stays, and each Service is told what is in the way', async () => {
  await lab.pool('old', '10.1.0.0/24');
  await lab.eip('old-six', '2001:db8:1::/120', { namespaces: ['old'] });
  await lab.namespace('abroad');
  const dual = { ipFamilyPolicy: 'RequireDualStack' } as const;
  const six = '2001:db8:1::7';
  await published('old/plain', ['10.1.0.1'], {}, port(80));
  await published('old/asks', ['10.1.0.1'], { [REQUEST]: '10.1.0.1' }, port(81));
  await published('old/collides', ['10.1.0.1'], {}, port(80));
  await published('old/local', ['10.1.0.1'], {}, { ...port(82), externalTrafficPolicy: 'Local' });
  await published('abroad/far', ['10.1.0.1'], { [LABEL]: 'old' }, port(83));
  await published('old/dual-1', ['10.1.0.2', six], {}, { ...port(80), ...dual });
  await published('old/dual-2', ['10.1.0.2', six], {}, { ...port(81), ...dual });
  await published('old/broken', ['10.1.0.2'], { [REQUEST]: 'nonsense' }, port(82));
  await published('old/alone', ['10.1.0.3'], {}, port(80));
  await published('old/asks-1', ['10.1.0.4'], { [REQUEST]: '10.1.0.4' }, port(80));
  await published('old/asks-2', ['10.1.0.4'], { [REQUEST]: '10.1.0.4' }, port(81));
  const many = Array.from({ length: 24 }, (_, i) => `old/many-${i}`);
  await Promise.all(many.map((key, i) => published(key, ['10.1.0.5'], {}, port(1000 + (i % 12)))));
  const first = ['old/plain', 'old/asks', 'old/collides', 'old/local', 'abroad/far'];
  const all = [...first, 'old/dual-1', 'old/dual-2', 'old/broken', 'old/alone', 'old/asks-1', 'old/asks-2', ...many];
  const reasons = async () =>
    Object.fromEntries(await Promise.all(all.map(async (key) => [key, assigned(await lab.service(key))?.reason])));
  const settled = () =>
    eventually(async () => {
      const told = await reasons();
      for (const key of all) {
        const isFine = key === 'old/alone' || key.startsWith('old/asks-');
        expect(`${key} ${told[key]}`).toBe(`${key} ${isFine ? 'Assigned' : 'KeepsFormerAddress'}`);
      }
      const claims = { ...(await lab.claims('old')) };
      expect(claims['10.1.0.1']?.split(';').sort()).toEqual([...first].sort());
      expect(claims['10.1.0.5']?.split(';').sort()).toEqual([...many].sort());
      expect(claims[six]?.split(';').sort()).toEqual(['old/dual-1', 'old/dual-2']);
    }, 20_000);
  await withoutMoving(all, async () => {
    await lead();
    await settled();
  });
  const message = assigned(await lab.service('old/plain'))?.message ?? '';
  expect(message).toContain('keeps 10.1.0.1 from Eip old: ');
  expect(message).toContain('have it; give all the same annotation skycap.io/sharing-key to share it');
  expect(message).toContain('Service old/collides uses port 80/TCP of it');
  expect(message).toContain('Service old/local has externalTrafficPolicy Local');
  expect(message).toContain('Service abroad/far is in another namespace');
  // A new one is judged by all of them.
  await lab.create('old/new', { [REQUEST]: '10.1.0.1' }, port(8080));
  await lab.reason('old/new', 'AddressInUse');
  await withoutMoving(all, async () => {
    await stop();
    await lead();
    await settled();
  });
  await withoutMoving(all, async () => {
    await lab.plane.kubectl(['delete', 'eipclaims', '--all']);
    await settled();
  });
  await withoutMoving(all, async () => {
    await stop();
    await lab.plane.kubectl(['delete', 'eipclaims', '--all']);
    await lead();
    await settled();
  });
  // They do what they were told.
  const keyed = { metadata: { annotations: { [KEY]: 'k', 'skycap.io/sharing-namespaces': 'old,abroad' } } };
  await withoutMoving(all, async () => {
    for (const key of first) await lab.patch(key, keyed);
    await lab.patch('old/collides', { spec: { ports: [{ port: 84, protocol: 'TCP' }] } });
    await lab.patch('old/local', { spec: { externalTrafficPolicy: 'Cluster' } });
    for (const key of first) await lab.reason(key, 'Assigned');
  });
}, 120_000);

test('an edit moves nobody: port, policy, selector and key are said where they are in the way, and are forgotten when they are not', async () => {
  if (!replica) await lead();
  await lab.pool('edits', '10.1.1.0/29');
  const key = { [KEY]: 'k' };
  const spec = (number: number) => ({ ...port(number), selector: { app: 'web' } });
  await lab.create('edits/a', key, spec(80));
  await lab.published('edits/a', '10.1.1.0');
  await lab.create('edits/b', key, spec(81));
  await lab.published('edits/b', '10.1.1.0');
  const both = ['edits/a', 'edits/b'];
  const edit = async (body: object, words: string) => {
    await lab.patch('edits/a', body);
    for (const name of both) await lab.reason(name, 'KeepsFormerAddress');
    expect(assigned(await lab.service('edits/b'))?.message).toBe(`keeps 10.1.1.0 from Eip edits: ${words}`);
  };
  const together = async (name: string, body: object) => {
    await lab.patch(name, body);
    for (const one of both) await lab.reason(one, 'Assigned');
  };
  await withoutMoving(both, async () => {
    const has = 'Service edits/a has';
    await edit(
      { spec: { externalTrafficPolicy: 'Local' } },
      `${has} externalTrafficPolicy Local; sharers need the same one`,
    );
    await together('edits/b', { spec: { externalTrafficPolicy: 'Local' } });
    const endpoints = 'with externalTrafficPolicy Local sharers need one namespace and selector';
    await edit({ spec: { selector: { app: 'x' } } }, `${has} other endpoints; ${endpoints}`);
    await together('edits/b', { spec: { selector: { app: 'x' } } });
    const keys = 'give both the same annotation skycap.io/sharing-key to share it';
    await edit({ metadata: { annotations: { [KEY]: 'other' } } }, `${has} it; ${keys}`);
    await together('edits/b', { metadata: { annotations: { [KEY]: 'other' } } });
    await edit({ spec: port(81) }, 'Service edits/a uses port 81/TCP of it; choose another port');
    await together('edits/a', { spec: port(80) });
    await edit({ metadata: { annotations: { [KEY]: null } } }, `${has} it; ${keys}`);
    // Nobody joins what is not agreed on.
    await lab.create('edits/c', { [KEY]: 'other' }, spec(82));
    await lab.published('edits/c', '10.1.1.1');
  });
  // A request is a wish to move.
  await lab.patch('edits/a', { metadata: { annotations: { [REQUEST]: '10.1.1.3' } } });
  await lab.published('edits/a', '10.1.1.3');
  await lab.reason('edits/b', 'Assigned');
}, 60_000);

test('Services of one namespace that request one address share it without a key; of two they do not', async () => {
  if (!replica) await lead();
  await lab.pool('asked', '10.1.2.0/29');
  await lab.namespace('asked-too');
  const asks = { [REQUEST]: '10.1.2.3' };
  await lab.create('asked/a', asks, port(80));
  await lab.published('asked/a', '10.1.2.3');
  await lab.create('asked/b', {}, { ...port(81), loadBalancerIP: '10.1.2.3' });
  await lab.published('asked/b', '10.1.2.3');
  expect((await lab.claim('10.1.2.3'))?.spec.holders.map(({ requested }) => requested)).toEqual([true, true]);
  await lab.reason('asked/a', 'Assigned');
  await lab.create('asked/collides', asks, port(80));
  await lab.create('asked/local', asks, { ...port(82), externalTrafficPolicy: 'Local' });
  await lab.create('asked-too/c', asks, port(83));
  for (const key of ['asked/collides', 'asked/local', 'asked-too/c']) {
    expect(publishedBy(await lab.reason(key, 'AddressInUse'))).toBe('');
  }
  // One that got an address by chance has not agreed to share it.
  await lab.create('asked/chance', {}, port(80));
  await lab.published('asked/chance', '10.1.2.0');
  await lab.create('asked/wants', { [REQUEST]: '10.1.2.0' }, port(81));
  await lab.reason('asked/wants', 'AddressInUse');
  await lab.patch('asked/chance', { metadata: { annotations: { [REQUEST]: '10.1.2.0' } } });
  await lab.published('asked/wants', '10.1.2.0');
  // Taken back, it stays.
  await lab.patch('asked/chance', { metadata: { annotations: { [REQUEST]: null } } });
  for (const key of ['asked/chance', 'asked/wants']) {
    expect(publishedBy(await lab.reason(key, 'KeepsFormerAddress'))).toBe('10.1.2.0');
  }
}, 60_000);
