/** The runner of documentation pages: it reads blocks by section, and compares output where it is neither time nor random name. */
import { EXCEPTIONS, withExceptions } from '../../support/docs/exceptions.ts';
import { parsePage, readPage } from '../../support/docs/page.ts';
import { differenceFromShown } from '../../support/docs/shown-output.ts';

test('blocks are found by section, with language and line', () => {
  const page = '# Title\n\n```yaml\na: 1\n```\n\n## One\ntext\n```sh\nls\n## no heading\n```\n```\nout\n```\n### Two\n';
  expect(parsePage(page)).toEqual([
    { heading: '', blocks: [{ language: 'yaml', text: 'a: 1\n', line: 3 }] },
    {
      heading: 'One',
      blocks: [
        { language: 'sh', text: 'ls\n## no heading\n', line: 9 },
        { language: '', text: 'out\n', line: 13 },
      ],
    },
    { heading: 'Two', blocks: [] },
  ]);
  expect(() => parsePage('```sh\nls\n')).toThrow('the block of line 1 has no end');
});

test.each([
  ['ages, and the width of columns', 'NAME    AGE\nweb   3d4h', 'NAME  AGE\nweb   12s'],
  ['pods', 'skycap-allocator-5cbcf7b7c9-99gsf  1/1', 'skycap-allocator-6d9f8b5d4c-x7lwr   1/1'],
  ['times', 'since 2026-01-01T00:00:00Z', 'since 2026-11-30T07:00:00Z'],
  ['an ellipsis', 'Warning: assigned … from Eip web', 'Warning: assigned 198.51.100.0 from Eip web'],
  ['cluster IP and node port', 'web  10.96.0.7  80:30123/TCP', 'web  10.96.185.146  80:32605/TCP'],
  ['lines in place of an ellipsis', 'a\n…\nd\n…', 'a\nb\nc\nd\ne'],
  ['an ellipsis in place of no line', '…\na', 'a'],
])('%s do not count', (_, shown, real) => {
  expect(differenceFromShown(shown, real)).toBeUndefined();
});

test.each([
  ['another word', 'web  True', 'web  False', 'the page shows "web  True", and the command said "web  False"'],
  ['a line less', 'a\nb', 'a', 'the page shows "b", and the command said ""'],
  ['a line more', 'a', 'a\nb', 'the page does not show "b"'],
  ['a line after an ellipsis', '…\nc', 'a\nb', 'the page shows "c", and the command said "a\\nb"'],
  ['a dot is no pattern', '1.2', '1x2', 'the page shows "1.2", and the command said "1x2"'],
])('%s counts', (_, shown, real, expected) => {
  expect(differenceFromShown(shown, real)).toBe(expected);
});

test('each exception is one block of its page, and has a reason', () => {
  for (const { page, begins, reason, instead } of EXCEPTIONS) {
    const blocks = readPage(page).flatMap((section) => section.blocks);
    expect(blocks.filter(({ text }) => text.startsWith(begins))).toHaveLength(1);
    expect(withExceptions(page, blocks).some(({ text }) => text === instead)).toBe(true);
    expect(reason.length).toBeGreaterThan(20);
  }
});
