/** Which addresses a Service keeps that has some, and which it leaves. */
import { addr, claim, holder } from '../builders.ts';
import { chosen, full, mine, other, type Rows, reserving, TCP, together, UNBOUND, web, web6 } from './rows.ts';

const rows: Rows = {
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
  'takes the address it had before, if that is free': {
    chooseInput: { former: [addr('198.51.100.2')] },
    expected: 'assigned free 198.51.100.2 web',
  },
  'does not take the address it had before from another': {
    claims: [full[2]!],
    chooseInput: { former: [addr('198.51.100.2')] },
    expected: 'assigned free 198.51.100.0 web',
  },
  'keeps what it holds in an Eip that must be named now': {
    eips: [{ ...web, autoAssign: false }, other],
    claims: [mine('198.51.100.3')],
    expected: 'assigned held 198.51.100.3 web',
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
};

it.each(Object.entries(rows))('%s', (_, row) => {
  expect(chosen(row)).toBe(row.expected);
});
