/** Parses `--try address=198.51.100.9,eip=web`. A value may have commas where it goes on without a key: `address=198.51.100.9,2001:db8::9`. */
import { type Change, TRIABLE, type Triable } from '../../../lib/explain/service/annotation-change.ts';
import { CommandError } from '../../session/failure.ts';

const KEYS = Object.keys(TRIABLE).join(', ');

export function parseTry(text: string): Change {
  const change: Partial<Record<Triable, string>> = {};
  let last: Triable | undefined;
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    const key = part.slice(0, at).trim();
    if (at > 0 && key in TRIABLE) {
      last = key as Triable;
      change[last] = part.slice(at + 1).trim();
    } else if (at < 0 && last) change[last] += `,${part.trim()}`;
    else throw new CommandError(`Cannot try "${part}": write KEY=VALUE with one of the keys ${KEYS}, such as eip=web.`);
  }
  return change;
}
