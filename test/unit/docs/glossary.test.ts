/** Each word of docs/glossary.md stands for something in the code, under the name that the page gives. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const page = readFileSync(join(ROOT, 'docs/glossary.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| word'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, word = '', , place = '']): [string, string] => [word, place]);

test('the page has its words, and not too many', () => {
  expect(rows.length).toBeGreaterThan(20);
  expect(page.split('\n').length).toBeLessThanOrEqual(60);
  expect(new Set(rows.map(([word]) => word)).size).toBe(rows.length);
});

test.each(rows)('%s', (_, place) => {
  const [, name = '', path = ''] = /^`(\w+)` in `([\w/.-]+)`$/.exec(place) ?? [];
  expect(existsSync(join(ROOT, path || 'nowhere'))).toBe(true);
  expect(readFileSync(join(ROOT, path), 'utf8')).toMatch(new RegExp(`\\b${name}\\b`));
});
