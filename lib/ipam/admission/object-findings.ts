/**
 * The problems and warnings of an Eip, a BgpConf, a BgpPeer, or a ConfigMap with a policy that is to be stored: a wrong field is a problem with its remedy, a field without
 * effect causes a warning. PURE.
 *
 * An update has only the problems that it adds, so that an object that was stored without a review can be labelled and mended step by step.
 */
import { bgpPeerAdvice, type NodeAddress, type OtherPeer } from '../../api/bgp/bgp-peer-advice.ts';
import type { BgpConfObject, BgpPeerObject } from '../../api/bgp/bgp-types.ts';
import { bgpConfNotes, parseBgpConf } from '../../api/bgp/parse-bgp-conf.ts';
import { parseBgpPeer } from '../../api/bgp/parse-bgp-peer.ts';
import { bgpPeerNotes, type FieldNotes } from '../../api/bgp/peer/bgp-peer-notes.ts';
import { bgpConfResets, bgpPeerResets } from '../../api/bgp/session-resets.ts';
import type { Eip } from '../../api/eip/eip.ts';
import { eipBgpAdvice } from '../../api/eip/eip-bgp-advice.ts';
import type { EipObject } from '../../api/eip/eip-types.ts';
import { parseEip, unsupportedEipFields } from '../../api/eip/parse-eip.ts';
import { type Protocol, type Protocols, protocolOf, protocolOffText } from '../../api/eip/protocols.ts';
import { type LiveAddress, validateEip } from '../../api/eip/validate-eip.ts';
import { BGP_CONF_NAME } from '../../api/keys.ts';
import type { KubeObject } from '../../api/meta/object.ts';
import { type FoundPolicy, policyProblems } from '../../api/policy/find-policy.ts';
import { foreignPrependNotes } from '../../api/policy/foreign-prepends.ts';
import { type Parsed, type Problem, quote } from '../../api/problem.ts';
import { formatAddress } from '../../net/address.ts';
import { firstAddress, lastAddress, parseRange, withoutHostBits } from '../../net/range.ts';
import type { Withheld } from '../pools/withheld.ts';
import { newWarnings, type SplitProblems, splitProblems } from './new-problems.ts';
import { reservedFindings } from './reserved-findings.ts';

export interface FindingsDeps {
  readonly cluster: ReviewedCluster;
  /** The policy that a BgpConf names, as far as it is known. */
  readonly policyOf: (name: string) => FoundPolicy;
  readonly protocols: Protocols;
}

/** The part of the cluster that a review reads. */
export interface ReviewedCluster {
  /** The knowledge that is still missing; undefined if objects can be compared. */
  readonly missing: string | undefined;
  eips(): readonly Eip[];
  liveAddresses(eipName: string): readonly LiveAddress[];
  withheldFrom(eip: Eip): Withheld;
  bgpPeers(): OtherPeer[];
  bgpPeerMetadata(): Pick<KubeObject, 'metadata'>[];
  nodeAddresses(): NodeAddress[];
}

export interface Findings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** The rules of a kind. */
type Rules = (raw: KubeObject, old: KubeObject | undefined, deps: FindingsDeps) => Findings;

const RULES: Readonly<Record<string, Rules>> = {
  Eip: (raw, old, deps) => eipFindings(raw as EipObject, old as EipObject | undefined, deps),
  BgpConf: (raw, old, deps) => {
    const { added, known } = newProblems(parseBgpConf, raw as BgpConfObject, old as BgpConfObject | undefined);
    const resets = resetsOf(parseBgpConf, bgpConfResets, raw as BgpConfObject, old as BgpConfObject | undefined);
    return {
      problems: added,
      warnings: [
        ...[...known, ...notTheDefault(raw), ...resets, ...notesOn(bgpConfNotes(raw as BgpConfObject))],
        ...policyWarnings(raw as BgpConfObject, deps),
      ],
    };
  },
  ConfigMap: (raw, old) => {
    const { added, known } = splitProblems(policyProblems(raw), old ? policyProblems(old) : []);
    return { problems: added, warnings: known };
  },
  BgpPeer: (raw, old, deps) => {
    const { added, known } = newProblems(parseBgpPeer, raw as BgpPeerObject, old as BgpPeerObject | undefined);
    const advice = peerAdvice(raw as BgpPeerObject, old as BgpPeerObject | undefined, deps);
    const resets = resetsOf(parseBgpPeer, bgpPeerResets, raw as BgpPeerObject, old as BgpPeerObject | undefined);
    const notes = notesOn(bgpPeerNotes(raw as BgpPeerObject));
    return { problems: added, warnings: [...known, ...advice, ...resets, ...notes] };
  },
};

/** @param old as it is stored; undefined at creation. @returns nothing for a kind that has no rules. */
export function findingsFor(kind: string, raw: KubeObject, old: KubeObject | undefined, deps: FindingsDeps): Findings {
  const rules = Object.hasOwn(RULES, kind) ? RULES[kind] : undefined;
  return rules ? rules(raw, old, deps) : { problems: [], warnings: [] };
}

