/** A former holder of an address: one line of an AddressHistory. PURE. */
import type { Reason } from '../../api/reasons.ts';
import type { ClaimHolder } from '../../api/skycap/claim.ts';

export type GivenReason = Extract<Reason, 'AddressRequested' | 'EipNamed' | 'EipMatches' | 'FoundPublished'>;
export type TakenReason = Extract<Reason, 'ServiceGone' | 'NoLongerUsed' | 'ClaimExpired'>;

export interface HistoryEntry {
  /** Canonical text. */
  readonly address: string;
  readonly eip: string;
  readonly namespace: string;
  readonly name: string;
  /** Of the Service, if the allocator knew the UID. */
  readonly uid?: string;
  /** RFC 3339. With the reason `FoundPublished`, the Service had the address before. */
  readonly from: string;
  readonly to: string;
  readonly given: GivenReason;
  readonly taken: TakenReason;
  /** The addresses that the Service had afterwards. */
  readonly next?: readonly string[];
}

/** Why the Service got the address, by its holder. */
export function givenReason({ publishedBefore, requested, askedFor = [] }: ClaimHolder, eip: string): GivenReason {
  if (publishedBefore) return 'FoundPublished';
  if (requested) return 'AddressRequested';
  const isNamed = askedFor.some((text) => text.split(', ').includes(`Eip ${eip}`));
  return isNamed ? 'EipNamed' : 'EipMatches';
}

/** Equal for two entries about the same holder, whichever replica of the allocator made them. */
export function entryKey({ address, namespace, name, from }: HistoryEntry): string {
  return `${address} ${namespace}/${name} ${from}`;
}
