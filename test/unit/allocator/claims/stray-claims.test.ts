/** Claims without a Service: which give way, when, and that a Service which comes meanwhile is not published on the strength of one. */

import { StoredTokens } from '../../../../allocator/claims/stored-tokens.ts';
import { StrayClaims } from '../../../../allocator/claims/stray-claims.ts';
import { ClusterState } from '../../../../allocator/cluster/cluster-state.ts';
import type { Service } from '../../../../lib/api/service/service.ts';
import type { ClaimHolder } from '../../../../lib/api/skycap/claim.ts';
import { TakenButFor } from '../../../../lib/ipam/claims/taken-but-for.ts';
import type { KubeClient } from '../../../../lib/kube/client.ts';
import { KubeError } from '../../../../lib/kube/errors.ts';
import { parseRange } from '../../../../lib/net/range.ts';
import { addr, claim, eipObject, handStores, holder, NOW_MS, service } from '../builders.ts';

const NOT_FOUND = new KubeError('get', { statusCode: 404, reason: 'NotFound', statusMessage: '' });
const { signal } = new AbortController();

function unbound(name: string | undefined, differs: Partial<ClaimHolder> = {}): ClaimHolder {
  const { uid: _, name: __, ...entry } = holder(name ?? 'x');
  return { ...entry, ...(name !== undefined && { name }), token: `token-${name}`, ...differs };
}

/** @param startedMs the time at which the process has started. */
function site(stored: readonly Service[] = [], startedMs = -20_000) {
  const stores = handStores();
  stores.eips.put(eipObject('web', '10.0.0.0/24'), eipObject('small', '10.0.1.0/30'));
  const time = { nowMs: startedMs };
  const clock = { nowMs: () => NOW_MS + time.nowMs, monotonicMs: () => time.nowMs };
  const cluster = new ClusterState(stores, clock);
  for (const eip of stores.eips.values()) stores.eips.put(eip);
  time.nowMs = 0;
  const client = {
    get: (_: unknown, { name }: { name: string }) => {
      const found = stored.find(({ metadata }) => metadata.name === name);
      return found ? Promise.resolve(found) : Promise.reject(NOT_FOUND);
    },
    list: () => Promise.resolve({ items: stored, resourceVersion: '1' }),
  } as unknown as KubeClient;
  const tokens = new StoredTokens({ client, ...clock });
  const strays = new StrayClaims({ cluster, client, tokens, graceMs: 60_000, ...clock });
  const names = (to = 'other') => strays.givingWayTo(to).map(({ spec }) => spec.address);
  return { stores, cluster, strays, names, time };
}

test('one gives way after a second, the oldest first; not one that is bound, nor one whose Service is there', () => {
  const { stores, cluster, names, time } = site();
  stores.services.put(service({ name: 'there' }));
  cluster.saw(service({ name: 'there' }));
  stores.claims.put(claim('10.0.0.1', [unbound('a')]));
  time.nowMs = 500;
  stores.claims.put(claim('10.0.0.2', [holder('bound')]), claim('10.0.0.3', [unbound('there')]));
  stores.claims.put(claim('10.0.0.0', [unbound(undefined)]), claim('10.0.0.4', [unbound('b'), holder('bound')]));
  expect(names()).toEqual([]);
  time.nowMs = 1_000;
  expect(names()).toEqual(['10.0.0.1']);
  time.nowMs = 1_500;
  expect(names()).toEqual(['10.0.0.1', '10.0.0.0']);
});

test('one gives way to Services of its own namespace after five seconds: where many are created at once, calls take that long', () => {
  const { stores, strays, names, time } = site();
  const own = unbound('a').namespace;
  stores.claims.put(claim('10.0.0.1', [unbound('a')]));
  time.nowMs = 5_099;
  expect([names(), names(own), [...strays.look().givingWay]]).toEqual([['10.0.0.1'], [], ['10.0.0.1']]);
  time.nowMs = 5_100;
  expect([names(), names(own), [...strays.look().givingWay]]).toEqual([
    ['10.0.0.1'],
    ['10.0.0.1'],
    ['10.0.0.1', '10.0.0.1 to all'],
  ]);
});

test.each<[string, Service[], boolean]>([
  ['nobody is there', [], true],
  ['its Service is there, and the cache is behind', [service({ name: 'a' })], false],
  ['what has the name is no load balancer', [service({ name: 'a', spec: { type: 'ClusterIP' } })], true],
])('it is taken where %s', async (_, stored, isTaken) => {
  const { stores, cluster, strays, names, time } = site(stored);
  stores.claims.put(claim('10.0.0.1', [unbound('a')]));
  time.nowMs = 2_000;
  const managedMetadata: boolean[] = [];
  const write = () => {
    managedMetadata.push(cluster.beingTaken.has('10.0.0.1'));
    return Promise.resolve(true);
  };
  const [given] = strays.givingWayTo('other');
  const taking = strays.take(given!, write, signal);
  // Nobody else takes it, and its Service, should it come now, is bound to it before it is published.
  expect([cluster.beingTaken.has('10.0.0.1'), names()]).toEqual([true, []]);
  expect(await taking).toBe(isTaken);
  expect([managedMetadata, [...cluster.beingTaken]]).toEqual([isTaken ? [true] : [], []]);
  // One that was there is left alone for a while.
  expect(names()).toEqual(isTaken ? ['10.0.0.1'] : []);
  time.nowMs = 7_000;
  expect(names()).toEqual(['10.0.0.1']);
});

