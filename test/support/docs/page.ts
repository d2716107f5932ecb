/** A page of the documentation as a test reads it: sections with their fenced blocks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');

export interface Block {
  /** The word after the fence: `yaml`, `sh`, `frr`; empty for output that the page shows. */
  readonly language: string;
  readonly text: string;
  /** Of the fence, from 1. */
  readonly line: number;
}

export interface Section {
  /** Without its number signs; empty before the first heading. */
  readonly heading: string;
  readonly blocks: readonly Block[];
}

/** @param path below the project. */
export function readPage(path: string): readonly Section[] {
  return parsePage(readFileSync(join(ROOT, path), 'utf8'));
}

export function sectionOf(path: string, heading: string): Section {
  const found = readPage(path).find((section) => section.heading === heading);
  if (!found) throw new Error(`Cannot find the section "${heading}" in ${path}`);
  return found;
}

/** @throws {SyntaxError} for a fence without end. */
export function parsePage(text: string): readonly Section[] {
  const sections: { heading: string; blocks: Block[] }[] = [{ heading: '', blocks: [] }];
  let open: { readonly language: string; readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, language] = /^```(\w*)\s*$/.exec(line) ?? [];
    if (open && language === '') {
      sections.at(-1)?.blocks.push({ ...open, text: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else if (open) open.lines.push(line);
    else if (language !== undefined) open = { language, line: index + 1, lines: [] };
    else if (/^##+ /.test(line)) sections.push({ heading: line.replace(/^#+ /, ''), blocks: [] });
  }
  if (open) throw new SyntaxError(`Cannot read the page: the block of line ${open.line} has no end`);
  return sections.map(({ heading, blocks }) => ({
    heading,
    blocks: blocks.map(({ language, text: content, line }) => ({ language, text: content, line })),
  }));
}
