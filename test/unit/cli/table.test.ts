import { fitted, tableOf } from '../../../cli/output/table.ts';
import { PLAIN } from '../../../cli/output/view.ts';

const ROWS = [
  ['web', 'EipFull', 'every address of Eip web is taken; delete a Service, or enlarge the Eip'],
  ['db', 'AddressInUse', 'short'],
];

test('in a pipe, no line is wrapped', () => {
  const lines = tableOf(['SERVICE', 'REASON', 'MESSAGE'], ROWS, PLAIN).split('\n');
  expect(lines).toEqual([
    'SERVICE  REASON        MESSAGE',
    'web      EipFull       every address of Eip web is taken; delete a Service, or enlarge the Eip',
    'db       AddressInUse  short',
  ]);
});

test('on a terminal, the widest column wraps, and no line is longer than the terminal', () => {
  const text = tableOf(['SERVICE', 'REASON', 'MESSAGE'], ROWS, { ...PLAIN, width: 50 });
  expect(text.split('\n').every((line) => line.length <= 50)).toBe(true);
  expect(text).toContain('EipFull');
  expect(text.replaceAll(/\s+/g, ' ')).toContain('every address of Eip web is taken');
});

test('on a terminal that is too narrow, names stay whole', () => {
  const rows = [['shop/cart', '2001:db8:1234:5678::1', 'is taken']];
  expect(tableOf(['SERVICE', 'ADDRESS', 'MESSAGE'], rows, { ...PLAIN, width: 30 })).toBe(
    `SERVICE    ADDRESS                MESSAGE
shop/cart  2001:db8:1234:5678::1  is
                                  taken`,
  );
});

test('only the widest columns give way, and none below its least width', () => {
  expect(fitted([5, 40, 80], [5, 9, 9], 65)).toEqual([5, 30, 30]);
  expect(fitted([5, 12], [5, 5], 100)).toEqual([5, 12]);
  expect(fitted([50, 50], [10, 20], 4)).toEqual([10, 20]);
});
