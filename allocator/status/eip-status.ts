/**
 * The status of an Eip in OpenELB's words, and its conditions, computed anew from the Eip and the claims of its addresses each time. PURE.
 *
 * OpenELB kept its allocations here and lost them with the object. Here it is an account for people; the truth is in the claims.
 */

import { toCount } from '../../lib/api/count.ts';
import type { Eip } from '../../lib/api/eip/eip.ts';
import type { EipObject, EipStatus } from '../../lib/api/eip/eip-types.ts';
import { type ConditionUpdate, conditionsAfter } from '../../lib/api/meta/conditions.ts';
import { formatProblems, type Parsed, shortened } from '../../lib/api/problem.ts';
import { claimAddress, type EipClaim } from '../../lib/api/skycap/claim.ts';
import { holderName } from '../../lib/ipam/choice/sharing.ts';
import type { Withheld } from '../../lib/ipam/pools/withheld.ts';
import { compareAddresses, formatAddress } from '../../lib/net/address.ts';
import { type AddressRange, firstAddress, lastAddress, rangeContains, rangeSize } from '../../lib/net/range.ts';
import { type Finding, findingText } from '../../lib/preflight/finding.ts';
import { WRITABLE, writableVerdict } from './refusals.ts';

export interface EipFacts {
  readonly object: EipObject;
  readonly parsed: Parsed<Eip>;
  /** Name of the older Eip that it overlaps; then it gives nothing. */
  readonly overlaps: string | undefined;
  /** Name of the older default of its family, where this Eip asks to be the default as well. */
  readonly secondTo: string | undefined;
  /** Claims that count to this Eip. */
  readonly claims: readonly EipClaim[];
  /** The addresses of the Eip that are never given; absent if the Eip can't be read. */
  readonly withheld: Withheld | undefined;
  /** How many Services wait for an address of it. */
  readonly waiting: number;
  /** Sentences on fields that have no effect in this version. */
  readonly unsupported: readonly string[];
  /** Undefined where the Eip gives nothing. */
  readonly announced: ConditionUpdate | undefined;
  /** The obstacle to writes of the object. */
  readonly refused?: string | undefined;
  /** Of the preflight. @default none */
  readonly findings?: readonly Finding[];
  readonly nowMs: number;
}

/**
 * `used` lists so many addresses, the lowest ones; `usage` counts all, and every address has its EipClaim. Each write stores and sends all of the list,
 * and with 30,000 entries (1.5 MB in etcd) no status could be written at all.
 */
export const MOST_LISTED = 1_000;
/** Addresses that are in use here and elsewhere. */
const MOST_TOLD = 5;
const MOST_FINDINGS_TOLD = 3;
const OWN_CONDITIONS = [
  'Accepted',
  'Ready',
  'Reserved',
  'Default',
  'Supported',
  'Announced',
  'Preflight',
  WRITABLE,
] as const;

