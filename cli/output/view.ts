/** The terminal that text is written for: its width, and colours if it has them. */
import pc from 'picocolors';

export type Paint = (text: string) => string;

export interface View {
  /** Columns of the terminal; infinite for a pipe or a file, so that `grep` finds whole lines. */
  readonly width: number;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warn: Paint;
}

interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Colours appear only on a terminal, and not with NO_COLOR (no-color.org) or a dumb terminal. */
export function viewOf(
  { isTTY = false, columns }: OutputStream,
  env: Readonly<Record<string, string | undefined>>,
): View {
  const { bold, dim, green, red, yellow } = pc.createColors(isTTY && !env.NO_COLOR && env.TERM !== 'dumb');
  const width = isTTY && columns ? columns : Number.POSITIVE_INFINITY;
  return { width, bold, dim, good: green, bad: red, warn: yellow };
}

/** For a pipe or a file. */
export const PLAIN: View = viewOf({}, {});
