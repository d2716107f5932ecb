/** Compares a command's output with the output that a page shows, where neither times nor random names count. PURE. */

/** In this order; `…` in the page stands for any text of the line, and alone for any number of lines. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?\b/g, 'TIME'],
  // An age such as 3d4h or 12s.
  [/\b(?:\d+[dhms]){1,2}\b/g, 'AGE'],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID'],
  // The random part of the name of a pod; Kubernetes leaves out vowels and digits that look like them.
  [/-[bcdf-hj-np-tv-z2456789]{8,10}-[bcdf-hj-np-tv-z2456789]{5}\b/g, '-POD'],
  [/-[bcdf-hj-np-tv-z2456789]{5}\b/g, '-POD'],
  // What Kubernetes gives a Service beside its address.
  [/\b10\.96\.\d+\.\d+\b/g, 'CLUSTER-IP'],
  [/(\d+):3[0-2]\d{3}\//g, '$1:NODE-PORT/'],
];

const ANY_LINES = '…';

/** @returns undefined where they agree; otherwise a sentence with the first line that differs. */
export function differenceFromShown(shown: string, real: string): string | undefined {
  const actual = normalLines(real);
  let at = 0;
  let maySkip = false;
  for (const wanted of normalLines(shown)) {
    if (wanted === ANY_LINES) {
      maySkip = true;
      continue;
    }
    const pattern = patternOf(wanted);
    const found = maySkip ? actual.findIndex((line, i) => i >= at && pattern.test(line)) : at;
    const got = actual[found];
    if (got === undefined || !pattern.test(got)) {
      return `the page shows ${JSON.stringify(wanted)}, and the command said ${JSON.stringify(maySkip ? actual.slice(at).join('\n') : (got ?? ''))}`;
    }
    at = found + 1;
    maySkip = false;
  }
  return maySkip || actual[at] === undefined ? undefined : `the page does not show ${JSON.stringify(actual[at])}`;
}

function normalLines(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const fixed = VARYING.reduce((result, [pattern, word]) => result.replaceAll(pattern, word), line);
      // Columns move with the width of their contents.
      return fixed.trim().replaceAll(/ {2,}/g, '  ');
    });
}

function patternOf(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
