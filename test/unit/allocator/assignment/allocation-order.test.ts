import { setImmediate as nextTurn } from 'node:timers/promises';
import { AllocationOrder } from '../../../../allocator/assignment/allocation-order.ts';
import { WaitingList } from '../../../../lib/ipam/assignment/waiting-list.ts';

function make(...keys: string[]): { allocationOrder: AllocationOrder; list: WaitingList; asked: string[] } {
  const list = new WaitingList();
  for (const [i, key] of keys.entries()) list.set({ key, sinceMs: i, isOptional: false });
  const asked: string[] = [];
  return { allocationOrder: new AllocationOrder(list, (key) => asked.push(key)), list, asked };
}

test('when something comes free all who wait are asked once, the longest-waiting first', async () => {
  const { allocationOrder, asked } = make('a', 'b', 'c');
  allocationOrder.addressFreed();
  allocationOrder.addressFreed();
  expect(asked).toEqual([]);
  await nextTurn();
  expect(asked).toEqual(['a', 'b', 'c']);
  await nextTurn();
  expect(asked).toHaveLength(3);
});

test('who comes in between steps back behind those who have waited longer and were not asked yet', async () => {
  const { allocationOrder } = make('a', 'b', 'c');
  const newcomer = { key: 'new', sinceMs: 10, isOptional: false };
  expect(allocationOrder.before(newcomer)).toEqual([]);
  allocationOrder.addressFreed();
  expect(allocationOrder.before(newcomer).map(({ key }) => key)).toEqual(['a', 'b', 'c']);
  expect(allocationOrder.before({ key: 'b', sinceMs: 1, isOptional: false }).map(({ key }) => key)).toEqual(['a']);
  allocationOrder.started('a');
  expect(allocationOrder.before(newcomer).map(({ key }) => key)).toEqual(['b', 'c']);
  await nextTurn();
});

test('one that was asked already is not asked again in the same round', async () => {
  const { allocationOrder, asked } = make('a', 'b');
  allocationOrder.addressFreed();
  allocationOrder.started('a');
  await nextTurn();
  expect(asked).toEqual(['b']);
});

test('who stepped back is asked again, in its place, once somebody has been looked at', async () => {
  const { allocationOrder, asked } = make('a', 'c');
  allocationOrder.addressFreed();
  await nextTurn();
  allocationOrder.requeueBehind({ key: 'b', sinceMs: 0.5, isOptional: false });
  expect(allocationOrder.before({ key: 'd', sinceMs: 9, isOptional: false }).map(({ key }) => key)).toEqual([
    'a',
    'b',
    'c',
  ]);
  allocationOrder.started('a');
  allocationOrder.ended('a');
  await nextTurn();
  expect(asked).toEqual(['a', 'c', 'b', 'c']);
});

test('a newcomer that stepped back keeps its place when more comes free', async () => {
  const { allocationOrder, asked } = make('a', 'c');
  allocationOrder.addressFreed();
  allocationOrder.requeueBehind({ key: 'b', sinceMs: 0.5, isOptional: false });
  allocationOrder.addressFreed();
  await nextTurn();
  expect(asked).toEqual(['a', 'b', 'c']);
});

test('one that is being served is no rival for what comes free meanwhile', async () => {
  const { allocationOrder, asked } = make('a', 'b');
  allocationOrder.started('a');
  allocationOrder.assigned('a');
  allocationOrder.addressFreed();
  expect(allocationOrder.before({ key: 'b', sinceMs: 1, isOptional: false })).toEqual([]);
  await nextTurn();
  expect(asked).toEqual(['b']);
  allocationOrder.ended('a');
  allocationOrder.addressFreed();
  expect(allocationOrder.before({ key: 'b', sinceMs: 1, isOptional: false })).toHaveLength(1);
  await nextTurn();
});

test('who stepped back is not asked again by its own end, for as long as the one before it is busy', async () => {
  const { allocationOrder, asked } = make('old');
  const young = { key: 'young', sinceMs: 5, isOptional: false };
  allocationOrder.addressFreed();
  await nextTurn();
  asked.length = 0;
  allocationOrder.started('young');
  allocationOrder.requeueBehind(young);
  allocationOrder.ended('young');
  await nextTurn();
  expect(asked).toEqual([]);
  allocationOrder.started('old');
  allocationOrder.ended('old');
  await nextTurn();
  expect(asked).toEqual(['young']);
});