function eipFindings(raw: EipObject, old: EipObject | undefined, { cluster, protocols }: FindingsDeps): Findings {
  const warnings = [...unsupportedEipFields(raw), ...hostBits(raw, old)];
  const parsed = parseEip(raw);
  if (!parsed.ok) {
    const { added, known } = newProblems(parseEip, raw, old);
    return { problems: added, warnings: [...known, ...warnings] };
  }
  const before = old && parseEip(old);
  const stored = before?.ok ? before.value : undefined;
  const notCompared = cluster.missing;
  const others = notCompared === undefined ? cluster.eips() : [];
  const problems = validateEip(parsed.value, others, stored, (eipName) => cluster.liveAddresses(eipName));
  if (notCompared !== undefined) {
    return { problems, warnings: [...warnings, `not compared with other Eips: ${notCompared}`] };
  }
  const reserved = reservedFindings(parsed.value, stored, cluster.withheldFrom(parsed.value));
  const adviceOn = (eip: Eip | undefined): string[] =>
    eip
      ? [
          ...offWarning('spec.protocol', protocolOf(eip), protocols),
          ...eipBgpAdvice(eip, cluster.bgpPeerMetadata(), others),
        ]
      : [];
  const advice = newWarnings(adviceOn(parsed.value), adviceOn(stored));
  return { problems: [...problems, ...reserved.problems], warnings: [...warnings, ...reserved.warnings, ...advice] };
}

/** A warning only, as the ConfigMap may follow in the same file. */
function policyWarnings(raw: BgpConfObject, { policyOf }: FindingsDeps): readonly string[] {
  const parsed = parseBgpConf(raw);
  if (!parsed.ok || parsed.value.policy === undefined) return [];
  const found = policyOf(parsed.value.policy);
  if (found.ok) return [...found.notes, ...foreignPrependNotes(found.policy, parsed.value)];
  return [`spec.policy: ${found.message}; until then routes are announced as before`];
}

/** Advice with regard to the other BgpPeers and the nodes. Advice on the stored object is not repeated. */
function peerAdvice(raw: BgpPeerObject, old: BgpPeerObject | undefined, deps: FindingsDeps): string[] {
  const { cluster, protocols } = deps;
  const adviceOn = (one: BgpPeerObject | undefined): string[] => {
    const parsed = one && parseBgpPeer(one);
    if (!parsed?.ok) return [];
    const off = offWarning('spec', 'bgp', protocols);
    if (off.length > 0) return off;
    const bfdOff = parsed.value.bfd ? offWarning('spec.bfd', 'bfd', protocols) : [];
    return [...bfdOff, ...bgpPeerAdvice(parsed.value, cluster.bgpPeers(), cluster.nodeAddresses())];
  };
  return newWarnings(adviceOn(raw), adviceOn(old));
}

/** A warning only, as the setting may follow. */
function offWarning(field: string, protocol: Protocol, protocols: Protocols): string[] {
  return protocols.has(protocol) ? [] : [`${field}: ${protocolOffText(protocol)}`];
}

/** Accepted, as by OpenELB, with a warning when the address is written. */
function hostBits(raw: EipObject, old: EipObject | undefined): string[] {
  const text = raw.spec?.address;
  const meant = typeof text === 'string' && text !== old?.spec?.address ? withoutHostBits(text) : undefined;
  const parsed = meant === undefined ? undefined : parseRange(meant);
  if (meant === undefined || !parsed?.ok) return [];
  const [first, last] = [firstAddress(parsed.range), lastAddress(parsed.range)].map(formatAddress);
  return [`spec.address: ${quote(text ?? '')} means all of ${meant}: ${first} to ${last}`];
}

function newProblems<R extends KubeObject, V>(parse: (raw: R) => Parsed<V>, raw: R, old: R | undefined): SplitProblems {
  const problemsOf = (one: R | undefined): readonly Problem[] => {
    const parsed = one && parse(one);
    return parsed && !parsed.ok ? parsed.problems : [];
  };
  return splitProblems(problemsOf(raw), problemsOf(old));
}

/** An edit of what no node could use resets nothing. */
function resetsOf<R extends KubeObject, V>(
  parse: (raw: R) => Parsed<V>,
  resets: (old: V, now: V) => string[],
  raw: R,
  old: R | undefined,
): string[] {
  const [before, now] = [old && parse(old), parse(raw)];
  return before?.ok && now.ok ? resets(before.value, now.value) : [];
}

function notTheDefault({ metadata: { name } }: KubeObject): string[] {
  return name === BGP_CONF_NAME ? [] : [`metadata.name: only the BgpConf named "${BGP_CONF_NAME}" has an effect`];
}

function notesOn({ missing, idle }: FieldNotes): string[] {
  return [...missing, ...idle];
}
