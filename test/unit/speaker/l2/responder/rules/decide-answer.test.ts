/** What is answered, and what is none of our business. */
import { formatAddress, parseAddress } from '../../../../../../lib/net/address.ts';
import { arpReply, decodeArp } from '../../../../../../speaker/l2/frames/arp.ts';
import { neighborAnnouncement } from '../../../../../../speaker/l2/frames/ndp.ts';
import { AddressSet } from '../../../../../../speaker/l2/responder/rules/address-set.ts';
import { decideAnswer, type ResponderState } from '../../../../../../speaker/l2/responder/rules/decide-answer.ts';
import {
  ADVERTISEMENT,
  ARP_ANNOUNCEMENT,
  ARP_PROBE,
  ARP_REQUEST,
  ARP_UNICAST_REQUEST,
  bytes,
  DAD_SOLICITATION,
  OURS,
  SOLICITATION,
  THEIRS,
  UNICAST_SOLICITATION,
  withByte,
} from '../../frames.ts';

const owned = new AddressSet(['192.0.2.7', '2001:db8::7'].map((text) => parseAddress(text)!));
const none = new AddressSet();
const post: ResponderState = { mac: OURS, owned, probed: none };

function said(frame: Uint8Array, at = post): string {
  const verdict = decideAnswer(frame, at);
  switch (verdict.kind) {
    case 'answer':
      return `answer ${formatAddress(verdict.address)}`;
    case 'conflict':
    case 'taken':
      return `${verdict.kind} ${formatAddress(verdict.address)} ${verdict.mac}`;
    case 'dropped':
      return verdict.fault;
    case 'notOurs':
      return 'notOurs';
  }
}

it.each([
  ['a request', ARP_REQUEST, 'answer 192.0.2.7'],
  ['a unicast request', ARP_UNICAST_REQUEST, 'answer 192.0.2.7'],
  ['a probe', ARP_PROBE, 'answer 192.0.2.7'],
  ['a solicitation', SOLICITATION, 'answer 2001:db8::7'],
  ['a unicast solicitation', UNICAST_SOLICITATION, 'answer 2001:db8::7'],
  ['a detection of duplicates', DAD_SOLICITATION, 'answer 2001:db8::7'],
  ['a request for the next address', withByte(ARP_REQUEST, 41, 8), 'notOurs'],
  ['somebody else who announces our address', ARP_ANNOUNCEMENT, `conflict 192.0.2.7 ${THEIRS}`],
  ['somebody else who answers for it', withByte(ARP_ANNOUNCEMENT, 21, 2), `conflict 192.0.2.7 ${THEIRS}`],
  ['somebody else who advertises it', ADVERTISEMENT, `conflict 2001:db8::7 ${THEIRS}`],
  ['our own advertisement', neighborAnnouncement(parseAddress('2001:db8::7')!, OURS), 'notOurs'],
  ['a reply to somebody', withByte(ARP_REQUEST, 21, 2), 'notOurs'],
  ['a fault', withByte(SOLICITATION, 57, 0), 'BadChecksum'],
  ['nothing', bytes(''), 'Truncated'],
])('%s', (_, frame, expected) => {
  expect(said(frame)).toBe(expected);
});

it('without an owned address nothing is answered and nothing is a conflict', () => {
  const nothing: ResponderState = { mac: OURS, owned: none, probed: none };
  const frames = [ARP_REQUEST, ARP_PROBE, ARP_ANNOUNCEMENT, SOLICITATION, DAD_SOLICITATION, ADVERTISEMENT];
  expect(frames.map((frame) => said(frame, nothing))).toEqual(frames.map(() => 'notOurs'));
});

it('its own answer, seen on the socket, is no conflict', () => {
  const request = decodeArp(ARP_REQUEST);
  expect(request.ok && said(arpReply(request.value, OURS))).toBe('notOurs');
});

it.each([
  ['a reply', withByte(ARP_ANNOUNCEMENT, 21, 2), `taken 192.0.2.7 ${THEIRS}`],
  ['an announcement', ARP_ANNOUNCEMENT, `taken 192.0.2.7 ${THEIRS}`],
  ['an advertisement', ADVERTISEMENT, `taken 2001:db8::7 ${THEIRS}`],
  ['a request of somebody else', ARP_REQUEST, 'notOurs'],
  ['a probe of somebody else', ARP_PROBE, 'notOurs'],
  ['a solicitation of somebody else', SOLICITATION, 'notOurs'],
  ['a detection of duplicates by somebody else', DAD_SOLICITATION, 'notOurs'],
])('an address that is asked about: %s', (_, frame, expected) => {
  expect(said(frame, { mac: OURS, owned: none, probed: owned })).toBe(expected);
});
