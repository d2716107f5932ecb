import { cacheCheck, type Followed, silentCaches } from '../../../../../lib/kube/cache/cache-check.ts';

function cache(over: Partial<Omit<Followed, 'silentForMs'>> = {}, silentMs = 1_000): Followed {
  return { synced: true, failure: undefined, silentForMs: () => silentMs, ...over };
}

it.each<[string, Record<string, Followed>, string | undefined, string[]]>([
  ['all are heard', { eips: cache(), services: cache({}, 359_000) }, undefined, []],
  ['a failure that is young', { eips: cache({ failure: 'connection refused' }, 20_000) }, undefined, []],
  ['never read', { eips: cache({ synced: false }, Number.POSITIVE_INFINITY) }, 'eips not read yet', []],
  [
    'never read, and why',
    { eips: cache({ synced: false, failure: 'Cannot list eips: 403' }) },
    'eips not read yet: Cannot list eips: 403',
    [],
  ],
  [
    'silent ones among others',
    { eips: cache(), nodes: cache({}, 400_000), services: cache({ failure: 'connection lost' }, 363_400) },
    'nothing heard of nodes for 400 s; nothing heard of services for 363 s: connection lost',
    ['nodes', 'services'],
  ],
])('%s', (_, caches, message, silent) => {
  expect(cacheCheck(caches)()).toEqual(message === undefined ? { ok: true } : { ok: false, message });
  expect(silentCaches(caches)).toEqual(silent);
});
