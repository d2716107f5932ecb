/** Suggests a known word for a misspelled one. PURE. */

/** The longest name or key of Kubernetes. */
const LONGEST = 317;

/**
 * @returns the known word that differs in case alone, or by a slip or two; undefined if none is near, or several are equally near.
 * A short word may differ less: `a` does not suggest `b`.
 */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const typed = word.trim().toLowerCase();
  if (typed === '' || typed.length > LONGEST) return undefined;
  let [best, least] = [undefined as string | undefined, mostSlips(typed) + 1];
  for (const candidate of known) {
    const slips = slipsBetween(typed, candidate.toLowerCase(), least + 1);
    if (slips < least) [best, least] = [candidate, slips];
    else if (slips === least) best = undefined;
  }
  return best;
}

function mostSlips({ length }: string): number {
  return length < 3 ? 0 : length < 6 ? 1 : 2;
}

/** Letters left out, put in, changed or swapped (optimal string alignment); `enough` or more is all the same. */
function slipsBetween(a: string, b: string, enough: number): number {
  if (Math.abs(a.length - b.length) >= enough) return enough;
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const plain = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (isSame ? 0 : 1));
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(isSwap ? Math.min(plain, (before[j - 2] ?? 0) + 1) : plain);
    }
    [before, last] = [last, row];
  }
  return Math.min(last[b.length] ?? enough, enough);
}
