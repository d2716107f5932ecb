/** A pool that refuses when it is full, and is full of creations that were never stored. */
import { isForUnstored } from '../../../../webhook/service/giving-way.ts';
import { addressRequest, chooseInput, claim, eip, holder } from '../../lib/ipam/builders.ts';

const NOW_MS = Date.parse('2026-01-01T00:01:00Z');
const pool = eip('web', '198.51.100.0/31', { whenFull: 'Refuse' });
const unbound = (name: string, since = '2026-01-01T00:00:59Z') => {
  const { uid: _, ...entry } = holder(name, { namespace: 'greedy', since });
  return entry;
};
const bound = claim('198.51.100.0', [holder('back')]);

test.each([
  ['one was never stored', [bound, claim('198.51.100.1', [unbound('a')])], [], true],
  ['its Service is there, and not bound yet', [bound, claim('198.51.100.1', [unbound('a')])], ['a'], false],
  ['one of two is there', [claim('198.51.100.0', [unbound('a')]), claim('198.51.100.1', [unbound('b')])], ['a'], true],
  ['it is too old not to be stored', [bound, claim('198.51.100.1', [unbound('a', '2025-12-31T23:59:59Z')])], [], false],
  ['it may be under way still', [bound, claim('198.51.100.1', [unbound('a', '2026-01-01T00:00:59.500Z')])], [], false],
  ['another one has the address, too', [bound, claim('198.51.100.1', [unbound('a'), holder('b')])], [], false],
  ['all are bound', [bound, claim('198.51.100.1', [holder('b')])], [], false],
])('where %s', async (_, claims, there, expected) => {
  const found = await isForUnstored({
    addressRequest: addressRequest(),
    chooseInput: chooseInput([pool], claims),
    claims,
    nowMs: NOW_MS,
    isThere: async ({ name = '' }) => there.includes(name),
  });
  expect(found).toBe(expected);
});
