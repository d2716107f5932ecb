/**
 * The BFD sessions of this node (RFC 5880): with those that it watches, and with those that watch it. BIRD speaks it; `bird/model.ts` has the words.
 *
 * Nodes learn of a change of the ring at different moments, and a session that one end drops looks like a failure to the other. So what is not wanted
 * any more stays a while; and with a node that others hold for gone it stays as long as it is Up: that node hears from us that it is seen.
 */
import { type Address, sameAddress } from '../../../lib/net/address.ts';
import type { BfdNeighbor } from '../../cluster/bfd-neighbor.ts';
import type { Member } from './peer-watch-port.ts';
import { watchedBy, watches } from './ring.ts';

/** A session there is, and since when nobody wants it. */
export interface KeptNeighbor extends BfdNeighbor {
  readonly unwantedSinceMs?: number;
}

export interface NeighborWish {
  readonly nodeName: string;
  /** This node among them. */
  readonly members: readonly Member[];
  readonly isOnLink: (address: Address) => boolean;
  readonly isUp: (neighbor: BfdNeighbor) => boolean;
  /** Monotonic. */
  readonly nowMs: number;
}

/** Longer than any node takes to hear of a member. */
const LINGER_MS = 10_000;

/** The sessions to have now, sorted by name. None without members: then nothing is watched at all. */
export function nextNeighbors(former: readonly KeptNeighbor[], wish: NeighborWish): readonly KeptNeighbor[] {
  if (wish.members.length === 0) return [];
  const wanted = wantedNeighbors(wish).map((one) => {
    // What is on a network of this node stays so while its link is down.
    const before = former.find((other) => isSame(one, other));
    return { ...one, isDirect: one.isDirect || before?.isDirect === true };
  });
  const kept = former
    .filter((one) => !wanted.some((other) => sameAddress(one.address, other.address)))
    .map((one) => ({ ...one, unwantedSinceMs: one.unwantedSinceMs ?? wish.nowMs }))
    .filter((one) => staysUnwanted(one, wish));
  return [...wanted, ...kept].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Members whose address is this node's own, or of another family, have no session. */
function wantedNeighbors({ nodeName, members, isOnLink }: NeighborWish): readonly BfdNeighbor[] {
  const own = members.find(({ name }) => name === nodeName);
  if (!own) return [];
  const names = members.map(({ name }) => name);
  const onRing = new Set([...watches(nodeName, names), ...watchedBy(nodeName, names)]);
  return members
    .filter(({ name, address }) => onRing.has(name) && address.family === own.address.family)
    .filter(({ address }) => !sameAddress(address, own.address))
    .map(({ name, address }) => ({ name, address, local: own.address, isDirect: isOnLink(address) }));
}

function staysUnwanted(one: KeptNeighbor, { members, isUp, nowMs }: NeighborWish): boolean {
  const isMember = members.some(({ name }) => name === one.name);
  return nowMs - (one.unwantedSinceMs ?? nowMs) < LINGER_MS || (!isMember && isUp(one));
}

function isSame(a: BfdNeighbor, b: BfdNeighbor): boolean {
  return a.name === b.name && sameAddress(a.address, b.address) && sameAddress(a.local, b.local);
}

/** Whether BIRD's configuration is the same for both. */
export function sameNeighbors(a: readonly BfdNeighbor[], b: readonly BfdNeighbor[]): boolean {
  return a.length === b.length && a.every((one, i) => isSame(one, b[i]!) && one.isDirect === b[i]!.isDirect);
}
