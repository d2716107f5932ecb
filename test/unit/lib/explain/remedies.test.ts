import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reason } from '../../../../lib/api/reasons.ts';
import { REMEDIED, remedyFor } from '../../../../lib/explain/remedies.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/reasons.md'), 'utf8');
/** The findings of the preflight have remedies of their own. */
const sections = page.split(/^## /m).filter((section) => !section.startsWith('The preflight'));
const rows = [...sections.join('').matchAll(/^\| `(\w+)` \|.* \| (.+) \|$/gm)]
  .map(([, reason = '', remedy = '']) => ({ reason: reason as Reason, remedy: plain(remedy) }))
  .filter(({ remedy }) => remedy !== '–');

test.each(rows)('$reason has the remedy of docs/reasons.md', ({ reason, remedy }) => {
  expect(rows.filter((row) => row.reason === reason).map((row) => row.remedy)).toContain(remedyFor(reason));
  expect(remedy).not.toBe('');
});

test('no other reason has a remedy', () => {
  expect(REMEDIED.filter((reason) => !page.includes(`| \`${reason}\` |`))).toEqual([]);
});

/** Without links, which are for a reader of the page, and without code marks. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/ \(\[[^\]]*\]\([^)]*\)\)/g, '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '');
}