export function eipStatus(facts: EipFacts): EipStatus {
  const { object, parsed, claims, waiting, nowMs } = facts;
  const range = parsed.ok ? parsed.value.range : undefined;
  const poolSize = range ? rangeSize(range) : 0n;
  const accepted = acceptedVerdict(facts);
  const { free, reserved } = range ? accountFor(range, facts) : { free: 0n, reserved: 0n };
  const isFull = range !== undefined && free === 0n;
  const ready = readyVerdict(facts, accepted, isFull);
  const verdicts = [
    accepted,
    ready,
    ...reservedVerdict(facts),
    ...defaultVerdict(facts),
    ...supportedVerdict(facts),
    ...(facts.announced ? [facts.announced] : []),
    ...preflightVerdict(facts),
    ...writableVerdict(facts.refused),
  ];
  const moment = { nowMs, generation: object.metadata.generation };
  return {
    firstIP: range ? formatAddress(firstAddress(range)) : '',
    lastIP: range ? formatAddress(lastAddress(range)) : '',
    poolSize: toCount(poolSize),
    v4: range?.family === 4,
    used: usedBy(claims),
    usage: claims.length,
    waiting,
    reserved: toCount(reserved),
    occupied: isFull,
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
function acceptedVerdict({ parsed, overlaps }: EipFacts): ConditionUpdate {
  if (!parsed.ok) return verdict('Accepted', 'False', 'Invalid', formatProblems(parsed.problems));
  if (overlaps !== undefined) {
    const message = `overlaps the older Eip ${overlaps} and gives no address; change or delete one of them`;
    return verdict('Accepted', 'False', 'Overlaps', message);
  }
  return verdict('Accepted', 'True', 'Accepted', 'the Eip is valid and overlaps no other');
}

/** Every address of the Eip is in use, free or reserved. A claim may be of one that was given before it was reserved, or that the Eip has no more. */
function accountFor(range: AddressRange, { claims, withheld }: EipFacts): { free: bigint; reserved: bigint } {
  const inUse = claims.flatMap(({ metadata }) => {
    const address = claimAddress(metadata.name ?? '');
    return address && rangeContains(range, address) ? [address] : [];
  });
  const usable = withheld ? withheld.countUsable(range.first, range.last) : rangeSize(range);
  const free = usable - BigInt(inUse.filter(({ value }) => !withheld?.has(value)).length);
  return { free, reserved: rangeSize(range) - BigInt(inUse.length) - free };
}

/** Whether one more Service could get an address now. */
function readyVerdict(
  { object, claims, waiting, withheld }: EipFacts,
  accepted: ConditionUpdate,
  isFull: boolean,
): ConditionUpdate {
  if (accepted.status === 'False') return { ...accepted, type: 'Ready' };
  if (object.metadata.deletionTimestamp !== undefined) {
    const message = 'it is being deleted and gives nothing new; a finalizer of others keeps it';
    return verdict('Ready', 'False', 'EipDeleting', message);
  }
  if (object.spec?.disable === true) {
    const message = 'spec.disable is true: it gives nothing new, and what it gave stays; set spec.disable: false';
    return verdict('Ready', 'False', 'EipDisabled', message);
  }
  if (isFull) {
    const orReserved = withheld?.isEmpty === false ? ' or reserved' : '';
    const message = `every address is in use${orReserved}, and ${waitingText(waiting)}; enlarge the Eip, add another, or delete a Service`;
    return verdict('Ready', 'False', 'EipFull', message);
  }
  const listing =
    claims.length > MOST_LISTED
      ? `; status.used lists the lowest ${MOST_LISTED} addresses, kubectl get eipclaims all`
      : '';
  return verdict('Ready', 'True', 'Ready', `Services can get addresses from it${listing}`);
}

function waitingText(count: number): string {
  if (count === 0) return 'no Service waits';
  return count === 1 ? '1 Service waits for one' : `${count} Services wait for one`;
}

/** Of what Services have of it since before, nobody says that it is given to nobody. */
function reservedVerdict({ withheld, claims }: EipFacts): ConditionUpdate[] {
  if (!withheld || withheld.reserved === 0n) return [];
  const inUse = claims.flatMap(({ metadata, spec }) => {
    const address = claimAddress(metadata.name ?? '');
    const why = address && withheld.whyReserved(address);
    return address && why !== undefined ? [{ address, why, services: spec.holders.map(holderName).join(', ') }] : [];
  });
  const left = withheld.reserved - BigInt(inUse.length);
  const given = inUse.map(({ address }) => address);
  const stays = shortened(inUse, MOST_TOLD, ({ why, services }) => `${why}, and ${services} has it since before`);
  const message = [...(left > 0n ? [withheld.text(given)] : []), ...stays].join('; ');
  return [verdict('Reserved', 'True', 'AddressReserved', message)];
}

function defaultVerdict({ parsed, secondTo }: EipFacts): ConditionUpdate[] {
  if (!parsed.ok || secondTo === undefined) return [];
  const message = `Eip ${secondTo} is the default for IPv${parsed.value.range.family} and is older; remove the annotation from one of the two`;
  return [verdict('Default', 'False', 'NotTheDefault', message)];
}

function supportedVerdict({ unsupported }: EipFacts): ConditionUpdate[] {
  return unsupported.length > 0 ? [verdict('Supported', 'False', 'Unsupported', unsupported.join('; '))] : [];
}

function preflightVerdict({ findings = [] }: EipFacts): ConditionUpdate[] {
  const [first] = findings;
  if (!first) return [];
  const message = shortened(findings, MOST_FINDINGS_TOLD, findingText).join('. ');
  return [verdict('Preflight', 'False', first.reason, message)];
}

function verdict(
  type: string,
  status: ConditionUpdate['status'],
  reason: ConditionUpdate['reason'],
  message: string,
): ConditionUpdate {
  return { type, status, reason, message };
}
