/** The paths and functions that CONTRIBUTING.md and the pages of docs/ send a reader to are there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

test('every file that a page names is there', () => {
  const named = PAGES.flatMap((page) =>
    [
      ...read(page).matchAll(/\b(?:lib|webhook|allocator|speaker|cli|test|manifests)\/[\w./-]+\.(?:ts|ya?ml|md|sh)\b/g),
    ].map(([path]) => ({ page, path })),
  );
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter(({ path }) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('every file that a page names without its folder is there, once', () => {
  const files = ['lib', 'webhook', 'allocator', 'speaker', 'cli', 'release', 'test'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  const named = PAGES.flatMap((page) =>
    [...read(page).matchAll(/`((?:[\w-]+\/)*[\w-]+\.ts)`/g)].map(([, path = '']) => ({ page, path })),
  );
  expect(named.filter(({ path }) => !files.some((file) => file === path || file.endsWith(`/${path}`)))).toEqual([]);
});

const rows = read('CONTRIBUTING.md')
  .split('\n')
  .map((line) => /^\| (.*) \| `([\w./-]+\.ts)` \| `(\w+)` \|$/.exec(line)?.slice(1) ?? [])
  .filter((row) => row.length > 0)
  .map(([symptom = '', path = '', name = '']): [string, string, string] => [symptom, path, name]);

test('there are symptoms', () => expect(rows.length).toBeGreaterThanOrEqual(15));

test.each(rows)('%s', (_, path, name) => {
  expect(read(path)).toMatch(new RegExp(`(?:function|async|  )\\s*${name}\\(`));
});

test('every folder that CONTRIBUTING.md lists is there, and none is missing', () => {
  const page = read('CONTRIBUTING.md');
  for (const part of ['webhook', 'allocator', 'speaker']) {
    const [, table = ''] = new RegExp(`\\| \`${part}/\` \\|[^\\n]*\\n([\\s\\S]*?)\\n\\n`).exec(page) ?? [];
    const listed = [...table.matchAll(/^\| `([\w/]+)`/gm)].map(([, name]) => name).sort();
    const there = readdirSync(join(ROOT, part), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(listed).toEqual(there.sort());
  }
});
