/** Readers of single fields, shared by the parsers of BgpConf and BgpPeer. Each reader adds its problem to `problems`. */

import { type Problem, textOf } from '../problem.ts';

/** AS numbers have 32 bits (RFC 6793). Since 0 must not be used (RFC 7607), 0 means "not set" in OpenELB's objects. */
export const LARGEST_AS = 4_294_967_295;

export interface NumberRule {
  readonly field: string;
  readonly least: number;
  readonly most: number;
  /** The remedy, such as `write an AS number such as 64512`. */
  readonly remedy: string;
}

/** Reads a whole number within the rule. An absent field and 0 both mean "not set" in OpenELB's objects. */
export function optionalNumber(raw: unknown, rule: NumberRule, problems: Problem[]): number | undefined {
  if (raw === undefined || raw === null || raw === 0) return undefined;
  if (typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= rule.least && raw <= rule.most) return raw;
  problems.push({
    field: rule.field,
    value: textOf(raw),
    message: `is not a whole number from ${rule.least} to ${rule.most}; ${rule.remedy}`,
  });
  return undefined;
}

export function optionalAs(raw: unknown, field: string, problems: Problem[]): number | undefined {
  return optionalNumber(
    raw,
    { field, least: 1, most: LARGEST_AS, remedy: 'write an AS number such as 64512' },
    problems,
  );
}

/** Reads a timer. OpenELB has timers as strings of digits; the empty string and `0` mean "not set". */
export function optionalSeconds(raw: unknown, rule: NumberRule, problems: Problem[]): number | undefined {
  if (raw === undefined || raw === null || raw === '') return undefined;
  const seconds = typeof raw === 'string' && /^[0-9]{1,10}$/.test(raw) ? Number(raw) : Number.NaN;
  if (seconds === 0) return undefined;
  if (seconds >= rule.least && seconds <= rule.most) return seconds;
  problems.push({
    field: rule.field,
    value: textOf(raw),
    message: `is not a number of seconds from ${rule.least} to ${rule.most}; ${rule.remedy}`,
  });
  return undefined;
}

/** Whether the field is set to a value that asks for something: not false, 0 or empty, and not an object with only such values. */
export function asksForSomething(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '' || value === '0')
    return false;
  return typeof value !== 'object' || Object.values(value).some(asksForSomething);
}
