/** The time since a moment, as kubectl shows ages: `45s`, `12m`, `3h`, `9d`. PURE. */

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

export function ageText(rfc3339: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(rfc3339)) / 1000));
  const [unit, size] = UNITS.find(([, least]) => seconds >= least * 2) ?? ['s', 1];
  return Number.isNaN(seconds) ? '' : `${Math.floor(seconds / size)}${unit}`;
}
