/** Which addresses a Service gets, and why not: every reason once; and what a choice costs. What must hold for any choice: `choose-any.test.ts`. */

import type { Eip } from '../../../../../lib/api/eip/eip.ts';
import type { AddressRequest } from '../../../../../lib/api/service/address-request.ts';
import type { EipClaim } from '../../../../../lib/api/skycap/claim.ts';
import { type Choice, type ChooseInput, choose } from '../../../../../lib/ipam/choice/choose.ts';
import type { Taken } from '../../../../../lib/ipam/choice/ledger.ts';
import { Withheld } from '../../../../../lib/ipam/pools/withheld.ts';
import { type Address, addressOf, formatAddress } from '../../../../../lib/net/address.ts';
import { addr, addressRequest, chooseInput, claim, eip, holder, ledgerOf } from '../builders.ts';

/** `assigned free 198.51.100.0 web`, `pending EipFull: …`: one line that says all of a choice. */
function summary(choice: Choice): string {
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

const web = eip('web', '198.51.100.0/30');
const web6 = eip('web6', '2001:db8::/64');
const other = eip('other', '203.0.113.0/30');
const full = ['198.51.100.0', '198.51.100.1', '198.51.100.2', '198.51.100.3'].map((text, i) =>
  claim(text, [holder(`s${i}`)]),
);
const TCP = (port: number) => ({ port, protocol: 'TCP' as const });
const together = claim('198.51.100.3', [
  holder('front', { sharingKey: 'k' }),
  holder('b', { sharingKey: 'k', ports: [TCP(81)] }),
]);
const { uid: _, ...UNBOUND } = holder('front');
const mine = (address: string): EipClaim => claim(address, [holder('front')]);

function reserving(...addresses: string[]): Partial<ChooseInput> {
  const reservations = addresses.map(addr).map(({ family, value }) => {
    return { range: { family, first: value, last: value }, what: 'an address of node n1' };
  });
  return { withheldFrom: (of) => new Withheld(of, reservations) };
}

interface Row {
  readonly eips?: readonly Eip[];
  readonly claims?: readonly EipClaim[];
  readonly addressRequest?: Partial<AddressRequest>;
  readonly chooseInput?: Partial<ChooseInput>;
  readonly expected: string;
}

const rows: Readonly<Record<string, Row>> = {
  'takes the lowest free address': {
    claims: [full[0]!, full[2]!],
    expected: 'assigned free 198.51.100.1 web',
  },
  'takes the next Eip when one is full': {
    eips: [web, other],
    claims: full,
    addressRequest: { eipNames: ['web', 'other'] },
    expected: 'assigned free 203.0.113.0 other',
  },
  'passes over a disabled Eip': {
    eips: [{ ...web, disabled: true }, other],
    addressRequest: { eipNames: ['web', 'other'] },
    expected: 'assigned free 203.0.113.0 other',
  },
  'passes over an Eip of another protocol': {
    eips: [web, { ...other, protocol: 'layer2' }],
    addressRequest: { protocol: 'layer2' },
    expected: 'assigned free 203.0.113.0 other',
  },
  'takes an Eip that is named though it is bound to another namespace: as in OpenELB': {
    eips: [{ ...web, namespaces: new Set(['office']) }],
    addressRequest: { eipNames: ['web'] },
    expected: 'assigned free 198.51.100.0 web',
  },
  'takes the requested address': {
    addressRequest: { addresses: [addr('198.51.100.2')] },
    expected: 'assigned free 198.51.100.2 web',
  },
  'takes the requested address in an Eip bound to another namespace: as in OpenELB': {
    eips: [{ ...web, namespaces: new Set(['office']) }],
    addressRequest: { addresses: [addr('198.51.100.2')] },
    expected: 'assigned free 198.51.100.2 web',
  },
  'gives one address a family, in the order of the families': {
    eips: [web, web6],
    addressRequest: { families: [6, 4] },
    expected: 'assigned free 2001:db8:: web6 + free 198.51.100.0 web',
  },
  'requests one family, chooses the other': {
    eips: [web, web6],
    addressRequest: { families: [4, 6], addresses: [addr('2001:db8::77')] },
    expected: 'assigned free 198.51.100.0 web + free 2001:db8::77 web6',
  },
  'keeps what it holds, though a lower one is free': {
    claims: [mine('198.51.100.3')],
    expected: 'assigned held 198.51.100.3 web',
  },
  'keeps what it holds in an Eip that was disabled': {
    eips: [{ ...web, disabled: true }],
    claims: [mine('198.51.100.3')],
    expected: 'assigned held 198.51.100.3 web',
  },
  'keeps what it holds in an Eip that serves its namespace no more': {
    eips: [{ ...web, namespaces: new Set(['office']) }, other],
    claims: [mine('198.51.100.3')],
    expected: 'assigned held 198.51.100.3 web',
  },
  'keeps the IPv4 address when it becomes dual-stack': {
    eips: [web, web6],
    claims: [mine('198.51.100.3')],
    addressRequest: { families: [4, 6] },
    expected: 'assigned held 198.51.100.3 web + free 2001:db8:: web6',
  },
  'leaves what it holds for a requested one': {
    claims: [mine('198.51.100.3')],
    addressRequest: { addresses: [addr('198.51.100.1')] },
    expected: 'assigned free 198.51.100.1 web',
  },
  'leaves what it holds for an Eip that it names': {
    eips: [web, other],
    claims: [mine('198.51.100.3')],
    addressRequest: { eipNames: ['other'] },
    expected: 'assigned free 203.0.113.0 other',
  },
  'stays where another Eip has the address by now, and it names the same one as before': {
    eips: [web, other],
    claims: [claim('198.51.100.3', [holder('front', { askedFor: ['Eip other'] })])],
    addressRequest: { eipNames: ['other'] },
    expected:
      'assigned held 198.51.100.3 web, unlike: the Service names Eip other, and Eip web has the address; name web to keep it; to leave it, remove what asks for the other, then write it again',
  },
  'stays where the Eip is of another protocol by now': {
    eips: [web, { ...other, protocol: 'layer2' }],
    claims: [claim('198.51.100.3', [holder('front', { askedFor: ['protocol layer2'] })])],
    addressRequest: { protocol: 'layer2' },
    expected:
      'assigned held 198.51.100.3 web, unlike: the Service asks for protocol layer2, and Eip web has bgp; change the annotation to keep it; to leave it, remove what asks for the other, then write it again',
  },
  'leaves it when it names another one than before': {
    eips: [web, other],
    claims: [claim('198.51.100.3', [holder('front', { askedFor: ['Eip third'] })])],
    addressRequest: { eipNames: ['other'] },
    expected: 'assigned free 203.0.113.0 other',
  },
  'stays at what it publishes without a claim, where a change is of something else than what it asks for': {
    eips: [web, other],
    addressRequest: { eipNames: ['other'] },
    chooseInput: { published: [addr('198.51.100.3')], asksAsBefore: true },
    expected:
      'assigned free 198.51.100.3 web, unlike: the Service names Eip other, and Eip web has the address; name web to keep it; to leave it, remove what asks for the other, then write it again',
  },
  'leaves what it publishes without a claim, where the change is of what it asks for': {
    eips: [web, other],
    addressRequest: { eipNames: ['other'] },
    chooseInput: { published: [addr('198.51.100.3')] },
    expected: 'assigned free 203.0.113.0 other',
  },
  'has nothing on the strength of an entry that is not bound, whatever that asked for': {
    eips: [web, other],
    claims: [claim('198.51.100.3', [{ ...UNBOUND, askedFor: ['Eip other'] }])],
    addressRequest: { eipNames: ['other'] },
    expected: 'assigned free 203.0.113.0 other',
  },
  'stays at a shared address when its new port clashes': {
    claims: [together],
    addressRequest: { sharingKey: 'k', ports: [TCP(81)] },
    expected: 'assigned held 198.51.100.3 web',
  },
  'stays at a shared address whatever its sharers have': {
    claims: [claim('198.51.100.3', [holder('front'), holder('b', { externalTrafficPolicy: 'Local' })])],
    expected: 'assigned held 198.51.100.3 web',
  },
  'does not stay on the strength of an entry of a failed call for its name': {
    claims: [claim('198.51.100.3', [holder('b'), UNBOUND])],
    expected: 'assigned free 198.51.100.0 web',
  },
  'a change that can be refused takes no port of those who have the address': {
    claims: [together],
    addressRequest: { sharingKey: 'k', ports: [TCP(80), TCP(81)] },
    chooseInput: { portsBefore: [TCP(80)] },
    expected:
      'clashes SharingRefused: 198.51.100.3: Service shop/b holds port 81/TCP of it; choose another port, or try again in a few seconds if that Service has just left it (keeps held 198.51.100.3 web)',
  },
  'a change is not refused for a port that two had together before': {
    claims: [together],
    addressRequest: { sharingKey: 'k', ports: [TCP(81), TCP(82)] },
    chooseInput: { portsBefore: [TCP(81)] },
    expected: 'assigned held 198.51.100.3 web',
  },
  'a change that moves may have any port': {
    claims: [together],
    addressRequest: { sharingKey: 'k', ports: [TCP(81)], addresses: [addr('198.51.100.1')] },
    chooseInput: { portsBefore: [TCP(80)] },
    expected: 'assigned free 198.51.100.1 web',
  },
  'a change that would move and has to wait takes no port where it stays': {
    claims: [together, full[1]!],
    addressRequest: { ports: [TCP(81)], addresses: [addr('198.51.100.1')] },
    chooseInput: { portsBefore: [TCP(80)] },
    expected:
      'clashes SharingRefused: 198.51.100.3: Service shop/b holds port 81/TCP of it; choose another port, or try again in a few seconds if that Service has just left it (keeps held 198.51.100.3 web)',
  },
  'takes again what it publishes without a claim': {
    chooseInput: { published: [addr('198.51.100.2')] },
    expected: 'assigned free 198.51.100.2 web',
  },
  'takes again what it publishes beside whoever holds it': {
    claims: [full[2]!],
    chooseInput: { published: [addr('198.51.100.2')] },
    expected: 'assigned shared 198.51.100.2 web',
  },
  'leaves what it publishes without a claim for what it requests': {
    claims: [full[2]!],
    addressRequest: { addresses: [addr('198.51.100.1')] },
    chooseInput: { published: [addr('198.51.100.2')] },
    expected: 'assigned free 198.51.100.1 web',
  },
  'shares the requested address with another that requests it, without a key': {
    claims: [claim('198.51.100.1', [holder('b', { requested: true, ports: [TCP(443)] })])],
    addressRequest: { addresses: [addr('198.51.100.1')] },
    expected: 'assigned shared 198.51.100.1 web',
  },
  'takes the address it had before, if that is free': {
    chooseInput: { former: [addr('198.51.100.2')] },
    expected: 'assigned free 198.51.100.2 web',
  },
  'does not take the address it had before from another': {
    claims: [full[2]!],
    chooseInput: { former: [addr('198.51.100.2')] },
    expected: 'assigned free 198.51.100.0 web',
  },
  'shares an address with who has the same key': {
    claims: [
      full[0]!,
      claim('198.51.100.1', [holder('b', { sharingKey: 'k', ports: [{ port: 443, protocol: 'TCP' }] })]),
    ],
    addressRequest: { sharingKey: 'k' },
    expected: 'assigned shared 198.51.100.1 web',
  },
  'takes an own address when sharing would clash': {
    claims: [claim('198.51.100.0', [holder('b', { sharingKey: 'k' })])],
    addressRequest: { sharingKey: 'k' },
    expected: 'assigned free 198.51.100.1 web',
  },
  'shares the requested address': {
    claims: [claim('198.51.100.1', [holder('b', { sharingKey: 'k', ports: [{ port: 443, protocol: 'TCP' }] })])],
    addressRequest: { sharingKey: 'k', addresses: [addr('198.51.100.1')] },
    expected: 'assigned shared 198.51.100.1 web',
  },
  'PreferDualStack takes what there is and says what lacks': {
    addressRequest: { families: [4, 6], need: 'any' },
    expected:
      'assigned free 198.51.100.0 web, lacking EipFamilyMismatch: Eip web has no IPv6 addresses; add an Eip with IPv6 addresses',
  },
  'PreferDualStack may get the second family only': {
    eips: [web6],
    addressRequest: { families: [4, 6], need: 'any' },
    expected:
      'assigned free 2001:db8:: web6, lacking EipFamilyMismatch: Eip web6 has no IPv4 addresses; add an Eip with IPv4 addresses',
  },

  'waits: no Eip at all': {
    eips: [],
    expected:
      'pending NoEipMatches: no Eip serves namespace shop; create one, or name one in the annotation eip.openelb.kubesphere.io/v1alpha2',
  },
  'waits: the Eip named is not there': {
    addressRequest: { eipNames: ['web2', 'web3'] },
    expected: 'pending EipNotFound: there is no usable Eip named web2, web3; create or mend it, or name another',
  },
  'waits: what is named is no name, and more than anybody wants to read': {
    addressRequest: { eipNames: ['a\u001b[2J', 'b', 'c', 'd', 'e', 'f', 'g'] },
    expected:
      'pending EipNotFound: there is no usable Eip named "a\\u001b[2J", b, c, d, e and 2 more; create or mend it, or name another',
  },
  'waits: the Eip named overlaps an older one': {
    eips: [web, eip('late', '198.51.100.0/29', { createdAt: '2026-02-01T00:00:00Z' })],
    addressRequest: { eipNames: ['late'] },
    expected: 'pending EipInvalid: Eip late overlaps the older Eip web; change or delete one of them',
  },
  'waits: full': {
    claims: full,
    expected: 'pending EipFull: every address of Eip web (4 addresses) is in use; free one, or enlarge or add an Eip',
  },
  'waits: disabled': {
    eips: [{ ...web, disabled: true }],
    expected: 'pending EipDisabled: Eip web is disabled; set spec.disable: false or name another',
  },
  'waits: the requested address is in a disabled Eip': {
    eips: [{ ...web, disabled: true }],
    addressRequest: { addresses: [addr('198.51.100.1')] },
    expected: 'pending EipDisabled: Eip web is disabled; set spec.disable: false or name another',
  },
  'waits: being deleted, which no setting of the Eip mends, though it is disabled as well': {
    eips: [{ ...web, isDeleting: true, disabled: true }],
    expected: 'pending EipDeleting: Eip web is being deleted; name another, or create one',
  },
  'waits: the requested address is in an Eip that is being deleted': {
    eips: [{ ...web, isDeleting: true }],
    addressRequest: { addresses: [addr('198.51.100.1')] },
    expected: 'pending EipDeleting: Eip web is being deleted; name another, or create one',
  },
  'waits: of several, some are disabled and one is being deleted': {
    eips: [
      { ...web, isDeleting: true },
      { ...other, disabled: true },
      eip('third', '192.0.2.0/30', { disabled: true }),
    ],
    addressRequest: { eipNames: ['web', 'other', 'third'] },
    expected:
      'pending EipDisabled: Eip other, third are disabled, and Eip web is being deleted; set spec.disable: false or name another',
  },
  'passes over an Eip that is being deleted': {
    eips: [{ ...web, isDeleting: true }, other],
    expected: 'assigned free 203.0.113.0 other',
  },
  'counts a large pool as its status does': {
    eips: [eip('wide', '2001:db8::/64', { range: { family: 6, first: 0n, last: 2n ** 64n } }), web6],
    claims: [],
    addressRequest: { families: [6], eipNames: ['wide', 'web6'] },
    chooseInput: {
      taken: {
        ...ledgerOf(),
        isTaken: () => true,
        lowestFree: () => undefined,
        sharedBy: () => [],
      } as unknown as Taken,
    },
    expected:
      'pending EipFull: every address of Eip wide (more than 9007199254740991 addresses), web6 (more than 9007199254740991 addresses) is in use; free one, or enlarge or add an Eip',
  },
  'takes an Eip that must be named, when it is': {
    eips: [{ ...web, autoAssign: false }],
    addressRequest: { eipNames: ['web'] },
    expected: 'assigned free 198.51.100.0 web',
  },
  'takes a requested address of an Eip that must be named': {
    eips: [{ ...web, autoAssign: false }],
    addressRequest: { addresses: [addr('198.51.100.2')] },
    expected: 'assigned free 198.51.100.2 web',
  },
  'keeps what it holds in an Eip that must be named now': {
    eips: [{ ...web, autoAssign: false }, other],
    claims: [mine('198.51.100.3')],
    expected: 'assigned held 198.51.100.3 web',
  },
  'does not share an address of an Eip that must be named, by the key alone': {
    eips: [{ ...web, autoAssign: false }, other],
    claims: [claim('198.51.100.1', [holder('b', { sharingKey: 'k', ports: [{ port: 443, protocol: 'TCP' }] })])],
    addressRequest: { sharingKey: 'k' },
    expected: 'assigned free 203.0.113.0 other',
  },
  'waits: every Eip must be named': {
    eips: [
      { ...other, autoAssign: false },
      { ...web, autoAssign: false },
    ],
    expected:
      'pending NoEipMatches: no Eip serves namespace shop without being named; name one (other, web) in the annotation eip.openelb.kubesphere.io/v1alpha2, or create another',
  },
  'gives both families by their defaults': {
    eips: [
      { ...web, isDefault: true, namespaces: new Set(['x']) },
      { ...web6, isDefault: true },
      eip('a6', '2001:db8:1::/64'),
      { ...other, priority: -1 },
    ],
    addressRequest: { families: [4, 6] },
    expected: 'assigned free 198.51.100.0 web + free 2001:db8:: web6',
  },
  'passes over what is reserved': {
    chooseInput: reserving('198.51.100.0', '198.51.100.1'),
    expected: 'assigned free 198.51.100.2 web',
  },
  'takes the next Eip when the rest of one is reserved': {
    eips: [web, other],
    claims: full.slice(2),
    chooseInput: reserving('198.51.100.0', '198.51.100.1'),
    expected: 'assigned free 203.0.113.0 other',
  },
  'keeps what it holds, though it be reserved by now': {
    claims: [mine('198.51.100.3')],
    chooseInput: reserving('198.51.100.3'),
    expected: 'assigned held 198.51.100.3 web',
  },
  'takes again what it publishes, though it be reserved by now': {
    addressRequest: { addresses: [addr('198.51.100.3')] },
    chooseInput: { ...reserving('198.51.100.3'), former: [addr('198.51.100.3')], published: [addr('198.51.100.3')] },
    expected: 'assigned free 198.51.100.3 web',
  },
  'does not take what only its annotation shows, where that is reserved': {
    chooseInput: { ...reserving('198.51.100.3'), former: [addr('198.51.100.3')] },
    expected: 'assigned free 198.51.100.0 web',
  },
  'does not join others at an address that is reserved': {
    claims: [claim('198.51.100.1', [holder('b', { sharingKey: 'k', ports: [{ port: 443, protocol: 'TCP' }] })])],
    addressRequest: { sharingKey: 'k' },
    chooseInput: reserving('198.51.100.1'),
    expected: 'assigned free 198.51.100.0 web',
  },
  'waits: the requested address is reserved': {
    addressRequest: { addresses: [addr('198.51.100.1')] },
    chooseInput: reserving('198.51.100.1'),
    expected: 'pending AddressReserved: 198.51.100.1 is an address of node n1; request another address',
  },
  'waits: the requested address ends in .0, and the Eip leaves it out': {
    eips: [{ ...web, avoidBuggyIPs: true }],
    addressRequest: { addresses: [addr('198.51.100.0')] },
    chooseInput: reserving(),
    expected:
      'pending AddressReserved: 198.51.100.0 ends in .0 or .255, which spec.avoidBuggyIPs of the Eip leaves out; request another address',
  },
  'waits: all that is not reserved is in use': {
    claims: full.slice(1),
    chooseInput: reserving('198.51.100.0'),
    expected:
      'pending EipFull: every address of Eip web (4 addresses) is in use or reserved; free one, or enlarge or add an Eip',
  },
  'waits: another family': {
    addressRequest: { families: [6], eipNames: ['web'] },
    expected: 'pending EipFamilyMismatch: Eip web has no IPv6 addresses; name another Eip or set spec.ipFamilies',
  },
  'waits: another protocol': {
    addressRequest: { protocol: 'layer2' },
    expected:
      'pending EipProtocolMismatch: Eip web is not of protocol layer2; change the protocol annotation or name another Eip',
  },
  'waits: the requested address is in no Eip': {
    addressRequest: { addresses: [addr('192.0.2.1')] },
    expected: 'pending AddressOutsideEip: no Eip has the address 192.0.2.1; request another or create an Eip with it',
  },
  'waits: the requested address is not in the Eip named': {
    addressRequest: { eipNames: ['web'], addresses: [addr('192.0.2.1')] },
    expected: 'pending AddressOutsideEip: 192.0.2.1 is not in Eip web; request one of its addresses',
  },
  'waits: the requested address is in use': {
    claims: full,
    addressRequest: { addresses: [addr('198.51.100.1')] },
    expected:
      'pending AddressInUse: 198.51.100.1: Service shop/s1 has it; give both the same annotation skycap.io/sharing-key to share it',
  },
  'waits: the requested address may not be shared': {
    claims: [claim('198.51.100.1', [holder('b', { sharingKey: 'k' })])],
    addressRequest: { addresses: [addr('198.51.100.1')], sharingKey: 'k' },
    expected: 'pending SharingRefused: 198.51.100.1: Service shop/b uses port 80/TCP of it; choose another port',
  },
  'waits, and keeps what it holds meanwhile': {
    eips: [web, other],
    claims: [mine('198.51.100.3')],
    addressRequest: { eipNames: ['gone'] },
    expected:
      'pending EipNotFound: there is no usable Eip named gone; create or mend it, or name another (keeps held 198.51.100.3 web)',
  },
  'one of two names is no Eip: the other serves, and it is said': {
    addressRequest: { eipNames: ['wbe', 'other'] },
    eips: [web, other],
    expected: 'assigned free 203.0.113.0 other (there is no usable Eip named wbe; did you mean web?)',
  },
  'one of two names is no Eip, and the other has not the family': {
    addressRequest: { eipNames: ['web', 'web9'], families: [4, 6] },
    eips: [web, web6],
    expected:
      'pending EipFamilyMismatch: Eip web has no IPv6 addresses; name one with IPv6 addresses as well; and there is no usable Eip named web9; did you mean web6?',
  },
  'a name in other letters': {
    addressRequest: { eipNames: ['Web'] },
    expected: 'pending EipNotFound: there is no usable Eip named "Web"; did you mean web?',
  },
  'an address where a name belongs': {
    addressRequest: { eipNames: ['198.51.100.2'] },
    expected:
      'pending EipNotFound: there is no usable Eip named "198.51.100.2"; to request an address, write it in the annotation eip.openelb.kubesphere.io/v1alpha1',
  },
  'addresses where a name belongs': {
    addressRequest: { eipNames: ['198.51.100.0/31'] },
    expected: 'pending EipNotFound: there is no usable Eip named "198.51.100.0/31"; did you mean web?',
  },
  'addresses of no Eip where a name belongs': {
    addressRequest: { eipNames: ['192.0.2.0/24'] },
    expected:
      'pending EipNotFound: there is no usable Eip named "192.0.2.0/24"; name an Eip that has these addresses, or create one',
  },
  'two names, each with a slip': {
    eips: [web, web6],
    addressRequest: { eipNames: ['wbe', 'web66'] },
    expected: 'pending EipNotFound: there is no usable Eip named wbe, web66; did you mean web, web6?',
  },
  'a name with its kind and a slash before it': {
    addressRequest: { eipNames: ['eip/web'] },
    expected: 'pending EipNotFound: there is no usable Eip named "eip/web"; did you mean web?',
  },
  'waits: the requested address is in another Eip than the one named': {
    addressRequest: { eipNames: ['web'], addresses: [addr('203.0.113.9')] },
    eips: [eip('web', '198.51.100.0/30'), eip('other', '203.0.113.0/24')],
    expected:
      'pending AddressOutsideEip: 203.0.113.9 is not in Eip web but in Eip other; name that one, or request another address',
  },
  'waits: the requested address is one that no Eip can have': {
    addressRequest: { addresses: [addr('0.0.0.0')] },
    expected:
      'pending AddressOutsideEip: no Eip has the address 0.0.0.0, nor can have "this network" addresses (0.0.0.0/8); request another, or none',
  },
  'names without a comma between': {
    addressRequest: { eipNames: ['web web6'] },
    expected:
      'pending EipNotFound: there is no usable Eip named "web web6"; where several are meant, write commas between them, as in "web,web6"',
  },
  'RequireDualStack waits for both, and takes none meanwhile': {
    addressRequest: { families: [4, 6] },
    expected: 'pending EipFamilyMismatch: Eip web has no IPv6 addresses; add an Eip with IPv6 addresses',
  },
  'refuses, and would keep what it holds': {
    eips: [web, eip('strict', '203.0.113.9', { whenFull: 'Refuse' })],
    claims: [mine('198.51.100.3'), claim('203.0.113.9', [holder('b')])],
    addressRequest: { eipNames: ['strict'] },
    expected:
      'refused EipFull: every address of Eip strict (1 address) is in use; free one, or enlarge or add an Eip (keeps held 198.51.100.3 web)',
  },
  'refuses when the Eip says so: full': {
    eips: [{ ...web, whenFull: 'Refuse' }],
    claims: full,
    expected: 'refused EipFull: every address of Eip web (4 addresses) is in use; free one, or enlarge or add an Eip',
  },
  'refuses when the Eip says so: requested address in use': {
    eips: [{ ...web, whenFull: 'Refuse' }],
    claims: full,
    addressRequest: { addresses: [addr('198.51.100.1')] },
    expected:
      'refused AddressInUse: 198.51.100.1: Service shop/s1 has it; give both the same annotation skycap.io/sharing-key to share it',
  },
  'waits when only one of the full Eips says Refuse': {
    eips: [{ ...web, whenFull: 'Refuse' }, eip('tiny', '203.0.113.9')],
    claims: [...full, claim('203.0.113.9', [holder('x')])],
    expected:
      'pending EipFull: every address of Eip tiny (1 address), web (4 addresses) is in use; free one, or enlarge or add an Eip',
  },
  'refuses with the reason of the family that refuses': {
    eips: [{ ...web6, range: eip('x', '2001:db8::1').range, whenFull: 'Refuse' }],
    claims: [claim('2001:db8::1', [holder('x')])],
    addressRequest: { families: [4, 6] },
    expected: 'refused EipFull: every address of Eip web6 (1 address) is in use; free one, or enlarge or add an Eip',
  },
};

it.each(Object.entries(rows))('%s', (_, row) => {
  const found = choose(addressRequest(row.addressRequest), chooseInput(row.eips ?? [web], row.claims, row.chooseInput));
  expect(summary(found)).toBe(row.expected);
});

it('nobody joins a claim in which some are missing who have the address', () => {
  const ledger = ledgerOf(claim('198.51.100.0', [holder('b', { sharingKey: 'k', ports: [TCP(443)] })]));
  const settle = ledger.reserveUntilClaimed(addr('198.51.100.0'));
  const shares = addressRequest({ sharingKey: 'k' });
  const ask = (one: AddressRequest) => summary(choose(one, chooseInput([web], [], { taken: ledger })));
  expect(ask(shares)).toBe('assigned free 198.51.100.1 web');
  expect(ask({ ...shares, addresses: [addr('198.51.100.0')] })).toBe(
    'pending SharingRefused: 198.51.100.0: Services that have it are not in its claim yet',
  );
  settle();
  expect(ask(shares)).toBe('assigned shared 198.51.100.0 web');
});

it('an address that this process is about to give is neither given again nor shared', () => {
  const ledger = ledgerOf();
  ledger.reserve(addr('198.51.100.0'));
  expect(summary(choose(addressRequest(), chooseInput([web], [], { taken: ledger })))).toBe(
    'assigned free 198.51.100.1 web',
  );
  const requested = addressRequest({ addresses: [addr('198.51.100.0')], sharingKey: 'k' });
  expect(summary(choose(requested, chooseInput([web], [], { taken: ledger })))).toBe(
    'pending SharingRefused: 198.51.100.0: another Service publishes it, or is being given it',
  );
});

describe('the cost of a choice', () => {
  /** Counts every question that the choice asks about what is taken. */
  function counted(taken: Taken): { taken: Taken; questions: () => number } {
    let questions = 0;
    const counting = new Proxy(taken, {
      get: (target, property) => {
        const member = Reflect.get(target, property) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          questions++;
          return member.apply(target, args);
        };
      },
    });
    return { taken: counting, questions: () => questions };
  }

  const sizes = ['198.51.100.0/30', '198.51.100.0/24', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/64', '2001:db8::/32'];

  it.each(sizes)('is the same in %s', (addresses) => {
    const pool = eip('pool', addresses);
    const { family, first } = pool.range;
    const claims = [0n, 1n].map((i) => claim(addressOf(family, first + i), [holder(`s${i}`)]));
    const { taken, questions } = counted(ledgerOf(...claims));
    const choice = choose(addressRequest({ families: [family] }), chooseInput([pool], claims, { taken }));
    expect(summary(choice)).toContain(`free ${formatAddress(addressOf(family, first + 2n))}`);
    expect(questions()).toBe(1);
  });

  it('does not grow with the number of claims', () => {
    const pool = eip('pool', '10.0.0.0/8');
    const asked = [10, 10_000].map((count) => {
      const claims = Array.from({ length: count }, (_, i) =>
        claim(addressOf(4, pool.range.first + BigInt(i)), [holder(`s${i}`)]),
      );
      const { taken, questions } = counted(ledgerOf(...claims));
      choose(addressRequest(), chooseInput([pool], [], { taken }));
      return questions();
    });
    expect(asked[0]).toBe(asked[1]);
  });
});
