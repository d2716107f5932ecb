/** The small indexes and memories beside the stores. */

import { EipCache } from '../../../allocator/cluster/eip-cache.ts';
import { HolderFirstSeen } from '../../../allocator/cluster/holder-first-seen.ts';
import { MutationCache } from '../../../allocator/cluster/mutation-cache.ts';
import { ServiceIndex } from '../../../allocator/cluster/service-index.ts';
import { ClaimsByEip } from '../../../allocator/status/claims-by-eip.ts';
import type { EipObject } from '../../../lib/api/eip/eip-types.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { ClaimHolder, EipClaim } from '../../../lib/api/skycap/claim.ts';
import { TakenForService } from '../../../lib/ipam/assignment/taken-for-service.ts';
import { Ledger } from '../../../lib/ipam/choice/ledger.ts';
import { addressOf, formatAddress } from '../../../lib/net/address.ts';
import { HandStore } from '../../support/hand-store.ts';
import { addr, claim, eip, eipObject, holder, NOW_MS, service } from './builders.ts';

describe('Fresh', () => {
  const at = (resourceVersion: string, uid = 'uid-front'): Service => service({ metadata: { resourceVersion, uid } });

  test('shows our write until the watch has caught up, and holds nothing then', () => {
    const store = new HandStore<Service>().put(at('9'));
    const fresh = new MutationCache(store);
    fresh.put(at('10'));
    expect(fresh.get('shop/front')?.metadata.resourceVersion).toBe('10');
    store.put(at('9'));
    expect(fresh.get('shop/front')?.metadata.resourceVersion).toBe('10');
    store.put(at('11'));
    expect([fresh.get('shop/front')?.metadata.resourceVersion, fresh.ahead]).toEqual(['11', 0]);
  });

  test('never shows what is deleted, made again, or older', () => {
    const store = new HandStore<Service>().put(at('9'));
    const fresh = new MutationCache(store);
    fresh.put(at('8'));
    expect(fresh.get('shop/front')?.metadata.resourceVersion).toBe('9');
    fresh.put(at('10', 'uid-another'));
    expect(fresh.get('shop/front')?.metadata.uid).toBe('uid-front');
    fresh.put(at('12'));
    store.remove(at('13'));
    expect([fresh.get('shop/front'), fresh.ahead]).toEqual([undefined, 0]);
  });
});

describe('ServiceIndex', () => {
  const label = { 'eip.openelb.kubesphere.io/v1alpha2': 'web' };
  const token = (name: string, createdAt: string): Service =>
    service({
      name,
      annotations: { 'skycap.io/claim': 't' },
      metadata: { creationTimestamp: createdAt, annotations: { 'skycap.io/claim': 't' } },
    });

  test('knows who publishes an address, as long as they do', () => {
    const store = new HandStore<Service>();
    const index = new ServiceIndex(new MutationCache(store));
    const front = service({ published: ['10.0.0.1'], labels: label });
    store.put(front);
    expect(index.isPublishedByOthers(addr('10.0.0.1'), 'shop/back')).toBe(true);
    expect(index.isPublishedByOthers(addr('10.0.0.1'), 'shop/front')).toBe(false);
    store.put(service({ published: ['10.0.0.2'], labels: label }));
    expect(index.isPublishedByOthers(addr('10.0.0.1'), 'shop/back')).toBe(false);
    store.remove(service());
    expect(index.isPublishedByOthers(addr('10.0.0.2'), 'shop/back')).toBe(false);
  });

  test('knows what we have published ourselves before the watch tells of it, and never falls behind it', () => {
    const store = new HandStore<Service>();
    const fresh = new MutationCache(store);
    const index = new ServiceIndex(fresh);
    const at = (resourceVersion: string, ...published: string[]): Service =>
      service({ published, labels: label, metadata: { resourceVersion } });
    store.put(at('8'));
    fresh.put(at('10', '10.0.0.1'));
    index.look('shop/front');
    expect(index.isPublishedByOthers(addr('10.0.0.1'), 'shop/back')).toBe(true);
    store.put(at('9'));
    expect(index.isPublishedByOthers(addr('10.0.0.1'), 'shop/back')).toBe(true);
    store.put(at('11', '10.0.0.2'));
    expect(index.isPublishedByOthers(addr('10.0.0.1'), 'shop/back')).toBe(false);
  });

  test('what other load balancers publish is taken, and they are no publishers of ours', () => {
    const store = new HandStore<Service>();
    const index = new ServiceIndex(new MutationCache(store));
    const found = () => [
      index.isPublishedByOthers(addr('10.0.0.1'), 'shop/back'),
      index.isPublished(addr('10.0.0.1')),
      [...index.publishersOf('10.0.0.1')],
    ];
    const annotations = { 'lb.kubesphere.io/v1alpha1': 'other' };
    store.put(service({ published: ['10.0.0.1'], annotations }));
    expect(found()).toEqual([true, false, []]);
    expect(index.isPublishedByOthers(addr('10.0.0.1'), 'shop/front')).toBe(false);
    store.put(service({ published: ['10.0.0.1'] }));
    expect(found()).toEqual([true, true, ['shop/front']]);
    store.put(service({ published: [], annotations }));
    expect(found()).toEqual([false, false, []]);
  });

  test('of several with one token the oldest has it', () => {
    const store = new HandStore<Service>();
    const index = new ServiceIndex(new MutationCache(store));
    store.put(token('copy', '2026-01-02T00:00:00Z'), token('own', '2026-01-01T00:00:00Z'));
    expect(index.ownerOf('shop', 't')?.metadata.name).toBe('own');
    expect(index.ownerOf('other', 't')).toBeUndefined();
    store.remove(token('own', ''));
    expect(index.ownerOf('shop', 't')?.metadata.name).toBe('copy');
  });
});

