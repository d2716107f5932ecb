/**
 * A problem of an object: the field, the value as written, the remedy.
 *
 * Parsers collect every problem. The sentence is shown by the webhook, in a condition and in the log, e.g. `spec.address: "10.0.0.300" is not an IP address; write one
 * such as 198.51.100.7`.
 */
export interface Problem {
  /** Path within the object, or the annotation's key. */
  readonly field: string;
  /** The value as written; shown shortened and quoted. Absent if the field is missing or secret. */
  readonly value?: string;
  /** Continues the sentence after the value: the problem, then the remedy. */
  readonly message: string;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const LONGEST_VALUE_SHOWN = 64;
const MOST_SHOWN = 10;

export function formatProblem(problem: Problem): string {
  const value = problem.value === undefined ? '' : `${quote(problem.value)} `;
  return `${problem.field}: ${value}${problem.message}`;
}

export function formatProblems(problems: readonly Problem[]): string {
  return shortened(problems, MOST_SHOWN, formatProblem).join('; ');
}

/** The first ones as text, and `and 3 more`. */
export function shortened<T>(items: readonly T[], most: number, textOf: (item: T) => string): string[] {
  const more = items.length - most;
  return [...items.slice(0, most).map(textOf), ...(more > 0 ? [`and ${more} more`] : [])];
}

/** Characters that JSON does not escape and a terminal interprets: DEL, the C1 controls, line separators, changes of direction. */
const OBEYED_BY_TERMINALS = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** JSON quoting, so that control characters are visible and never reach a terminal. */
export function quote(value: string): string {
  const shown = value.length > LONGEST_VALUE_SHOWN ? `${value.slice(0, LONGEST_VALUE_SHOWN)}…` : value;
  return JSON.stringify(shown).replace(
    OBEYED_BY_TERMINALS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A value as written, of any type: `String()` throws on an object whose `toString` is no function, which JSON can contain. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
