/** Every link of a page leads to a file that is there, and to a heading that it has; every page of docs/ is in its table of contents. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const pagesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...pagesIn('docs'), ...pagesIn('test')];

/** Without code: a link in it is none. */
const prose = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, 'code');

/** The anchors that GitHub makes of the headings. */
function anchorsOf(text: string): readonly string[] {
  const counts = new Map<string, number>();
  return [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

interface Link {
  readonly page: string;
  readonly target: string;
}

const LINKS: readonly Link[] = PAGES.flatMap((page) =>
  [...prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page, target })),
).filter(({ target }) => !/^[a-z]+:/.test(target));

function isBroken({ page, target }: Link): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
  if (!existsSync(join(ROOT, file))) return true;
  return anchor !== undefined && !anchorsOf(read(file)).includes(anchor);
}

test('every link leads somewhere', () => {
  expect(LINKS.length).toBeGreaterThan(100);
  expect(LINKS.filter(isBroken)).toEqual([]);
});

test('a broken link is found', () => {
  const broken = ['docs/none.md', 'docs/bgp.md#no-such-heading', '#nowhere'];
  expect(broken.filter((target) => isBroken({ page: 'README.md', target }))).toEqual(broken);
  expect(isBroken({ page: 'docs/reasons.md', target: 'bgp.md#policies-in-gobgps-format' })).toBe(false);
});

test('docs/README.md lists every page of docs/', () => {
  const listed = LINKS.filter(({ page }) => page === 'docs/README.md').map(({ target }) => target.split('#')[0]);
  const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md') && name !== 'README.md');
  expect(pages.filter((name) => !listed.includes(name))).toEqual([]);
});
