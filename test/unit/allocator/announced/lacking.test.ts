/** Which address of a Service is news, and when. */

import { Lacking, type News } from '../../../../allocator/announced/lacking.ts';
import type { Condition } from '../../../../lib/api/meta/object.ts';
import type { Finding } from '../../../../lib/reach/decide-announced.ts';

const up = (address: string): Finding => ({ address, status: 'True', reason: 'Announced', text: '' });
const down = (address: string): Finding => ({ address, status: 'False', reason: 'SessionsDown', text: '' });
const condition = (status: Condition['status'], message = 'a by bgp; b by layer2') =>
  ({ type: 'skycap.io/Announced', status, reason: 'x', message, lastTransitionTime: 'x' }) as Condition;
const words = ({ waitMs, lost, back }: News) =>
  [waitMs, lost.map(({ address }) => address).join(), back.map(({ address }) => address).join()].join('|');

test('each address of a Service is lost and comes back by itself', () => {
  const lacking = new Lacking();
  expect(words(lacking.look('s', [down('a'), up('b')], condition('True'), 0))).toBe('5000|a|');
  expect(words(lacking.look('s', [down('a'), up('b')], condition('True'), 5_000))).toBe('0|a|');
  lacking.told('s', [down('a'), up('b')]);
  expect(words(lacking.look('s', [down('a'), up('b')], condition('False'), 6_000))).toBe('0||');
  // The other one, which is given the same time.
  expect(words(lacking.look('s', [down('a'), down('b')], condition('False'), 7_000))).toBe('5000|b|');
  expect(words(lacking.look('s', [down('a'), up('b')], condition('False'), 8_000))).toBe('0||');
  expect(words(lacking.look('s', [down('a'), down('b')], condition('False'), 9_000))).toBe('5000|b|');
  expect(words(lacking.look('s', [down('a'), down('b')], condition('False'), 14_000))).toBe('0|b|');
  lacking.told('s', [down('a'), down('b')]);
  expect(words(lacking.look('s', [up('a'), down('b')], condition('False'), 15_000))).toBe('0||a');
  // The write failed, and is done once more.
  expect(words(lacking.look('s', [up('a'), down('b')], condition('False'), 15_000))).toBe('0||a');
  lacking.told('s', [up('a'), down('b')]);
  expect(words(lacking.look('s', [up('a'), up('b')], condition('False'), 16_000))).toBe('0||b');
  lacking.told('s', [up('a'), up('b')]);
  expect(words(lacking.look('s', [up('a'), up('b')], condition('True'), 16_000))).toBe('0||');
});

test('who has just begun to lead takes what lacks for told, and tells what comes back', () => {
  const lacking = new Lacking();
  expect(words(lacking.look('s', [down('a')], condition('False'), 0))).toBe('0||');
  expect(words(new Lacking().look('s', [up('a')], condition('False'), 0))).toBe('0||a');
});

test('an address that is new was never lost', () => {
  const lacking = new Lacking();
  expect(words(lacking.look('s', [up('a'), down('c')], condition('True'), 0))).toBe('0||');
  expect(words(new Lacking().look('s', [down('a')], undefined, 0))).toBe('0||');
});

test('what has an Event of its own, or is as wanted, is not told of', () => {
  for (const reason of ['StatusContested', 'AnnouncedByCni'] as const) {
    const one: Finding = { ...down('a'), status: 'Unknown', reason };
    expect(new Lacking().look('s', [one], condition('True'), 0).lost).toEqual([]);
  }
});
