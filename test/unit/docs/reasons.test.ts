/** docs/reasons.md explains every reason that the code can give, and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REASONS } from '../../../lib/api/reasons.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/reasons.md'), 'utf8');
const rows = [...page.matchAll(/^\| `(\w+)` \| (.+) \| (.+) \|$/gm)].map(
  ([, reason = '', meaning = '', remedy = '']) => ({ reason, meaning, remedy }),
);

test('every reason has a row in the page, and every row is a reason', () => {
  expect(rows.map(({ reason }) => reason).sort()).toEqual([...REASONS].sort());
});

test('each row says what it means and what helps', () => {
  const tableRows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(tableRows).toHaveLength(rows.length);
  for (const { meaning, remedy } of rows) expect([meaning.endsWith('.'), remedy.length > 0]).toEqual([true, true]);
});

test('a reason is one word that can stand in a condition', () => {
  for (const reason of REASONS) expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
});
