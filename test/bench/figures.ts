/** What the benchmark prints: one table, every figure beside a baseline of the same run and the goal that it is held against. */

export interface Figure {
  /** Such as `create → status.loadBalancer`. */
  readonly what: string;
  readonly measured: string;
  /** Of the same run, and what of. */
  readonly baseline?: string;
  readonly goal?: string;
  /** Absent where there is no goal. */
  readonly isMet?: boolean;
}

const HEAD = ['what', 'measured', 'baseline in the same run', 'goal', 'met'];

/** A Markdown table, aligned so that it can be read on a terminal as well. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, measured, baseline = '', goal = '', isMet }) => [
    what,
    measured,
    baseline,
    goal,
    isMet === undefined ? '' : isMet ? 'yes' : 'no',
  ]);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(HEAD), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}

/** `4.2 ms`, `1.53 s`: three digits or so. */
export function formatMs(ms: number): string {
  if (Math.abs(ms) >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (Math.abs(ms) >= 1_000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(Math.abs(ms) >= 100 ? 0 : 1)} ms`;
}

export function formatRatio(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}

export function formatMb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
