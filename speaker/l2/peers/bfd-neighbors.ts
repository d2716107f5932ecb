/**
 * The BFD sessions of this node (RFC 5880): with the nodes that it watches, and with the nodes that watch it. BIRD speaks BFD; `bird/config/model.ts` renders the
 * sessions.
 *
 * Nodes learn of a change of the ring at different moments, and a session that one end drops looks like a failure to the other end. A session that is not wanted
 * any more therefore stays for a while. With a node that others hold for gone, it stays as long as it is Up: by it that node knows that it is seen.
 */
import { type Address, sameAddress } from '../../../lib/net/address.ts';
import type { BfdNeighbor } from '../../../lib/snapshot/bfd-neighbor.ts';
import type { Member } from './peer-watch-port.ts';
import { watchedBy, watches } from './ring.ts';

/** A present session. */
export interface KeptNeighbor extends BfdNeighbor {
  /** Absent while the session is wanted. */
  readonly unwantedSinceMs?: number;
}

export interface NeighborInput {
  readonly nodeName: string;
  /** All nodes of the ring, with this one. */
  readonly members: readonly Member[];
  readonly isOnLink: (address: Address) => boolean;
  readonly isUp: (neighbor: BfdNeighbor) => boolean;
  /** Monotonic. */
  readonly nowMs: number;
}

/** Longer than any node takes to hear of a member. */
const LINGER_MS = 10_000;

/** The sessions that this node is to have now, sorted by name. Without members there is none. */
export function nextNeighbors(former: readonly KeptNeighbor[], input: NeighborInput): readonly KeptNeighbor[] {
  if (input.members.length === 0) return [];
  const wanted = wantedNeighbors(input).map((one) => {
    // A direct neighbour stays direct while the link is down.
    const before = former.find((other) => isSame(one, other));
    return { ...one, isDirect: one.isDirect || before?.isDirect === true };
  });
  const kept = former
    .filter((one) => !wanted.some((other) => sameAddress(one.address, other.address)))
    .map((one) => ({ ...one, unwantedSinceMs: one.unwantedSinceMs ?? input.nowMs }))
    .filter((one) => staysUnwanted(one, input));
  return [...wanted, ...kept].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Without members that have this node's own address, or an address of another family. */
function wantedNeighbors({ nodeName, members, isOnLink }: NeighborInput): readonly BfdNeighbor[] {
  const own = members.find(({ name }) => name === nodeName);
  if (!own) return [];
  const names = members.map(({ name }) => name);
  const onRing = new Set([...watches(nodeName, names), ...watchedBy(nodeName, names)]);
  return members
    .filter(({ name, address }) => onRing.has(name) && address.family === own.address.family)
    .filter(({ address }) => !sameAddress(address, own.address))
    .map(({ name, address }) => ({ name, address, local: own.address, isDirect: isOnLink(address) }));
}

function staysUnwanted(one: KeptNeighbor, { members, isUp, nowMs }: NeighborInput): boolean {
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
