/**
 * Services that have an address together, at a real API server without a webhook: consent is needed to join an address, and never to stay at one. What OpenELB published
 * together stays so, in whatever order the Services are looked at; an edit moves nobody; requests of one namespace are their own consent.
 */
import type { Service } from '../../../lib/api/service/service.ts';
import { SERVICES } from '../../../lib/kube/resource.ts';
import { AllocatorLab, assigned, eventually, publishedBy, type Replica, refOf } from './harness.ts';

const REQUEST = 'eip.openelb.kubesphere.io/v1alpha1';
const LABEL = 'eip.openelb.kubesphere.io/v1alpha2';
const KEY = 'skycap.io/sharing-key';

let lab: AllocatorLab;
let replica: Replica | undefined;

beforeAll(async () => {
  lab = await AllocatorLab.start();
}, 180_000);
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
    }, 60_000);
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
}, 300_000);

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

describe('Services that wait for each other’s addresses', () => {
  const requests = (...addresses: string[]) => ({ metadata: { annotations: { [REQUEST]: addresses.join() } } });
  const SIX = '2001:db8:3::';

  /** Each publishes the address with its number. */
  async function stands(namespace: string, addresses: readonly string[], spec: Service['spec'] = {}): Promise<void> {
    for (const [i, address] of addresses.entries()) {
      await lab.create(`${namespace}/s${i}`, { [REQUEST]: address }, { ...port(80), ...spec });
      await lab.published(`${namespace}/s${i}`, address);
    }
  }

  /** Fails where an address was published by two of them at any instant since. */
  async function neverTwice<T>(namespace: string, act: () => Promise<T>): Promise<T> {
    const { items, resourceVersion } = await lab.admin.list(SERVICES, { namespace });
    const result = await act();
    const last = await lab.patch(`${namespace}/s0`, { metadata: { labels: { seen: String(performance.now()) } } });
    const now = new Map(items.map((service) => [service.metadata.name, publishedBy(service)]));
    const { signal } = new AbortController();
    const events = await lab.admin.watch(SERVICES, { resourceVersion, timeoutSeconds: 20, signal });
    for await (const event of events) {
      if (event.type === 'bookmark' || event.object.metadata.namespace !== namespace) continue;
      const { name, resourceVersion: version } = event.object.metadata;
      now.set(name, publishedBy(event.object));
      const all = [...now.values()].flatMap((text) => (text === '' ? [] : text.split(',')));
      expect([...all].sort()).toEqual([...new Set(all)].sort());
      if (version === last.metadata.resourceVersion) break;
    }
    return result;
  }

  async function end(namespace: string, addresses: readonly string[]): Promise<void> {
    await eventually(async () => {
      const { items } = await lab.admin.list(SERVICES, { namespace });
      const claims = await lab.claims(namespace);
      const lines = addresses.map((address, i) => {
        const service = items.find(({ metadata }) => metadata.name === `s${i}`)!;
        const held = address.split(',').map((one) => claims[one]);
        return `s${i} ${publishedBy(service)} ${assigned(service)?.reason} ${held}`;
      });
      expect(lines).toEqual(
        addresses.map(
          (address, i) => `s${i} ${address} Assigned ${address.split(',').map(() => `${namespace}/s${i}`)}`,
        ),
      );
    }, 60_000);
  }

  beforeAll(async () => {
    if (!replica) await lead();
    await lab.eip('swaps-six', '2001:db8:3::/120', { namespaces: ['swap-six'] });
  });

  test.each(['01', '10'])('two change places, in whichever order they are edited: %s', async (order) => {
    const namespace = `swap-${order}`;
    await lab.pool(namespace, `10.1.1${order}.0/30`);
    const [x, y] = [`10.1.1${order}.0`, `10.1.1${order}.1`];
    await stands(namespace, [x, y]);
    const claimedRequest = [y, x];
    await neverTwice(namespace, async () => {
      for (const i of order) await lab.patch(`${namespace}/s${i}`, requests(claimedRequest[Number(i)]!));
      await end(namespace, claimedRequest);
    });
  });

  test('three in a ring, one of them Local, while somebody else waits for one of the addresses', async () => {
    await lab.pool('ring', '10.1.4.0/30');
    const [x, y, z] = ['10.1.4.0', '10.1.4.1', '10.1.4.2'] as const;
    await stands('ring', [x, y, z]);
    await lab.create('ring/other', { [REQUEST]: y }, port(80));
    await lab.reason('ring/other', 'AddressInUse');
    await lab.patch('ring/s1', { spec: { externalTrafficPolicy: 'Local' } });
    await neverTwice('ring', async () => {
      await lab.patch('ring/s0', requests(y));
      await lab.patch('ring/s2', requests(x));
      await lab.patch('ring/s1', requests(z));
      await end('ring', [y, z, x]);
    });
    expect(publishedBy(await lab.reason('ring/other', 'AddressInUse'))).toBe('');
  });

  test('in both families at once, and in one of two', async () => {
    await lab.pool('swap-six', '10.1.5.0/30');
    const dual = { ipFamilyPolicy: 'RequireDualStack' } as const;
    const at = (i: number) => `10.1.5.${i},${SIX}${i + 1}`;
    await stands('swap-six', [at(0), at(1)], dual);
    await lab.patch('swap-six/s0', requests(at(1)));
    await lab.patch('swap-six/s1', requests(at(0)));
    await end('swap-six', [at(1), at(0)]);
    await lab.patch('swap-six/s0', requests('10.1.5.0', `${SIX}2`));
    await lab.patch('swap-six/s1', requests('10.1.5.1', `${SIX}1`));
    await end('swap-six', [`10.1.5.0,${SIX}2`, `10.1.5.1,${SIX}1`]);
  });

  test('of two full Eips', async () => {
    await lab.pool('swap-eips', '10.1.6.0/32');
    await lab.eip('swap-eips-2', '10.1.6.9/32', { namespaces: ['swap-eips'] });
    for (const [i, name] of ['swap-eips', 'swap-eips-2'].entries()) {
      await lab.create(`swap-eips/s${i}`, { [LABEL]: name });
      await lab.reason(`swap-eips/s${i}`, 'Assigned');
    }
    await lab.patch('swap-eips/s0', { metadata: { annotations: { [LABEL]: 'swap-eips-2' } } });
    await lab.reason('swap-eips/s0', 'KeepsFormerAddress');
    await lab.patch('swap-eips/s1', { metadata: { annotations: { [LABEL]: 'swap-eips' } } });
    await end('swap-eips', ['10.1.6.9', '10.1.6.0']);
  });

  test('a third who stays is in the way, and not when it has gone', async () => {
    await lab.pool('third', '10.1.7.0/30');
    const shared = { [KEY]: 'k' };
    await stands('third', ['10.1.7.0', '10.1.7.1']);
    await lab.patch('third/s0', { metadata: { annotations: shared } });
    await lab.create('third/stays', { ...shared, [REQUEST]: '10.1.7.0' }, port(81));
    await lab.published('third/stays', '10.1.7.0');
    await lab.patch('third/s0', requests('10.1.7.1'));
    await lab.patch('third/s1', { ...requests('10.1.7.0'), spec: port(81) });
    for (const name of ['s0', 's1']) await lab.reason(`third/${name}`, 'KeepsFormerAddress');
    await replica?.idle();
    expect([publishedBy(await lab.service('third/s0')), publishedBy(await lab.service('third/s1'))]).toEqual([
      '10.1.7.0',
      '10.1.7.1',
    ]);
    await lab.remove('third/stays');
    await end('third', ['10.1.7.1', '10.1.7.0']);
  });

  test('a crash at any step heals', async () => {
    await lab.pool('crash', '10.1.8.0/28');
    const at = (i: number) => `10.1.8.${i}`;
    const count = 6;
    await stands(
      'crash',
      Array.from({ length: count }, (_, i) => at(i)),
    );
    for (let round = 1; round <= 4; round++) {
      const claimedRequest = Array.from({ length: count }, (_, i) => at((i + round) % count));
      await neverTwice('crash', async () => {
        for (const [i, address] of claimedRequest.entries()) await lab.patch(`crash/s${i}`, requests(address));
        await new Promise((resolve) => setTimeout(resolve, round * 15));
        if (replica) await lab.vanish(replica);
        replica = undefined;
        await lead();
        await end('crash', claimedRequest);
      });
    }
  }, 120_000);
});
