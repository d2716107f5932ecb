/**
 * The promise that matters most: a published address goes only where it is certain that it must. Random worlds, each address that a decision takes away
 * is held against the few grounds that count; and each address that stays or comes has its claim.
 */
import fc from 'fast-check';
import type { ClusterState } from '../../../allocator/cluster/cluster-state.ts';
import { parseAddressRequest } from '../../../lib/api/service/parse-address-request.ts';
import { publishedAddresses } from '../../../lib/api/service/published-addresses.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import { type Address, formatAddress, sameAddress } from '../../../lib/net/address.ts';
import { addr, apiServer, claim, EIP_CRD, eipObject, handStores, holder, service } from './builders.ts';
import { type Look, lookAt, SETTINGS, worldOf } from './decide.ts';

/** The Eips are /30 each: small enough that everything happens. */
const RANGES = { a: '10.0.0.0/30', b: '10.0.0.4/30', c: '10.0.0.8/30', six: '2001:db8::/126' } as const;
const ADDRESSES = [
  ...Array.from({ length: 12 }, (_, i) => `10.0.0.${i}`),
  ...['2001:db8::', '2001:db8::1', '2001:db8::2'],
  '192.0.2.1',
];

const eips = fc.record(
  Object.fromEntries(
    Object.entries(RANGES).map(([name, range]) => [
      name,
      fc.record({
        state: fc.constantFrom('there', 'there', 'broken', 'shrunk', 'overlapping', 'gone'),
        range: fc.constant(range),
        disable: fc.boolean(),
        namespaces: fc.constantFrom([], ['shop'], ['other']),
      }),
    ]),
  ),
);
const entries = fc.uniqueArray(
  fc.record({
    address: fc.constantFrom(...ADDRESSES),
    holders: fc.constantFrom(['front'], ['back'], ['front', 'back']),
    eip: fc.constantFrom('a', 'b', 'c', 'six'),
    key: fc.constantFrom(undefined, 'k'),
  }),
  { selector: ({ address }) => address, maxLength: 5 },
);
const fronts = fc.record({
  published: fc.uniqueArray(fc.constantFrom(...ADDRESSES), { maxLength: 2 }),
  annotated: fc.uniqueArray(fc.constantFrom(...ADDRESSES), { maxLength: 2 }),
  label: fc.constantFrom(undefined, 'a', 'b', 'lost'),
  annotations: fc.record(
    {
      'lb.kubesphere.io/v1alpha1': fc.constantFrom('openelb', 'openelb', 'openelb', 'other'),
      'eip.openelb.kubesphere.io/v1alpha2': fc.constantFrom('a', 'b', 'lost'),
      'eip.openelb.kubesphere.io/v1alpha1': fc.constantFrom('10.0.0.1', '10.0.0.6', 'nonsense'),
      'skycap.io/sharing-key': fc.constant('k'),
    },
    { requiredKeys: ['lb.kubesphere.io/v1alpha1'] },
  ),
  families: fc.constantFrom(['IPv4'], ['IPv4', 'IPv6'], ['IPv6']),
  policy: fc.constantFrom('PreferDualStack', 'RequireDualStack'),
});

const worlds = fc.record({
  eips,
  entries,
  front: fronts,
  back: fc.uniqueArray(fc.constantFrom(...ADDRESSES), { maxLength: 1 }),
});
type Made = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

function make(made: Made): { cluster: ClusterState; stores: ReturnType<typeof handStores>; front: Service } {
  const stores = handStores();
  for (const [name, { state, range, disable, namespaces }] of Object.entries(made.eips)) {
    if (state === 'gone') continue;
    const shrunk = range.includes(':')
      ? '2001:db8::3'
      : range.replace('/30', '').replace(/\d+$/, (last) => String(Number(last) + 3));
    const address = { there: range, broken: 'nonsense', shrunk, overlapping: range }[state];
    stores.eips.put(eipObject(name, address, { spec: { address, disable, namespaces } }));
    if (state === 'overlapping')
      stores.eips.put(eipObject(`older-${name}`, shrunk, { metadata: { creationTimestamp: '2025-01-01T00:00:00Z' } }));
  }
  for (const { address, holders, eip, key } of made.entries) {
    const made = claim(
      address,
      holders.map((name, i) =>
        holder(name, { ports: [{ port: 80 + i, protocol: 'TCP' }], ...(key && { sharingKey: key }) }),
      ),
    );
    stores.claims.put({ ...made, spec: { ...made.spec, eip } });
  }
  const { published, annotated, label, annotations, families, policy } = made.front;
  const front = service({
    published,
    annotations: {
      ...annotations,
      ...(annotated.length > 0 && { 'skycap.io/addresses': annotated.join(',') }),
    } as Record<string, string>,
    ...(label && { labels: { 'eip.openelb.kubesphere.io/v1alpha2': label } }),
    spec: {
      ipFamilies: families as ['IPv4'],
      ipFamilyPolicy: families.length > 1 ? (policy as 'RequireDualStack') : 'SingleStack',
    },
  });
  stores.services.put(
    front,
    service({ name: 'back', published: made.back, labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'a' } }),
  );
  const cluster = worldOf(stores);
  // What is not in the cache has been asked for, and is gone.
  const missing = [...Object.keys(RANGES), 'lost'].filter((name) => !stores.eips.get(name));
  void cluster.eips.confirm(missing, apiServer(EIP_CRD), new AbortController().signal);
  return { cluster, stores, front };
}

