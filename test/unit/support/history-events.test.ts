import { eventsNamedIn } from '../../support/history-events.ts';
import type { Happened } from '../../support/history-rules.ts';
import { claim } from '../allocator/builders.ts';

const claimed = (address: string, revision: bigint): Happened => ({
  kind: 'claim',
  object: claim(address, []),
  deleted: false,
  revision,
});
const service = (name: string, revision: bigint, deleted = false): Happened => ({
  kind: 'service',
  object: {
    metadata: { namespace: 'ns', name, uid: name, annotations: { 'skycap.io/addresses': '192.0.2.1', note: 'x' } },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
  },
  deleted,
  revision,
});

test('it prints the events of the named Services and addresses, in the order of the revisions', () => {
  const events = [
    service('a', 3n),
    service('b', 4n),
    claimed('192.0.2.1', 2n),
    claimed('192.0.2.11', 1n),
    service('a', 10n, true),
  ];
  const lines = eventsNamedIn('3: ns/a was promised 192.0.2.7 and publishes 192.0.2.1', events);
  expect(lines.map((line) => line.slice(0, line.indexOf(': ')))).toEqual([
    '2 claim 192.0.2.1',
    '3 service ns/a',
    '10 service ns/a deleted',
  ]);
  expect(lines[1]).toContain('"skycap.io/addresses":"192.0.2.1","status":[{"ip":"192.0.2.1"}]');
  expect(lines[1]).not.toContain('note');
});