test('an address published by another is taken, and the lowest free one is looked for beyond it', () => {
  const ledger = new Ledger();
  ledger.apply(claim('10.0.0.0', [holder('front')]));
  const taken = new TakenForService(
    ledger,
    (address) => ['10.0.0.1', '10.0.0.2'].includes(formatAddress(address)),
    () => true,
  );
  const { range } = eip('web', '10.0.0.0/30');
  expect(formatAddress(addressOf(4, taken.lowestFree(range) ?? 0n))).toBe('10.0.0.3');
  expect(taken.isTaken(addr('10.0.0.1'))).toBe(true);
  expect(taken.lowestFree(eip('small', '10.0.0.0/31').range)).toBeUndefined();
});

test('unbound holders are remembered from when they were first seen, bound ones not at all', () => {
  let elapsedMs = 0;
  let setBackMs = 0;
  const nowMs = () => NOW_MS + elapsedMs - setBackMs;
  const holderFirstSeen = new HolderFirstSeen({ nowMs, monotonicMs: () => elapsedMs }, () => undefined);
  const { uid: _, ...unbound } = holder('front');
  const made = claim('10.0.0.1', [unbound]);
  holderFirstSeen.onChange({ type: 'added', key: '10.0.0.1', object: made });
  elapsedMs += 1_000;
  holderFirstSeen.onChange({ type: 'modified', key: '10.0.0.1', object: made, old: made });
  expect([holderFirstSeen.firstSeenMs(made, unbound), holderFirstSeen.size]).toEqual([NOW_MS, 1]);
  setBackMs = 3_600_000;
  expect(nowMs() - holderFirstSeen.firstSeenMs(made, unbound)).toBe(1_000);
  holderFirstSeen.onChange({
    type: 'modified',
    key: '10.0.0.1',
    object: claim('10.0.0.1', [holder('front')]),
    old: made,
  });
  expect([holderFirstSeen.firstSeenMs(made, unbound), holderFirstSeen.size]).toEqual([nowMs(), 0]);
});

