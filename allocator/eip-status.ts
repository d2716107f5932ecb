/**
 * The status of an Eip in OpenELB's words, and its conditions, computed anew from the Eip and the claims of its addresses each time. PURE.
 *
 * OpenELB kept its allocations here and lost them with the object. Here it is an account for people; the truth is in the claims.
 */
import { claimAddress, type EipClaim } from '../lib/api/claim.ts';
import type { Eip } from '../lib/api/eip.ts';
import type { EipObject, EipStatus } from '../lib/api/eip-types.ts';
import { formatProblems, type Parsed } from '../lib/api/problem.ts';
import { holderName } from '../lib/ipam/sharing.ts';
import { compareAddresses, formatAddress } from '../lib/net/address.ts';
import { firstAddress, lastAddress, rangeSize } from '../lib/net/range.ts';
import { conditionsAfter, type Verdict } from './condition.ts';

export interface EipFacts {
  readonly object: EipObject;
  readonly parsed: Parsed<Eip>;
  /** Name of the older Eip that it overlaps; then it gives nothing. */
  readonly overlaps: string | undefined;
  /** Claims that count to this Eip. */
  readonly claims: readonly EipClaim[];
  /** Sentences on fields that have no effect in this version. */
  readonly unsupported: readonly string[];
  readonly nowMs: number;
}

/**
 * `used` lists so many addresses, the lowest ones; `usage` counts all, and every address has its EipClaim. Each write stores and sends all of the list,
 * and with 30,000 entries (1.5 MB in etcd) no status could be written at all.
 */
export const MOST_LISTED = 1_000;
/** The largest whole number that all readers of JSON agree on; an IPv6 /64 has more addresses. */
const LARGEST_COUNT = BigInt(Number.MAX_SAFE_INTEGER);
const OWN_CONDITIONS = ['Accepted', 'Ready', 'Supported', 'Announced'] as const;

export function eipStatus(facts: EipFacts): EipStatus {
  const { object, parsed, claims, nowMs } = facts;
  const range = parsed.ok ? parsed.value.range : undefined;
  const poolSize = range ? rangeSize(range) : 0n;
  const accepted = acceptedVerdict(facts);
  const ready = readyVerdict(facts, accepted);
  const verdicts = [accepted, ready, ...supportedVerdict(facts), ...announcedVerdict(facts)];
  const moment = { nowMs, generation: object.metadata.generation };
  return {
    firstIP: range ? formatAddress(firstAddress(range)) : '',
    lastIP: range ? formatAddress(lastAddress(range)) : '',
    poolSize: Number(poolSize < LARGEST_COUNT ? poolSize : LARGEST_COUNT),
    v4: range?.family === 4,
    used: usedBy(claims),
    usage: claims.length,
    occupied: range !== undefined && BigInt(claims.length) >= poolSize,
    ready: ready.status === 'True',
    conditions: conditionsAfter(object.status?.conditions, verdicts, OWN_CONDITIONS, moment),
  };
}

/** Address → `namespace/name`, Services that share it joined in order of arrival. */
function usedBy(claims: readonly EipClaim[]): Record<string, string> {
  const listed = claims.length <= MOST_LISTED ? claims : lowest(claims);
  return Object.fromEntries(listed.map(({ spec }) => [spec.address, spec.holders.map(holderName).join(';')]));
}

function lowest(claims: readonly EipClaim[]): EipClaim[] {
  const placed = claims.flatMap((claim) => {
    const address = claimAddress(claim.metadata.name ?? '');
    return address ? [{ address, claim }] : [];
  });
  placed.sort((a, b) => compareAddresses(a.address, b.address));
  return placed.slice(0, MOST_LISTED).map(({ claim }) => claim);
}

/** Whether the object as such is good. */
function acceptedVerdict({ parsed, overlaps }: EipFacts): Verdict {
  if (!parsed.ok) return verdict('Accepted', 'False', 'Invalid', formatProblems(parsed.problems));
  if (overlaps !== undefined) {
    const message = `overlaps the older Eip ${overlaps} and gives no address; change or delete one of them`;
    return verdict('Accepted', 'False', 'Overlaps', message);
  }
  return verdict('Accepted', 'True', 'Accepted', 'the Eip is valid and overlaps no other');
}

/** Whether a Service could get an address now; being full is no fault, `occupied` tells. */
function readyVerdict({ object, claims }: EipFacts, accepted: Verdict): Verdict {
  if (accepted.status === 'False') return { ...accepted, type: 'Ready' };
  if (object.metadata.deletionTimestamp !== undefined) {
    const message = 'it is being deleted and gives nothing new; a finalizer of others keeps it';
    return verdict('Ready', 'False', 'Deleting', message);
  }
  if (object.spec?.disable === true) {
    const message = 'spec.disable is true: it gives nothing new, and what it gave stays; set spec.disable: false';
    return verdict('Ready', 'False', 'EipDisabled', message);
  }
  const listing =
    claims.length > MOST_LISTED
      ? `; status.used lists the lowest ${MOST_LISTED} addresses, kubectl get eipclaims all`
      : '';
  return verdict('Ready', 'True', 'Ready', `Services can get addresses from it${listing}`);
}

function supportedVerdict({ unsupported }: EipFacts): Verdict[] {
  return unsupported.length > 0 ? [verdict('Supported', 'False', 'Unsupported', unsupported.join('; '))] : [];
}

function announcedVerdict({ parsed }: EipFacts): Verdict[] {
  if (!parsed.ok || !parsed.value.announcedByCni) return [];
  const message = 'a label says that a CNI announces its addresses, so Skycap gives them and does not announce them';
  return [verdict('Announced', 'False', 'AnnouncedByCni', message)];
}

function verdict(type: string, status: Verdict['status'], reason: Verdict['reason'], message: string): Verdict {
  return { type, status, reason, message };
}
