/** A table in the manner of kubectl: no lines, a head in capitals. On a terminal, the widest columns wrap between words so that the table fits; names and addresses stay whole. */
import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { View } from './view.ts';

const GAP = 2;
const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};

export function tableOf(head: readonly string[], rows: readonly (readonly string[])[], { width }: View): string {
  const widest = (split: RegExp): number[] =>
    head.map((title, column) =>
      Math.max(...[title, ...rows.map((row) => row[column] ?? '')].map((text) => widthOf(text, split))),
    );
  const table = new Table({
    head: [...head],
    chars: NO_LINES,
    style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [], compact: true },
    colWidths: fitted(widest(/\n/), widest(/\s/), width - GAP * head.length).map((columns) => columns + GAP),
    wordWrap: true,
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** The widest columns give way. @param least the width that a column keeps, even if the table is then too wide. */
export function fitted(natural: readonly number[], least: readonly number[], space: number): number[] {
  const widths = [...natural];
  const total = (): number => widths.reduce((sum, width) => sum + width, 0);
  while (total() > space) {
    const yielding = widths.map((width, column) => (width > (least[column] ?? 0) ? width : 0));
    const widest = Math.max(...yielding);
    if (widest === 0) break;
    widths[yielding.indexOf(widest)] = widest - 1;
  }
  return widths;
}

/** Of the longest part, without the codes of colours. */
function widthOf(text: string, split: RegExp): number {
  return Math.max(
    ...stripVTControlCharacters(text)
      .split(split)
      .map((part) => part.length),
  );
}
