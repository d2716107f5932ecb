/**
 * A component's settings from its environment, every problem collected before any is reported. Pure: main.ts passes `process.env`.
 *
 *     const settings = readEnv(process.env, { nodeName: text('NODE_NAME'), level: oneOf('SKYCAP_LOG_LEVEL', LOG_LEVELS, 'info') });
 */
import type { Parsed, Problem } from '../api/problem.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** Reads one variable. */
export interface EnvField<T> {
  readonly variable: string;
  /** The value if the variable is unset or empty; undefined: the variable must be set. */
  readonly fallback: T | undefined;
  /** @returns the value, or the problem with its remedy. */
  readonly parse: (text: string) => { readonly value: T } | { readonly wrong: string };
}

export type EnvSpec<T> = { readonly [K in keyof T]: EnvField<T[K]> };

export function readEnv<T extends object>(env: Env, spec: EnvSpec<T>): Parsed<T> {
  const problems: Problem[] = [];
  const values: [string, unknown][] = [];
  for (const [name, field] of Object.entries<EnvField<unknown>>(spec as Readonly<Record<string, EnvField<unknown>>>)) {
    const text = env[field.variable]?.trim() ?? '';
    if (text === '') {
      if (field.fallback === undefined) problems.push({ field: field.variable, message: 'is not set' });
      values.push([name, field.fallback]);
      continue;
    }
    const parsed = field.parse(text);
    if ('wrong' in parsed) problems.push({ field: field.variable, value: text, message: parsed.wrong });
    else values.push([name, parsed.value]);
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: Object.fromEntries(values) as T };
}

export function text(variable: string, fallback?: string): EnvField<string> {
  return { variable, fallback, parse: (value) => ({ value }) };
}

export function integer(
  variable: string,
  range: { readonly min: number; readonly max: number },
  fallback?: number,
): EnvField<number> {
  const wrong = `is not a whole number from ${range.min} to ${range.max}`;
  return {
    variable,
    fallback,
    parse: (value) => {
      const number = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      return number >= range.min && number <= range.max ? { value: number } : { wrong };
    },
  };
}

export function oneOf<const V extends string>(variable: string, values: readonly V[], fallback?: V): EnvField<V> {
  return {
    variable,
    fallback,
    parse: (value) => {
      const found = values.find((candidate) => candidate === value);
      return found === undefined ? { wrong: `is not one of ${values.join(', ')}` } : { value: found };
    },
  };
}

export function flag(variable: string, fallback?: boolean): EnvField<boolean> {
  return {
    variable,
    fallback,
    parse: (value) =>
      value === 'true' || value === 'false' ? { value: value === 'true' } : { wrong: 'is not true or false' },
  };
}

/** @param parse throws if it cannot read the text (for example `splitAddress`); its message is shown. */
export function parsedBy<T>(variable: string, parse: (value: string) => T, fallback?: T): EnvField<T> {
  return {
    variable,
    fallback,
    parse: (value) => {
      try {
        return { value: parse(value) };
      } catch (error) {
        return { wrong: `is refused: ${error instanceof Error ? error.message : String(error)}` };
      }
    },
  };
}
