/** When a certificate is renewed, and that at no time one is used whose authority the API server does not trust. */
import { planTls, SETTLE_MS, type TlsPlanInput } from '../../../../webhook/tls/plan-tls.ts';
import type { TlsFacts } from '../../../../webhook/tls/tls-content.ts';

const DAY = 24 * 3_600_000;
const NAMES = ['skycap-webhook.skycap-system.svc'];
const life = (fromDay: number, toDay: number) => ({ notBeforeMs: fromDay * DAY, notAfterMs: toDay * DAY });
const facts = (differs: Partial<TlsFacts> = {}, serving: Partial<TlsFacts['serving']> = {}): TlsFacts => ({
  authorities: [life(0, 900)],
  serving: { ...life(0, 90), names: NAMES, signedBy: 'first', ...serving },
  ...differs,
});
const two = { authorities: [life(600, 1500), life(0, 900)] };
const old = { ...life(550, 640), signedBy: 'other' as const };

it.each<[string, Partial<TlsPlanInput> & { day: number }, string]>([
  ['nothing is there', { facts: undefined, day: 1 }, 'makeAll'],
  ['all is well', { facts: facts(), day: 1 }, 'keep'],
  ['just before two thirds', { facts: facts(), day: 59.9 }, 'keep'],
  ['after two thirds', { facts: facts(), day: 60 }, 'renewServing'],
  ['the certificate has ended', { facts: facts(), day: 91 }, 'renewServing'],
  ['a name is missing', { facts: facts({}, { names: ['old.svc'] }), day: 1 }, 'renewServing'],
  ['it has a name more', { facts: facts({}, { names: [...NAMES, 'more.svc'] }), day: 1 }, 'keep'],
  ['signed by nobody that is trusted', { facts: facts({}, { signedBy: undefined }), day: 1 }, 'renewServing'],
  ['the authority is at two thirds', { facts: facts({}, life(550, 640)), day: 600 }, 'addAuthority'],
  ['the authority has ended', { facts: facts({}, life(850, 940)), day: 901 }, 'makeAll'],
  ['a new authority that is not published yet', { facts: facts(two, old), day: 600 }, 'keep'],
  ['published a moment ago', { facts: facts(two, old), day: 600, publishedForMs: SETTLE_MS - 1 }, 'keep'],
  ['published and settled', { facts: facts(two, old), day: 600, publishedForMs: SETTLE_MS }, 'renewServing'],
  [
    'due, while a new authority is not published',
    { facts: facts(two, { ...old, signedBy: 'first' }), day: 630 },
    'keep',
  ],
  [
    'ended, while a new authority is not published: nothing to lose',
    { facts: facts(two, old), day: 641 },
    'renewServing',
  ],
  [
    'signed by the new authority, the old one trusted still',
    { facts: facts(two, life(600, 690)), day: 610, publishedForMs: SETTLE_MS },
    'keep',
  ],
  [
    'the old authority has ended',
    { facts: facts(two, life(880, 970)), day: 901, publishedForMs: SETTLE_MS },
    'dropAuthorities',
  ],
])('%s', (_, { day, ...input }, kind) => {
  expect(planTls({ facts: undefined, names: NAMES, publishedForMs: undefined, ...input, nowMs: day * DAY }).kind).toBe(
    kind,
  );
});

it('looks again when the next step is due, but at least every minute and at most every second', () => {
  const againAt = (day: number) => {
    const plan = planTls({ facts: facts(), names: NAMES, nowMs: day * DAY, publishedForMs: SETTLE_MS });
    return plan.kind === 'keep' ? plan.requeueAfterMs : undefined;
  };
  expect(againAt(1)).toBe(60_000);
  expect(againAt(60 - 30_000 / DAY)).toBeCloseTo(30_000, -1);
  expect(againAt(60 - 1 / DAY)).toBe(1_000);
});

it('over the years every state leads on to one that keeps, and nothing untrusted is ever used', () => {
  let state = facts();
  let publishedSince: number | undefined = 0;
  let trusted = state.authorities;
  const kinds = new Set<string>();
  for (let day = 0; day < 3_000; day += 5) {
    for (let step = 0; step < 6; step++) {
      const nowMs = day * DAY + step * 2 * SETTLE_MS;
      const publishedForMs = publishedSince === undefined ? undefined : nowMs - publishedSince;
      const plan = planTls({ facts: state, names: NAMES, nowMs, publishedForMs });
      kinds.add(plan.kind);
      const serving = { ...life(day, day + 90), names: NAMES, signedBy: 'first' as const };
      if (plan.kind === 'addAuthority') {
        state = {
          authorities: [life(day, day + 900), ...state.authorities],
          serving: { ...state.serving, signedBy: 'other' },
        };
        publishedSince = undefined;
      } else if (plan.kind === 'renewServing') state = { ...state, serving };
      else if (plan.kind === 'dropAuthorities') {
        state = { ...state, authorities: state.authorities.filter((_, i) => !plan.indexes.includes(i)) };
        publishedSince = undefined;
      } else if (plan.kind === 'keep') {
        publishedSince ??= nowMs;
        trusted = state.authorities;
      }
      expect(plan.kind).not.toBe('makeAll');
      expect(state.serving.notAfterMs).toBeGreaterThan(nowMs);
      const signer = state.serving.signedBy === 'first' ? state.authorities[0] : state.authorities[1];
      expect(trusted).toContain(signer);
    }
  }
  expect([...kinds].sort()).toEqual(['addAuthority', 'dropAuthorities', 'keep', 'renewServing']);
});
