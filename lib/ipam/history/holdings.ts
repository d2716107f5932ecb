/** Puts together who had an address, or which addresses a Service had: from the claims, and from the former holders. PURE. */
import type { ClaimHolder, EipClaim } from '../../api/skycap/claim.ts';
import { givenReason, type HistoryEntry } from './entry.ts';

/** A Service and an address that it has, or had. */
export type Holding = Omit<HistoryEntry, 'to' | 'taken'> & Partial<Pick<HistoryEntry, 'to' | 'taken'>>;

export type HistoryQuery =
  /** In canonical text. */
  { readonly address: string } | { readonly namespace: string; readonly name: string };

/** From the oldest to the newest; present holdings come last. */
export function holdingsOf(
  query: HistoryQuery,
  claims: Iterable<EipClaim>,
  entries: Iterable<HistoryEntry>,
): readonly Holding[] {
  const present = [...claims].flatMap(presentHoldings).filter((one) => isAbout(one, query));
  const former = [...entries].filter((one) => isAbout(one, query));
  return [...former.sort(byTime), ...present.sort(byTime)];
}

function presentHoldings({ spec: { address, eip, holders } }: EipClaim): Holding[] {
  return holders.filter(isHolding).map((holder) => ({
    address,
    eip,
    namespace: holder.namespace,
    name: holder.name,
    ...(holder.uid !== undefined && { uid: holder.uid }),
    from: holder.since,
    given: givenReason(holder, eip),
  }));
}

/** A reservation gives nothing yet, and a holder without a name is of a create call under way. */
function isHolding(holder: ClaimHolder): holder is ClaimHolder & { readonly name: string } {
  return holder.name !== undefined && !holder.waiting;
}

function isAbout(holding: Holding, query: HistoryQuery): boolean {
  if ('address' in query) return holding.address === query.address;
  return holding.namespace === query.namespace && holding.name === query.name;
}

function byTime(a: Holding, b: Holding): number {
  return Date.parse(a.from) - Date.parse(b.from) || (a.address < b.address ? -1 : 1);
}
