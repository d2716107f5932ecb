/** What the tables of choices have in common: Eips, claims, and a choice in one line. */

import type { Eip } from '../../../../../lib/api/eip/eip.ts';
import type { AddressRequest } from '../../../../../lib/api/service/address-request.ts';
import type { EipClaim } from '../../../../../lib/api/skycap/claim.ts';
import { type Choice, type ChooseInput, choose } from '../../../../../lib/ipam/choice/choose.ts';
import { Withheld } from '../../../../../lib/ipam/pools/withheld.ts';
import { type Address, formatAddress } from '../../../../../lib/net/address.ts';
import { addr, addressRequest, chooseInput, claim, eip, holder } from '../builders.ts';

/** `assigned free 198.51.100.0 web`, `pending EipFull: …`: one line that says all of a choice. */
export function summary(choice: Choice): string {
  if (choice.kind !== 'assigned') {
    const keeps = choice.keeps.length > 0 ? ` (keeps ${shown(choice.keeps)})` : '';
    return `${choice.kind} ${choice.reason}: ${choice.message}${keeps}`;
  }
  const unknown = choice.unknown === undefined ? '' : ` (${choice.unknown})`;
  const unlike = choice.given.flatMap((one) => (one.unlike === undefined ? [] : [`, unlike: ${one.unlike}`])).join('');
  return `assigned ${shown(choice.given)}${unlike}${unknown}${choice.lacking ? `, lacking ${choice.lacking.reason}: ${choice.lacking.message}` : ''}`;
}

function shown(given: readonly { how: string; address: Address; eip: Eip }[]): string {
  return given.map((one) => `${one.how} ${formatAddress(one.address)} ${one.eip.name}`).join(' + ');
}

export const web = eip('web', '198.51.100.0/30');
export const web6 = eip('web6', '2001:db8::/64');
export const other = eip('other', '203.0.113.0/30');
export const full = ['198.51.100.0', '198.51.100.1', '198.51.100.2', '198.51.100.3'].map((text, i) =>
  claim(text, [holder(`s${i}`)]),
);
export const TCP = (port: number) => ({ port, protocol: 'TCP' as const });
export const together = claim('198.51.100.3', [
  holder('front', { sharingKey: 'k' }),
  holder('b', { sharingKey: 'k', ports: [TCP(81)] }),
]);
export const { uid: _, ...UNBOUND } = holder('front');
export const mine = (address: string): EipClaim => claim(address, [holder('front')]);

export function reserving(...addresses: string[]): Partial<ChooseInput> {
  const reservations = addresses.map(addr).map(({ family, value }) => {
    return { range: { family, first: value, last: value }, what: 'an address of node n1' };
  });
  return { withheldFrom: (of) => new Withheld(of, reservations) };
}

export interface Row {
  readonly eips?: readonly Eip[];
  readonly claims?: readonly EipClaim[];
  readonly addressRequest?: Partial<AddressRequest>;
  readonly chooseInput?: Partial<ChooseInput>;
  readonly expected: string;
}

export type Rows = Readonly<Record<string, Row>>;

/** What is chosen, as {@link summary} says it. Without Eips of its own a row has `web`. */
export function chosen({ eips = [web], claims, ...row }: Row): string {
  return summary(choose(addressRequest(row.addressRequest), chooseInput(eips, claims, row.chooseInput)));
}
