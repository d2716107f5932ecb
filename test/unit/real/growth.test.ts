import { growthIn, type Usage } from '../../real/memory/growth.ts';

const usage = (over: Partial<Usage> = {}): Usage => ({
  heapBytes: 50e6,
  files: 30,
  resources: { Timeout: 10, TCPSocketWrap: 3 },
  ...over,
});
const twelve = (of: (look: number) => Partial<Usage>): Usage[] =>
  Array.from({ length: 12 }, (_, look) => usage(of(look)));

test('what stays within the bounds does not grow', () => {
  expect(growthIn(twelve((look) => ({ heapBytes: 50e6 + (look % 3) * 0.5e6, files: 30 + (look % 4) })))).toEqual([]);
});

test('a single look at a bad moment is none', () => {
  expect(growthIn(twelve((look) => (look === 11 ? { heapBytes: 90e6, files: 99 } : {})))).toEqual([]);
});

test('a heap that grows a little with every look is told, with its figures', () => {
  expect(growthIn(twelve((look) => ({ heapBytes: 50e6 + look * 0.5e6 })))).toEqual([
    'the heap grew by 7.8 %: 51.00 MB to 55.00 MB',
  ]);
});

test('files and timers that add up are told, new kinds of them included', () => {
  expect(
    growthIn(twelve((look) => ({ files: 30 + 5 * look, resources: { Timeout: 10 + look, Immediate: look } }))),
  ).toEqual([
    'there are more and more of open files: 40 became 80',
    'there are more and more of Timeout: 12 became 20',
    'there are more and more of Immediate: 2 became 10',
  ]);
});

test('the connections that an API server keeps are no growth', () => {
  const more = (look: number) => (look > 5 ? 20 : 0);
  expect(
    growthIn(twelve((look) => ({ files: 30 + more(look), resources: { TCPSocketWrap: 3 + more(look) } }))),
  ).toEqual([]);
});

test('what becomes less is no growth', () => {
  expect(growthIn(twelve((look) => ({ heapBytes: 60e6 - look * 1e6, files: 40 - look })))).toEqual([]);
});

test('too few looks are refused', () => {
  expect(() => growthIn([usage(), usage()])).toThrow('fewer than three looks');
});
