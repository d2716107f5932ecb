import { setImmediate as nextTurn } from 'node:timers/promises';
import { Turns } from '../../../allocator/turns.ts';
import { WaitingList } from '../../../allocator/waiting.ts';

function make(...keys: string[]): { turns: Turns; list: WaitingList; asked: string[] } {
  const list = new WaitingList();
  for (const [i, key] of keys.entries()) list.set({ key, sinceMs: i, isOptional: false });
  const asked: string[] = [];
  return { turns: new Turns(list, (key) => asked.push(key)), list, asked };
}

test('when something comes free all who wait are asked once, the longest-waiting first', async () => {
  const { turns, asked } = make('a', 'b', 'c');
  turns.freed();
  turns.freed();
  expect(asked).toEqual([]);
  await nextTurn();
  expect(asked).toEqual(['a', 'b', 'c']);
  await nextTurn();
  expect(asked).toHaveLength(3);
});

test('who comes in between steps back behind those who have waited longer and were not asked yet', async () => {
  const { turns } = make('a', 'b', 'c');
  const newcomer = { key: 'new', sinceMs: 10, isOptional: false };
  expect(turns.before(newcomer)).toEqual([]);
  turns.freed();
  expect(turns.before(newcomer).map(({ key }) => key)).toEqual(['a', 'b', 'c']);
  expect(turns.before({ key: 'b', sinceMs: 1, isOptional: false }).map(({ key }) => key)).toEqual(['a']);
  turns.started('a');
  expect(turns.before(newcomer).map(({ key }) => key)).toEqual(['b', 'c']);
  await nextTurn();
});

test('one that was asked already is not asked again in the same round', async () => {
  const { turns, asked } = make('a', 'b');
  turns.freed();
  turns.started('a');
  await nextTurn();
  expect(asked).toEqual(['b']);
});

test('who stepped back is asked again, in its place, once somebody has been looked at', async () => {
  const { turns, asked } = make('a', 'c');
  turns.freed();
  await nextTurn();
  turns.stepBack({ key: 'b', sinceMs: 0.5, isOptional: false });
  expect(turns.before({ key: 'd', sinceMs: 9, isOptional: false }).map(({ key }) => key)).toEqual(['a', 'b', 'c']);
  turns.started('a');
  turns.ended('a');
  await nextTurn();
  expect(asked).toEqual(['a', 'c', 'b', 'c']);
});

test('a newcomer that stepped back keeps its place when more comes free', async () => {
  const { turns, asked } = make('a', 'c');
  turns.freed();
  turns.stepBack({ key: 'b', sinceMs: 0.5, isOptional: false });
  turns.freed();
  await nextTurn();
  expect(asked).toEqual(['a', 'b', 'c']);
});

test('one that is being served is no rival for what comes free meanwhile', async () => {
  const { turns, asked } = make('a', 'b');
  turns.started('a');
  turns.served('a');
  turns.freed();
  expect(turns.before({ key: 'b', sinceMs: 1, isOptional: false })).toEqual([]);
  await nextTurn();
  expect(asked).toEqual(['b']);
  turns.ended('a');
  turns.freed();
  expect(turns.before({ key: 'b', sinceMs: 1, isOptional: false })).toHaveLength(1);
  await nextTurn();
});

test('who stepped back is not asked again by its own end, for as long as the one before it is busy', async () => {
  const { turns, asked } = make('old');
  const young = { key: 'young', sinceMs: 5, isOptional: false };
  turns.freed();
  await nextTurn();
  asked.length = 0;
  turns.started('young');
  turns.stepBack(young);
  turns.ended('young');
  await nextTurn();
  expect(asked).toEqual([]);
  turns.started('old');
  turns.ended('old');
  await nextTurn();
  expect(asked).toEqual(['young']);
});
