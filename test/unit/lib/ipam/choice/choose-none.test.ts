/** Why a Service gets no address: every reason once. */
import type { Taken } from '../../../../../lib/ipam/choice/ledger.ts';
import { addr, claim, eip, holder, ledgerOf } from '../builders.ts';
import { chosen, full, mine, other, type Rows, reserving, web, web6 } from './rows.ts';

const rows: Rows = {
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
  'waits: every Eip must be named': {
    eips: [
      { ...other, autoAssign: false },
      { ...web, autoAssign: false },
    ],
    expected:
      'pending NoEipMatches: no Eip serves namespace shop without being named; name one (other, web) in the annotation eip.openelb.kubesphere.io/v1alpha2, or create another',
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
    expected:
      'pending EipFamilyMismatch: Eip web has no IPv6 addresses; name or add an Eip with some, or create the Service again with spec.ipFamilies: [IPv4]',
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
  expect(chosen(row)).toBe(row.expected);
});
