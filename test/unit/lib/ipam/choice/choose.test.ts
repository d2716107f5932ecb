/** Which addresses a Service gets that has none. What must hold for any choice: `choose-any.test.ts`. */
import type { AddressRequest } from '../../../../../lib/api/service/address-request.ts';
import { choose } from '../../../../../lib/ipam/choice/choose.ts';
import { addr, addressRequest, chooseInput, claim, eip, holder, ledgerOf } from '../builders.ts';
import { chosen, full, other, type Rows, reserving, summary, TCP, web, web6 } from './rows.ts';

const rows: Rows = {
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
  'leaves it when it names another one than before': {
    eips: [web, other],
    claims: [claim('198.51.100.3', [holder('front', { askedFor: ['Eip third'] })])],
    addressRequest: { eipNames: ['other'] },
    expected: 'assigned free 203.0.113.0 other',
  },
  'shares the requested address with another that requests it, without a key': {
    claims: [claim('198.51.100.1', [holder('b', { requested: true, ports: [TCP(443)] })])],
    addressRequest: { addresses: [addr('198.51.100.1')] },
    expected: 'assigned shared 198.51.100.1 web',
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
  'passes over an Eip that is being deleted': {
    eips: [{ ...web, isDeleting: true }, other],
    expected: 'assigned free 203.0.113.0 other',
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
  'does not share an address of an Eip that must be named, by the key alone': {
    eips: [{ ...web, autoAssign: false }, other],
    claims: [claim('198.51.100.1', [holder('b', { sharingKey: 'k', ports: [{ port: 443, protocol: 'TCP' }] })])],
    addressRequest: { sharingKey: 'k' },
    expected: 'assigned free 203.0.113.0 other',
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
  'does not join others at an address that is reserved': {
    claims: [claim('198.51.100.1', [holder('b', { sharingKey: 'k', ports: [{ port: 443, protocol: 'TCP' }] })])],
    addressRequest: { sharingKey: 'k' },
    chooseInput: reserving('198.51.100.1'),
    expected: 'assigned free 198.51.100.0 web',
  },
};

it.each(Object.entries(rows))('%s', (_, row) => {
  expect(chosen(row)).toBe(row.expected);
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
