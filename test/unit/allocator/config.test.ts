import { readConfig } from '../../../allocator/config.ts';
import { ALL_PROTOCOLS } from '../../../lib/api/eip/protocols.ts';

test('the defaults fit the manifests', () => {
  expect(readConfig({ POD_NAME: 'allocator-0' })).toEqual({
    ok: true,
    value: {
      namespace: 'skycap-system',
      podName: 'allocator-0',
      logLevel: 'info',
      metricsToken: '',
      healthAddress: ':8080',
      unmarkedServices: 'defaultEip',
      claimGraceSeconds: 60,
      workers: 16,
      historyEntries: 10_000,
      historyDays: 90,
      protocols: ALL_PROTOCOLS,
    },
  });
});

test('every problem is named at once', () => {
  const config = readConfig({
    SKYCAP_HEALTH_ADDRESS: 'nowhere',
    SKYCAP_UNMARKED_SERVICES: 'perhaps',
    SKYCAP_CLAIM_GRACE_SECONDS: '0',
  });
  expect(config.ok ? [] : config.problems.map(({ field }) => field)).toEqual([
    'POD_NAME',
    'SKYCAP_HEALTH_ADDRESS',
    'SKYCAP_UNMARKED_SERVICES',
    'SKYCAP_CLAIM_GRACE_SECONDS',
  ]);
});
