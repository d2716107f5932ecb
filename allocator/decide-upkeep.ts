/**
 * What to write into the claims of a Service once its status is published: bind, renew, release. PURE.
 *
 * Always after the publication: a claim is let go only when nobody is told any more that the address is this Service's.
 */
import type { ClaimHolder } from '../lib/api/claim.ts';
import type { Reason } from '../lib/api/reasons.ts';
import type { Service } from '../lib/api/service.ts';
import type { Holding } from '../lib/ipam/holding.ts';
import { type Source, sourceOf } from '../lib/ipam/source.ts';
import { type Address, sameAddress } from '../lib/net/address.ts';
import type { Agreement } from './agreements.ts';
import { decideClaim, type HolderVerdict } from './decide-claim.ts';
import { isUsed, type Outcome } from './decide-outcome.ts';
import { type ClaimedWish, renewedHolder } from './holder.ts';
import { tokenShown } from './holdings.ts';

export interface UpkeepFacts {
  readonly service: Service;
  readonly serviceToken: string | undefined;
  /** What is to stand in the entry. */
  readonly wishAt: (holding: Holding) => ClaimedWish;
  readonly holdings: readonly Holding[];
  /** Absent for a Service that is not ours. */
  readonly outcome: Outcome | undefined;
  readonly agreementOn: (holding: Holding) => Agreement;
  readonly seenMs: (holding: Holding) => number;
  readonly nowMs: number;
  /** How long an entry that is not bound may wait for a change that is under way. */
  readonly graceMsOf: (holding: Holding) => number;
}

/** What is to stand in a claim in place of what stands there. */
export interface Renewing {
  readonly address: Address;
  readonly own: ClaimHolder;
  readonly next: ClaimHolder;
  /** Where another Eip has the address by now than the one that gave it. */
  readonly source?: Source;
}

export interface Upkeep {
  readonly renew: readonly Renewing[];
  readonly release: readonly { readonly address: Address; readonly own: ClaimHolder; readonly reason: Reason }[];
  /** When to look again though nothing happens. */
  readonly againAtMs: number;
}

export function decideUpkeep(facts: UpkeepFacts): Upkeep {
  const judged = facts.holdings.map((holding) => ({ ...holding, verdict: verdictOn(holding, facts) }));
  const renewals = judged.map(({ verdict, ...holding }) => renewalOf(holding, verdict, facts));
  return {
    renew: renewals.flatMap(({ againAtMs, ...renewing }) =>
      renewing.next === renewing.own && !renewing.source ? [] : [renewing],
    ),
    release: judged.flatMap(({ address, own, verdict }) =>
      verdict.kind === 'release' ? [{ address, own, reason: verdict.reason }] : [],
    ),
    againAtMs: Math.min(
      ...judged.map(({ verdict }) => (verdict.kind === 'wait' ? verdict.untilMs : Number.POSITIVE_INFINITY)),
      ...renewals.map(({ againAtMs }) => againAtMs),
    ),
  };
}

function verdictOn(holding: Holding, facts: UpkeepFacts): HolderVerdict {
  const { service, serviceToken, outcome, nowMs } = facts;
  const isReserved = outcome?.reserves?.some((address) => sameAddress(address, holding.address));
  if (isReserved && !isWanted(holding, outcome)) return { kind: 'keep' };
  return decideClaim(holding.own, {
    service: { uid: service.metadata.uid ?? '', token: serviceToken },
    isUsed: isWanted(holding, outcome),
    nowMs,
    // All claims without a Service are gone through for it, and of few entries it is asked.
    get graceMs() {
      return facts.graceMsOf(holding);
    },
    seenMs: facts.seenMs(holding),
  });
}

function isWanted(holding: Holding, outcome: Outcome | undefined): boolean {
  return outcome !== undefined && isUsed(outcome.uses, holding.address);
}

function renewalOf(
  holding: Holding,
  verdict: HolderVerdict,
  { service, serviceToken, wishAt, holdings, outcome, agreementOn }: UpkeepFacts,
): Renewing & { readonly againAtMs: number } {
  const { address, own } = holding;
  const never = Number.POSITIVE_INFINITY;
  // What the Service does not use is let go, now or after the grace period, and must not take ports from those who share the address meanwhile.
  if (verdict.kind === 'release' || !isWanted(holding, outcome)) return { address, own, next: own, againAtMs: never };
  const agreement = agreementOn(holding);
  const wish = wishAt(holding);
  const next = renewedHolder(own, service, wish, {
    bind: verdict.kind === 'bind',
    token: tokenShown(outcome?.uses[0]?.address, holdings, serviceToken),
    serviceCounts: agreement.kind === 'serviceCounts',
  });
  const source = newSource(holding);
  const againAtMs = agreement.kind === 'wait' ? agreement.untilMs : never;
  return { address, own, next, againAtMs, ...(source && { source }) };
}

/** An Eip that was made again, or took over the addresses of another, is the one that they stay with from now on. */
function newSource({ claim, eip, eipName, eipUid = '' }: Holding): Source | undefined {
  const source = sourceOf({ name: eipName, uid: eipUid });
  const isSame = source.eip === claim.spec.eip && source.eipUid === claim.spec.eipUid;
  return eip !== 'usable' || isSame ? undefined : source;
}
