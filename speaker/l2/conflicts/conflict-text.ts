/** The messages about a machine that uses an address of this node. Pure. */
import type { Layer2Conflict } from '../../../lib/api/skycap/speaker-types.ts';

/** Of a node of the cluster it is known where to look. */
export function conflictText({ address, mac, interface: on, node }: Layer2Conflict): string {
  return node === undefined
    ? `another machine, ${mac} on ${on}, has ${address}; find it, or take the address out of its Eip`
    : `${node} has ${address} on ${on}; remove it there`;
}

export function conflictOverText({ address, mac, interface: on, node }: Layer2Conflict): string {
  return node === undefined
    ? `the machine ${mac} on ${on} does not answer for ${address} any more`
    : `${node} does not have ${address} on ${on} any more`;
}