test('a grace period is short where addresses are scarce, and for all but the youngest few of a namespace', () => {
  const { stores, strays, cluster, time } = site();
  for (let i = 0; i < 6; i++) {
    time.nowMs = i;
    stores.claims.put(claim(`10.0.0.${i}`, [unbound(`s${i}`)]));
  }
  const graceOf = (address: string): number => {
    const one = cluster.ledger.claimOf(addr(address))!;
    return strays.graceMs(one, one.spec.holders[0]!);
  };
  // None is judged before it has the shortest.
  expect(graceOf('10.0.0.5')).toBe(5_000);
  time.nowMs = 5_005;
  expect([0, 1, 2, 3, 4, 5].map((i) => graceOf(`10.0.0.${i}`))).toEqual([5_600, 5_600, 60_000, 60_000, 60_000, 60_000]);
  stores.claims.put(claim('10.0.1.0', [unbound('t', { namespace: 'other' })]));
  time.nowMs = 10_005;
  expect(graceOf('10.0.1.0')).toBe(60_000);
  stores.claims.put(...[1, 2, 3].map((i) => claim(`10.0.1.${i}`, [holder(`u${i}`)])));
  expect(graceOf('10.0.1.0')).toBe(5_700);
});

test('a grace period is short at an address that others have, whose ports it would keep from them', () => {
  const { stores, strays, cluster, time } = site();
  stores.claims.put(
    claim('10.0.0.1', [unbound('a'), holder('bound')]),
    claim('10.0.0.2', [unbound('b'), unbound('c')]),
  );
  const graceOf = (address: string): number => {
    const one = cluster.ledger.claimOf(addr(address))!;
    return strays.graceMs(one, one.spec.holders[0]!);
  };
  time.nowMs = 5_000;
  expect([graceOf('10.0.0.1'), graceOf('10.0.0.2')]).toEqual([5_300, 60_000]);
});

test('a grace period is never shorter than create calls take: by their number, and by those that were stored of late', () => {
  const { stores, strays, cluster, names, time } = site();
  const own = unbound('a').namespace;
  stores.claims.put(...Array.from({ length: 100 }, (_, i) => claim(`10.0.0.${i}`, [unbound(`s${i}`)])));
  stores.claims.put(claim('10.0.1.0', [unbound('t', { namespace: 'other' })]));
  stores.claims.put(...[1, 2, 3].map((i) => claim(`10.0.1.${i}`, [holder(`u${i}`)])));
  const scarce = cluster.ledger.claimOf(addr('10.0.1.0'))!;
  const scarceMs = (): number => strays.graceMs(scarce, scarce.spec.holders[0]!);
  time.nowMs = 5_000;
  expect(scarceMs()).toBe(15_100);
  for (const one of [...stores.claims.values()].slice(1, 100)) stores.claims.remove(one);
  expect(scarceMs()).toBe(5_200);
  const annotations = { 'skycap.io/claim': 'token-s0' };
  stores.services.put(service({ name: 's0', annotations }));
  cluster.saw(service({ name: 's0', annotations }));
  expect([scarceMs(), names('other'), names(own)]).toEqual([10_000, [], ['10.0.1.0']]);
  time.nowMs = 64_999;
  expect(scarceMs()).toBe(10_000);
  time.nowMs = 65_000;
  expect(scarceMs()).toBe(5_100);
});

test('a process that has just started has measured no create call, and takes them for long', () => {
  const { stores, strays, cluster, names, time } = site([], 0);
  const own = unbound('a').namespace;
  stores.claims.put(
    claim('10.0.1.0', [unbound('a')]),
    ...[1, 2, 3].map((i) => claim(`10.0.1.${i}`, [holder(`u${i}`)])),
  );
  const graceMs = (): number => {
    const one = cluster.ledger.claimOf(addr('10.0.1.0'))!;
    return strays.graceMs(one, one.spec.holders[0]!);
  };
  time.nowMs = 19_999;
  expect([graceMs(), names('other'), names(own)]).toEqual([20_000, ['10.0.1.0'], []]);
  time.nowMs = 20_000;
  expect([graceMs(), names(own)]).toEqual([5_100, ['10.0.1.0']]);
});

test('what is free comes before what gives way, and that in its order', () => {
  const { stores, cluster } = site();
  stores.claims.put(...[0, 1, 2, 3].map((i) => claim(`10.0.1.${i}`, [unbound(`s${i}`, { sharingKey: 'k' })])));
  const claims = ['10.0.1.2', '10.0.1.0'].map((address) => cluster.ledger.claimOf(addr(address))!);
  const taken = new TakenButFor(cluster.ledger, claims);
  const parsed = parseRange('10.0.1.0/30');
  if (!parsed.ok) throw new Error('Cannot test');
  expect(taken.lowestFree(parsed.range)).toBe(addr('10.0.1.2').value);
  expect([taken.isTaken(addr('10.0.1.2')), taken.isTaken(addr('10.0.1.1'))]).toEqual([false, true]);
  expect([taken.claimOf(addr('10.0.1.0')), taken.freeIn(parsed.range)]).toEqual([undefined, 2n]);
  expect(taken.sharedBy('k').map(({ spec }) => spec.address)).toEqual(['10.0.1.1', '10.0.1.3']);
  stores.claims.remove(cluster.ledger.claimOf(addr('10.0.1.3'))!);
  expect(taken.lowestFree(parsed.range)).toBe(addr('10.0.1.3').value);
});
