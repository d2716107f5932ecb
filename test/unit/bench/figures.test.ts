import { type Figure, formatMs, formatTable } from '../../bench/figures.ts';

test('the table is Markdown, aligned, and says whether a goal is met', () => {
  const figures: Figure[] = [
    { what: 'create', measured: '4.0 ms', baseline: 'bare 3.0 ms', goal: '≤ 5 ms', isMet: true },
    { what: 'start', measured: '6.20 s', goal: '≤ 5 s', isMet: false },
    { what: 'the same', measured: '7.00 s' },
  ];
  expect(formatTable(figures).split('\n')).toEqual([
    '| what     | measured | baseline in the same run | goal   | met |',
    '|----------|----------|--------------------------|--------|-----|',
    '| create   | 4.0 ms   | bare 3.0 ms              | ≤ 5 ms | yes |',
    '| start    | 6.20 s   |                          | ≤ 5 s  | no  |',
    '| the same | 7.00 s   |                          |        |     |',
  ]);
});

test.each([
  [4.04, '4.0 ms'],
  [-1.5, '-1.5 ms'],
  [123.4, '123 ms'],
  [1_234, '1.23 s'],
  [12_345, '12.3 s'],
])('%d ms is written %s', (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});
