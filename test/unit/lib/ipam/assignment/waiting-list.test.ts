import {
  compareWaiting,
  WaitingList,
  waitingOf,
  waitingSinceOf,
} from '../../../../../lib/ipam/assignment/waiting-list.ts';
import { service } from '../../../allocator/builders.ts';

const since = (name: string, created: string, annotation?: string, isOptional = false) =>
  waitingOf(
    service({ name, metadata: { creationTimestamp: `2026-01-01T${created}Z` } }),
    annotation && `2026-01-01T${annotation}Z`,
    isOptional,
  );

test.each([
  ['who has waited longer', since('b', '10:00:00', '10:00:00.100'), since('a', '10:00:00', '10:00:00.200')],
  [
    'who was admitted earlier, though stored later',
    since('b', '10:00:03', '10:00:00.100'),
    since('a', '10:00:00', '10:00:00.200'),
  ],
  ['by name where both have waited as long', since('a', '10:00:00'), since('b', '10:00:00')],
  [
    'a forged early time counts from the creation',
    since('b', '10:00:00', '10:00:01'),
    since('a', '10:00:02', '01:00:00'),
  ],
  ['who must have it before who would only like it', since('b', '12:00:00'), since('a', '10:00:00', '10:00:00', true)],
])('%s comes first', (_, first, second) => {
  expect(compareWaiting(first, second)).toBeLessThan(0);
  expect(compareWaiting(second, first)).toBeGreaterThan(0);
});

test('the list has one entry a Service, in order', () => {
  const list = new WaitingList();
  for (const waiting of [
    since('c', '10:00:02'),
    since('a', '10:00:01'),
    since('b', '10:00:00'),
    since('a', '10:00:03'),
  ])
    list.set(waiting);
  expect(list.inOrder().map(({ key }) => key)).toEqual(['shop/b', 'shop/c', 'shop/a']);
  list.delete('shop/c');
  expect(list.inOrder().map(({ key }) => key)).toEqual(['shop/b', 'shop/a']);
});

test('those who wait for an Eip are counted, each once, and every change of a count is told', () => {
  const told: string[] = [];
  const list = new WaitingList((eip) => told.push(`${eip} ${list.countFor(eip)}`));
  list.set(since('a', '10:00:00'), ['web', 'web6', 'web']);
  list.set(since('b', '10:00:00'), ['web']);
  list.set(since('a', '10:00:00'), ['web6']);
  list.set(since('a', '10:00:00'), ['web6']);
  list.delete('shop/b');
  list.delete('shop/b');
  expect(told).toEqual(['web 1', 'web6 1', 'web 2', 'web 1', 'web 0']);
});

test('an annotation that is no time counts as none', () => {
  expect(waitingSinceOf(service({ annotations: { 'skycap.io/waiting-since': 'for ever' } }))).toBeUndefined();
  expect(waitingSinceOf(service({ annotations: { 'skycap.io/waiting-since': '2026-01-01T00:00:00.001Z' } }))).toBe(
    '2026-01-01T00:00:00.001Z',
  );
});
