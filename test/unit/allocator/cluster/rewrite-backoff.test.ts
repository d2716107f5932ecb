/** What another controller writes over: quickly repaired at first, rarer while it goes on, told once. */
import { RewriteBackoff, type Texts } from '../../../../allocator/cluster/rewrite-backoff.ts';

const A: Texts = { ingress: 'a' };

class Site {
  nowMs = 0;
  readonly rewriteBackoff = new RewriteBackoff({ monotonicMs: () => this.nowMs });

  /** Somebody has written over it, and it is written again as soon as it may. @returns how long that took, and whether it was told. */
  repair(texts: Texts = A, afterMs = 0): { readonly waitMs: number; readonly isTold: boolean } {
    this.nowMs += afterMs;
    const waitMs = this.rewriteBackoff.waitMs('key', texts);
    this.nowMs += waitMs;
    const isTold = this.rewriteBackoff.isWorthTelling('key', texts);
    this.rewriteBackoff.wrote('key', texts, isTold ? 'rival' : undefined);
    return { waitMs, isTold };
  }
}

test('something new is written at once, whatever was before', () => {
  const site = new Site();
  for (const text of ['a', 'b', 'a', 'b', 'a'])
    expect(site.repair({ ingress: text }, 1)).toEqual({ waitMs: 0, isTold: false });
  expect(site.rewriteBackoff.contestOf('key')).toBeUndefined();
});

test('the same again waits, longer each time, never over two seconds in the first minute, nor over ten after it; told once', () => {
  const site = new Site();
  site.repair();
  const all = Array.from({ length: 60 }, () => site.repair());
  expect(all.slice(0, 7).map(({ waitMs }) => waitMs)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
  expect(Math.max(...all.map(({ waitMs }) => waitMs))).toBe(10_000);
  let atMs = 0;
  for (const { waitMs } of all) {
    atMs += waitMs;
    if (atMs < 60_000) expect(waitMs).toBeLessThanOrEqual(2_000);
  }
  expect(all.flatMap(({ isTold }, i) => (isTold ? [i] : []))).toEqual([2]);
  expect(site.rewriteBackoff.contestOf('key')).toMatchObject({
    writers: 'rival',
    endsInMs: 60_000,
    parts: new Set(['ingress']),
  });
});

test('after a quiet minute it is over, and told again when it begins anew', () => {
  const site = new Site();
  for (let i = 0; i < 6; i++) site.repair();
  expect(site.repair(A, 59_000)).toEqual({ waitMs: 0, isTold: false });
  site.nowMs += site.rewriteBackoff.contestOf('key')!.endsInMs;
  expect(site.rewriteBackoff.contestOf('key')).toBeUndefined();
  expect([0, 0, 0, 0, 0].map(() => site.repair().isTold)).toEqual([false, false, false, true, false]);
});

test('one that comes every few minutes is told as well, and repaired at once each time', () => {
  const site = new Site();
  site.repair();
  const all = Array.from({ length: 6 }, () => site.repair(A, 200_000));
  expect(all.map(({ waitMs }) => waitMs)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(all.map(({ isTold }) => isTold)).toEqual([false, false, true, false, false, false]);
  expect(site.rewriteBackoff.contestOf('key')?.endsInMs).toBe(600_000);
});

test('what is overwritten twice in a day is nobody’s contest', () => {
  const site = new Site();
  site.repair();
  for (let i = 0; i < 10; i++) expect(site.repair(A, 3_600_000)).toEqual({ waitMs: 0, isTold: false });
});

test('news in one part is written at once, and no end of the contest about another', () => {
  const site = new Site();
  site.repair({ ingress: 'a', conditions: 'first' });
  const all = Array.from({ length: 4 }, (_, i) => site.repair({ ingress: 'a', conditions: `${i}` }));
  expect(all.map(({ waitMs }) => waitMs)).toEqual([0, 0, 0, 0]);
  expect(all.map(({ isTold }) => isTold)).toEqual([false, false, true, false]);
  expect(site.repair().waitMs).toBe(1_600);
});

test('two contests on one Service are one, with both parts; another Service has nothing to do with it', () => {
  const site = new Site();
  const both: Texts = { ingress: 'a', managedMetadata: 'm' };
  for (let i = 0; i < 5; i++) site.repair(i % 2 ? A : both);
  expect(site.rewriteBackoff.contestOf('key')?.parts).toEqual(new Set(['ingress', 'managedMetadata']));
  expect(site.rewriteBackoff.waitMs('other', A)).toBe(0);
  site.rewriteBackoff.forget('key');
  expect(site.rewriteBackoff.waitMs('key', both)).toBe(0);
});

test('a patch of nothing that others could write over, such as who announces it, counts for nothing', () => {
  const site = new Site();
  site.repair();
  site.nowMs = 50;
  site.rewriteBackoff.wrote('key', {});
  expect([site.rewriteBackoff.waitMs('key', {}), site.rewriteBackoff.waitMs('key', A)]).toEqual([0, 50]);
});
