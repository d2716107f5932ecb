/** The frames that a node sends on its own account, by ARP or by neighbour discovery. Pure. */
import type { Address } from '../../../../lib/net/address.ts';
import { arpAnnouncement, arpProbe } from '../../frames/arp.ts';
import { isLinkLocal, neighborAnnouncement, neighborProbe, neighborSolicitation } from '../../frames/ndp.ts';
import type { Link } from '../../link/link.ts';

export function announcementOf(address: Address, { mac }: Link): Uint8Array {
  return address.family === 4 ? arpAnnouncement(address, mac) : neighborAnnouncement(address, mac);
}

/** @param isAnswered this node answers for the address itself. */
export function probeFor(address: Address, link: Link, isAnswered: boolean): Uint8Array {
  if (address.family === 4) return arpProbe(address, link.mac);
  const source = isAnswered ? link.addresses.find(isLinkLocal) : undefined;
  return source ? neighborSolicitation(address, source, link.mac) : neighborProbe(address, link.mac);
}
