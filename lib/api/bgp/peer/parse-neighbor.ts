/** Parses the router of a BgpPeer: an address, a link-local address with its interface, an interface alone, or a prefix. */
import { type Address, formatAddress, parseAddress } from '../../../net/address.ts';
import { addressHint } from '../../../net/address-hint.ts';
import { type AddressRange, firstAddress, parseRange, rangeContains, rangesOverlap } from '../../../net/range.ts';
import { type Problem, textOf } from '../../problem.ts';
import type { BgpPeer, Neighbor } from '../bgp.ts';
import { asksForSomething, optionalAs } from '../bgp-fields.ts';
import type { BgpPeerObject } from '../bgp-types.ts';
import { optionalInterface } from '../interface-name.ts';

type Conf = NonNullable<NonNullable<BgpPeerObject['spec']>['conf']>;

const ADDRESS = 'spec.conf.neighborAddress';
const PREFIX = 'spec.conf.neighborPrefix';
const INTERFACE = 'spec.conf.neighborInterface';

const ONE_ROUTER = { example: '192.0.2.1', oneOnly: 'write one BgpPeer for each router' };
/** Addresses that no router has. */
const UNUSABLE = ['0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::', 'ff00::/8'];
const LINK_LOCAL = 'fe80::/10';

export function neighborOf(conf: Conf, problems: Problem[]): Neighbor | undefined {
  const onInterface = optionalInterface(conf.neighborInterface, INTERFACE, problems);
  const { neighborAddress: text, neighborPrefix: prefix } = conf;
  if (asksForSomething(prefix)) {
    for (const [field, value] of [
      [ADDRESS, text],
      [INTERFACE, conf.neighborInterface],
    ] as const)
      if (asksForSomething(value))
        problems.push({ field, message: `must be left out beside ${PREFIX}; write one of the two` });
    return prefixOf(prefix, problems);
  }
  if (typeof text !== 'string' || text === '') {
    if (onInterface !== undefined) return { kind: 'interface', interface: onInterface };
    if (!asksForSomething(conf.neighborInterface))
      problems.push({ field: ADDRESS, message: "is missing; write the router's IP address, such as 192.0.2.1" });
    return undefined;
  }
  return addressOf(text, onInterface, problems);
}

function addressOf(text: string, onInterface: string | undefined, problems: Problem[]): Neighbor | undefined {
  const address = parseAddress(text);
  if (!address) {
    problems.push({ field: ADDRESS, value: text, message: addressHint(text, ONE_ROUTER) });
    return undefined;
  }
  if (UNUSABLE.some((prefix) => isIn(address, prefix))) {
    problems.push({ field: ADDRESS, value: text, message: "is no router's address; write one such as 192.0.2.1" });
    return undefined;
  }
  if (!isIn(address, LINK_LOCAL)) {
    if (onInterface !== undefined) {
      const message = `is for a link-local address or for none; for ${formatAddress(address)}, write spec.transport.bindInterface`;
      problems.push({ field: INTERFACE, value: onInterface, message });
    }
    return { kind: 'address', address };
  }
  if (onInterface !== undefined) return { kind: 'linkLocal', address, interface: onInterface };
  const message = `is link-local; write its interface in ${INTERFACE}, or a global address of the router`;
  problems.push({ field: ADDRESS, value: text, message });
  return undefined;
}

function prefixOf(raw: unknown, problems: Problem[]): Neighbor | undefined {
  const text = textOf(raw);
  const parsed = text.includes('/') ? parseRange(text) : undefined;
  if (!parsed?.ok) {
    problems.push({ field: PREFIX, value: text, message: 'is not a prefix; write one such as 192.0.2.0/24' });
    return undefined;
  }
  const { range } = parsed;
  if (UNUSABLE.some((unusable) => isIn(firstAddress(range), unusable)) || touches(range, LINK_LOCAL)) {
    const message = `has addresses of no router in it; write a prefix such as 192.0.2.0/24, or ${INTERFACE} alone`;
    problems.push({ field: PREFIX, value: text, message });
    return undefined;
  }
  return { kind: 'prefix', range, text: `${formatAddress(firstAddress(range))}/${text.split('/')[1]}` };
}

function isIn(address: Address, prefix: string): boolean {
  const parsed = parseRange(prefix);
  return parsed.ok && rangeContains(parsed.range, address);
}

function touches(range: AddressRange, prefix: string): boolean {
  const parsed = parseRange(prefix);
  return parsed.ok && rangesOverlap(range, parsed.range);
}

/** An AS number, or `external` or `internal` in `dynamicPeerAs`. */
export function neighborAsOf(conf: Conf, problems: Problem[]): BgpPeer['neighborAs'] | undefined {
  const field = 'spec.conf.peerAs';
  const as = optionalAs(conf.peerAs, field, problems);
  const word: unknown = conf.dynamicPeerAs;
  if (!asksForSomething(word)) {
    if (as === undefined && !asksForSomething(conf.peerAs)) {
      const message =
        "is missing; write the router's AS number, such as 64513, or spec.conf.dynamicPeerAs: external for any";
      problems.push({ field, message });
    }
    return as;
  }
  if (as !== undefined)
    problems.push({ field, value: String(as), message: 'must be left out beside spec.conf.dynamicPeerAs' });
  if (word === 'external' || word === 'internal') return word;
  const message =
    'is not known; write "external" for any AS number but the nodes\' own, or "internal" for the nodes\' own';
  problems.push({ field: 'spec.conf.dynamicPeerAs', value: textOf(word), message });
  return undefined;
}
