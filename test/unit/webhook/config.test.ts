/** The settings: what the manifests give is enough, and a mistake is named. */

import { ALL_PROTOCOLS } from '../../../lib/api/eip/protocols.ts';
import { formatProblems } from '../../../lib/api/problem.ts';
import { readConfig, servingNames } from '../../../webhook/config.ts';

it('needs the namespace only', () => {
  expect(readConfig({ POD_NAMESPACE: 'skycap-system' })).toEqual({
    ok: true,
    value: {
      namespace: 'skycap-system',
      listen: { host: '', port: 8443 },
      extraNames: [],
      certificateSource: 'skycap',
      unmarkedServices: 'defaultEip',
      protocols: ALL_PROTOCOLS,
      drainSeconds: 5,
      logLevel: 'info',
      metricsToken: '',
    },
  });
});

it('names every mistake', () => {
  const read = readConfig({
    SKYCAP_LISTEN_ADDRESS: '8443',
    SKYCAP_UNMARKED_SERVICES: 'some',
    SKYCAP_DRAIN_SECONDS: '1e3',
  });
  expect(!read.ok && formatProblems(read.problems)).toMatch(
    /POD_NAMESPACE: is not set; SKYCAP_LISTEN_ADDRESS: "8443" .*; SKYCAP_UNMARKED_SERVICES: "some" .*; SKYCAP_DRAIN_SECONDS: "1e3"/,
  );
});

it('is called by the name that the webhook configuration has', () => {
  expect(servingNames({ namespace: 'skycap-system', extraNames: ['127.0.0.1', '2001:DB8::01'] })).toEqual([
    'skycap-webhook.skycap-system.svc',
    '127.0.0.1',
    '2001:db8::1',
  ]);
});
