/** What tests ask the responder for, and what they look for in the frames that another machine hears. */
import { formatAddress, parseAddress } from '../../../../lib/net/address.ts';
import type { MacAddress } from '../../../../speaker/l2/frames/mac-address.ts';
import type { Layer2Address } from '../../../../speaker/l2/link/link.ts';
import { arpIn, neighborIn } from '../../../support/neighbour.ts';

export const on = (device: string, ...texts: readonly string[]): Layer2Address[] =>
  texts.map((text) => ({ address: parseAddress(text)!, interface: device }));

/** MAC of the one who answers for an IPv4 address, in an ARP reply. */
export const replyFor =
  (text: string) =>
  (frame: Buffer): MacAddress | undefined => {
    const packet = arpIn(frame);
    return packet?.operation === 'reply' && formatAddress(packet.senderAddress) === text ? packet.senderMac : undefined;
  };
/** MAC in an announcement of an address, of either family. */
export const announcementOf =
  (text: string) =>
  (frame: Buffer): MacAddress | undefined => {
    const arp = arpIn(frame);
    if (arp?.operation === 'request' && formatAddress(arp.senderAddress) === text) return arp.senderMac;
    const message = neighborIn(frame);
    return message?.kind === 'advertisement' && !message.solicited && formatAddress(message.target) === text
      ? message.targetMac
      : undefined;
  };
