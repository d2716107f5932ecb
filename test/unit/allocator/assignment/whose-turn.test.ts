import { isTurnOfAnother } from '../../../../allocator/assignment/whose-turn.ts';
import type { Waiting } from '../../../../lib/ipam/assignment/waiting-list.ts';
import { addr } from '../builders.ts';

const waiting = (key: string): Waiting => ({ key, sinceMs: 0, isOptional: false });

test.each<[string, string[], Record<string, string[]>, boolean]>([
  ['nobody has waited longer', ['10.0.0.1'], {}, false],
  ['one who has would take the address', ['10.0.0.1'], { a: ['10.0.0.1'] }, true],
  ['one who has would take one of two', ['10.0.0.1', '2001:db8::1'], { a: [], b: ['2001:db8::1'] }, true],
  ['those who have would take others', ['10.0.0.1'], { a: ['10.0.0.2'], b: [] }, false],
  ['no free address is wanted', [], { a: ['10.0.0.1'] }, false],
])('%s', (_, wanted, others, expected) => {
  const wouldTake = (key: string) => (others[key] ?? []).map(addr);
  expect(isTurnOfAnother(wanted.map(addr), Object.keys(others).map(waiting), wouldTake)).toBe(expected);
});