/** Why a published address may have been taken away; undefined where nothing speaks for it. */
function groundFor(
  address: Address,
  front: Service,
  before: ClusterState,
  { view, decision, assignment }: Look,
): string | undefined {
  const own = before.ledger.claimOf(address)?.spec.holders.find(({ name }) => name === 'front');
  const parsed = parseAddressRequest(front, { ...SETTINGS, defaultEipExists: false, primaryFamily: 4 });
  if (parsed.kind === 'notOurs') return own || view.heldAddresses.length >= 0 ? 'not ours' : undefined;
  const pool = before.eips.pools.containing(address);
  const label = front.metadata.labels?.['eip.openelb.kubesphere.io/v1alpha2'];
  const source = before.ledger.claimOf(address)?.spec ?? (label === undefined ? undefined : { eip: label });
  const eipName = pool?.name ?? source?.eip;
  const replaced = decision.ingress.some(({ ip }) => ip && addr(ip).family === address.family);
  if (!pool && !own && (replaced || assignment?.isComplete)) return 'nobody can claim it, and the Service has another';
  if (parsed.kind === 'invalid') return twoOfAFamily(address, front);
  const { addressRequest } = parsed;
  if (!addressRequest.families.includes(address.family)) return 'the family is not wanted';
  const requested = addressRequest.addresses.find(({ family }) => family === address.family);
  if (requested && !sameAddress(requested, address) && replaced) return 'another address is requested, and given';
  if (addressRequest.eipNames.length > 0 && !addressRequest.eipNames.includes(eipName ?? '') && replaced)
    return 'another Eip is named, and gives';
  return twoOfAFamily(address, front);
}

/** More than one address of a family is never ours to give. */
function twoOfAFamily(address: Address, front: Service): string | undefined {
  return publishedAddresses(front).filter(({ family }) => family === address.family).length > 1
    ? 'one a family is enough'
    : undefined;
}

test('an address leaves the status only on certain grounds, and every address in it has its claim or was there before', async () => {
  const grounds = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(worlds, async (made) => {
      const { cluster, stores, front } = make(made);
      await new Promise((resolve) => setImmediate(resolve));
      const before = make(made).cluster;
      await new Promise((resolve) => setImmediate(resolve));
      const look = lookAt(front, cluster, stores);
      const after = look.decision.ingress.flatMap(({ ip }) => (ip ? [addr(ip)] : []));
      for (const address of publishedAddresses(front)) {
        if (after.some((one) => sameAddress(one, address))) continue;
        const ground = groundFor(address, front, before, look);
        grounds.set(ground ?? 'none', (grounds.get(ground ?? 'none') ?? 0) + 1);
        expect(`${formatAddress(address)}: ${ground}`).not.toBe(`${formatAddress(address)}: undefined`);
      }
      for (const { address } of look.assignment?.uses ?? []) {
        expect(cluster.ledger.claimOf(address)?.spec.holders.map(({ name }) => name)).toContain('front');
      }
      for (const address of after) {
        const isNew = !publishedAddresses(front).some((one) => sameAddress(one, address));
        if (isNew)
          expect(look.assignment?.uses.map((use) => formatAddress(use.address))).toContain(formatAddress(address));
      }
    }),
    { numRuns: 600 },
  );
  // The test is worth something only while all of these happen.
  expect([...grounds.keys()].sort()).toEqual(
    expect.arrayContaining([expect.stringMatching(/^another .* gives$|given$/), 'one a family is enough']),
  );
}, 60_000);
