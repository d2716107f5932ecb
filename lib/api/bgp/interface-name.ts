/** Reads the name of a network interface or a VRF: at most 15 characters, as in Linux, and no character with a meaning in bird.conf. */
import { type Problem, textOf } from '../problem.ts';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}$/;

export function optionalInterface(raw: unknown, field: string, problems: Problem[]): string | undefined {
  if (raw === undefined || raw === null || raw === '') return undefined;
  if (typeof raw === 'string' && NAME.test(raw)) return raw;
  problems.push({
    field,
    value: textOf(raw),
    message: "is not an interface's name; write one such as eth0: at most 15 letters, digits, dots, dashes and colons",
  });
  return undefined;
}
