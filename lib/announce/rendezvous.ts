/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998): every node has a rank for every address, and the node of the highest rank has the address. When a node goes,
 * only its addresses move, to all others evenly.
 *
 * All speakers have to compute the same ranks. Two versions with other numbers side by side would not agree.
 */

/** FNV-1a over the text's UTF-16 units: names and addresses are ASCII. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The rank of a node for an address, from the {@link hashOf} of each: the finalizer of MurmurHash3, in which every bit of the input affects every bit of the output. */
export function rankOf(nodeHash: number, addressHash: number): number {
  let hash = nodeHash ^ Math.imul(addressHash, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The `most` nodes of the highest rank for an address, in the order of `names`. */
export function highestOf(names: readonly string[], text: string, most: number): string[] {
  return names.filter((self) => isAmongHighest(self, names, text, most));
}

/** Whether the node is one of the `most` nodes of the highest rank for an address. @param others the other nodes that may have the address. */
export function isAmongHighest(self: string, others: readonly string[], text: string, most: number): boolean {
  const addressHash = hashOf(text);
  const own = rankOf(hashOf(self), addressHash);
  const higher = others.filter((name) => {
    const rank = rankOf(hashOf(name), addressHash);
    return name !== self && (rank > own || (rank === own && name < self));
  });
  return higher.length < most;
}
