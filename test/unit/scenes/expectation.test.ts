import { contains, differencesOf, type SeenEvent } from '../../scenes/support/expectation.ts';

const EVENTS: readonly SeenEvent[] = [{ reason: 'AssignIP', type: 'Normal', note: 'assigned 192.0.2.0 from Eip web' }];
const SERVICE = {
  metadata: { name: 'web', namespace: 'shop', labels: { a: 'b' } },
  status: {
    loadBalancer: { ingress: [{ ip: '192.0.2.0' }, { hostname: 'x.example' }] },
    conditions: [
      { type: 'skycap.io/AddressAssigned', status: 'True', reason: 'Assigned', message: '192.0.2.0 from Eip web' },
    ],
  },
};

const differences = (expected: unknown, object: object | undefined = SERVICE): string[] =>
  differencesOf({ object: object as never, events: EVENTS }, expected);

test.each<[string, unknown]>([
  ['addresses, hostnames among them', { addresses: ['192.0.2.0', 'x.example'] }],
  ['a condition by its short name', { conditions: { AddressAssigned: 'True Assigned' } }],
  ['words of a condition', { conditions: { AddressAssigned: { is: 'True Assigned', says: ['from', '/Eip w.b$/'] } } }],
  ['a condition that is not there', { conditions: { Announced: 'absent' } }],
  ['an Event', { events: [{ reason: 'AssignIP', type: 'Normal', says: '192.0.2.0' }] }],
  ['an Event that did not come', { noEvents: 'ReleaseIP' }],
  ['fields, and one that is not there', { fields: { metadata: { labels: { a: '/^b$/', c: null } } } }],
])('sees %s', (_, expected) => {
  expect(differences(expected)).toEqual([]);
});

test.each<[string, unknown, RegExp]>([
  ['another address', { addresses: ['192.0.2.1'] }, /publishes \[192\.0\.2\.0, x\.example\], not \[192\.0\.2\.1\]/],
  ['no address', { addresses: [] }, /not \[\]/],
  ['another reason', { conditions: { AddressAssigned: 'False EipFull' } }, /True Assigned "192\.0\.2\.0 from Eip web"/],
  ['other words', { conditions: { AddressAssigned: { is: 'True Assigned', says: 'full' } } }, /wanted/],
  ['words that must not stand', { conditions: { AddressAssigned: { is: 'True Assigned', saysNot: 'Eip' } } }, /wanted/],
  ['a condition that should not be', { conditions: { AddressAssigned: 'absent' } }, /has the condition/],
  ['a condition that should be', { conditions: { Announced: 'True Announced' } }, /has no condition Announced/],
  ['a missing Event', { events: [{ reason: 'ReleaseIP' }] }, /its Events: Normal AssignIP/],
  ['an Event of another type', { events: [{ reason: 'AssignIP', type: 'Warning' }] }, /has no Event/],
  ['an Event that should not be', { noEvents: ['AssignIP'] }, /has the Event AssignIP/],
  ['another field', { fields: { metadata: { labels: { a: 'c' } } } }, /metadata\.labels\.a is "b", not "c"/],
  ['a field too many', { fields: { metadata: { labels: { a: null } } } }, /metadata\.labels\.a is "b"/],
  ['a shorter list', { fields: { status: { loadBalancer: { ingress: [{}] } } } }, /ingress is/],
  ['that it is there', 'absent', /is there/],
])('tells of %s', (_, expected, sentence) => {
  expect(differences(expected).join()).toMatch(sentence);
});

test('tells of an object that is not there', () => {
  expect(differencesOf({ object: undefined, events: [] }, { addresses: [] })).toEqual(['is not there']);
  expect(differencesOf({ object: undefined, events: [] }, 'absent')).toEqual([]);
});

test('does not wait for what can never be seen', () => {
  expect(() => differences({ adresses: [] })).toThrow('Cannot look at "adresses"');
  expect(() => differences('gone')).toThrow('Cannot read the expectation');
});

test('a text between slashes is a regular expression', () => {
  expect(contains('a.b', '/^a.b$/')).toBe(true);
  expect(contains('a.b', 'a.c')).toBe(false);
  expect(contains('/x', '/x')).toBe(true);
});

test.each<[string, object, string]>([
  ['an address without its list', { addresses: '192.0.2.0' }, 'write a list, such as [192.0.2.0]'],
  [
    'a condition without its status',
    { conditions: { A: 'Assigned' } },
    'write status and reason, such as True Assigned',
  ],
  ['an Event without its reason', { events: ['AssignIP'] }, 'write its reason'],
])('%s is no expectation', (_, expected, words) => {
  const object = { metadata: { name: 'a' } };
  expect(() => differencesOf({ object, events: [] }, expected)).toThrow(words);
});