test('a holder is known as stored from its Service on, until it is written anew', () => {
  let stored: string | undefined;
  const holderFirstSeen = new HolderFirstSeen({ nowMs: () => NOW_MS, monotonicMs: () => 0 }, () => stored);
  const { uid: _, ...front } = holder('front');
  const see = (one: ClaimHolder) => {
    const object = claim('10.0.0.1', [one]);
    holderFirstSeen.onChange({ type: 'modified', key: '10.0.0.1', object, old: object });
    return [holderFirstSeen.wasStored(object, one), holderFirstSeen.unstored().has('10.0.0.1')];
  };
  expect(see(front)).toEqual([false, true]);
  holderFirstSeen.noteStored(claim('10.0.0.1', [front]), front, 'uid-front');
  expect(see(front)).toEqual([true, false]);
  // A create call of the same name took the claim over with its token.
  expect(see({ ...front, since: '2026-01-01T00:00:01Z' })).toEqual([false, true]);
  stored = 'uid-front';
  expect(see({ ...front, since: '2026-01-01T00:00:02Z' })).toEqual([true, false]);
});

test('a create call took as long as the holder was old when its Service was first seen, by either clock', () => {
  let elapsedMs = 0;
  const clock = { nowMs: () => NOW_MS + elapsedMs, monotonicMs: () => elapsedMs };
  const holderFirstSeen = new HolderFirstSeen(clock, () => undefined);
  const tookMs = (ageMs: number) => {
    const { uid: _, ...front } = holder('front', { since: new Date(clock.nowMs() - ageMs).toISOString() });
    const made = claim('10.0.0.1', [front]);
    holderFirstSeen.onChange({ type: 'deleted', key: '10.0.0.1', object: made });
    holderFirstSeen.onChange({ type: 'added', key: '10.0.0.1', object: made });
    const before = holderFirstSeen.storedAfterMs(made, front);
    elapsedMs += 700;
    for (let times = 0; times < 2; times++) {
      holderFirstSeen.noteStored(made, front, 'uid-front');
      elapsedMs += 5_000;
    }
    return [before, holderFirstSeen.storedAfterMs(made, front)];
  };
  // The webhook's clock is right, then ahead; the last holder is older than this process.
  expect([tookMs(0), tookMs(-3_000), tookMs(60_000)]).toEqual([
    [undefined, 700],
    [undefined, 700],
    [undefined, 60_700],
  ]);
});

test('claims count to the Eip that has their address now, else to the one they name', () => {
  const eips = new HandStore<EipObject>();
  const claims = new HandStore<EipClaim>();
  const known = new EipCache(eips, { monotonicMs: () => 0 }, () => []);
  const byEip = new ClaimsByEip(claims, known);
  eips.subscribe(() => byEip.reset());
  claims.put(claim('10.0.0.1', [holder('front')]), claim('10.0.0.9', [holder('back')]));
  const addresses = (name: string): string[] => byEip.of(name).map(({ spec }) => spec.address);
  expect(addresses('web')).toEqual(['10.0.0.1', '10.0.0.9']);
  eips.put(eipObject('other', '10.0.0.8/30'));
  expect([addresses('web'), addresses('other')]).toEqual([['10.0.0.1'], ['10.0.0.9']]);
  claims.remove(claim('10.0.0.9', []));
  claims.put(claim('10.0.0.10', [holder('third')]));
  expect(addresses('other')).toEqual(['10.0.0.10']);
});

test('what is the matter with an Eip is said with the remedy', () => {
  const store = new HandStore<EipObject>();
  const eips = new EipCache(store, { monotonicMs: () => 0 }, () => []);
  store.put(
    eipObject('broken', 'nonsense'),
    eipObject('older', '10.0.0.0/24'),
    eipObject('younger', '10.0.0.0/30', { metadata: { creationTimestamp: '2026-01-02T00:00:00Z' } }),
  );
  const trouble = (eip: string, eipUid?: string) => {
    const { reason, message } = eips.eipProblemOf({ eip, ...(eipUid && { eipUid }) });
    return `${reason}: ${message}`;
  };
  expect(trouble('broken')).toContain('"nonsense" is not an IP address; write');
  expect(trouble('younger')).toBe('EipInvalid: Eip younger overlaps the older Eip older; change or delete one of them');
  expect(trouble('older')).toContain('does not contain the address any more; enlarge it');
  expect(trouble('older', 'uid-of-before')).toMatch(
    /^KeepsFormerAddress: Eip older was deleted and made again without/,
  );
  expect(trouble('never')).toBe(
    'KeepsFormerAddress: Eip never is gone; create it again, or have the Service name another',
  );
});
