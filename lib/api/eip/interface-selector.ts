/**
 * `Eip.spec.interface`: the network interfaces on which a node answers for the addresses of layer 2. OpenELB's two forms (`eth0`, `can_reach:192.0.2.1`), patterns, and
 * lists of these.
 */
import { type Address, formatAddress, parseAddress } from '../../net/address.ts';
import type { Problem } from '../problem.ts';

export type InterfaceSelector =
  | { readonly kind: 'name'; readonly name: string }
  /** `*` for any characters, also none; `?` for one. */
  | { readonly kind: 'pattern'; readonly pattern: string }
  /** The interface by which the node sends to the address. */
  | { readonly kind: 'canReach'; readonly address: Address };

const FIELD = 'spec.interface';
const CAN_REACH = 'can_reach:';
/** The kernel's IFNAMSIZ without the zero at the end. */
const LONGEST_NAME = 15;
const EXAMPLES = 'such as eth0, eth*,bond0 or can_reach:192.0.2.1';

/**
 * @param text as stored; empty for none.
 * @returns the alternatives; an empty list for an empty text. A part with a problem is left out.
 */
export function parseInterfaces(text: string, problems: Problem[]): readonly InterfaceSelector[] {
  if (text === '') return [];
  return text.split(',').flatMap((part) => {
    const parsed = parsePart(part);
    if (typeof parsed !== 'string') return [parsed];
    problems.push({ field: FIELD, value: text, message: parsed });
    return [];
  });
}

/** @returns the problem, if there is one. */
function parsePart(part: string): InterfaceSelector | string {
  if (part === '') return `has an empty part; write names with one comma between them, ${EXAMPLES}`;
  if (part.startsWith(CAN_REACH)) {
    const address = parseAddress(part.slice(CAN_REACH.length));
    if (address) return { kind: 'canReach', address };
    return 'names no IP address after can_reach; write one, such as can_reach:192.0.2.1';
  }
  if (part.includes(':')) return `is no interface: only can_reach stands before a colon; write interfaces ${EXAMPLES}`;
  if (/[\s/]/.test(part)) return `has a blank or a slash, which no interface's name has; write interfaces ${EXAMPLES}`;
  if (part.length > LONGEST_NAME) {
    return `is no interface: a name has at most ${LONGEST_NAME} characters; write a shorter one or a pattern, ${EXAMPLES}`;
  }
  return /[*?]/.test(part) ? { kind: 'pattern', pattern: part } : { kind: 'name', name: part };
}

/** As written in the field. */
export function interfacesText(selectors: readonly InterfaceSelector[]): string {
  return selectors.map(textOfOne).join(',');
}

function textOfOne(selector: InterfaceSelector): string {
  if (selector.kind === 'name') return selector.name;
  return selector.kind === 'pattern' ? selector.pattern : `${CAN_REACH}${formatAddress(selector.address)}`;
}

/** @param name of an interface. The node's routes decide about `canReach`. */
export function selectsName(selector: InterfaceSelector, name: string): boolean {
  if (selector.kind === 'name') return selector.name === name;
  return selector.kind === 'pattern' && expressionFor(selector.pattern).test(name);
}

function expressionFor(pattern: string): RegExp {
  const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, (character) =>
    character === '*' ? '.*' : character === '?' ? '.' : `\\${character}`,
  );
  return new RegExp(`^${source}$`, 'u');
}
