/**
 * The condition `skycap.io/Announced` of a Service: who has its addresses, and by which protocol. PURE.
 *
 * What it says of layer 2 is about this Service's addresses. What it says of BGP is about their Eip, and changes as seldom as nodes and sessions
 * do: that a node of them has no ready endpoint now is left out (docs/decisions/0012).
 */
import type { Eip } from '../lib/api/eip.ts';
import { isLayer2 } from '../lib/api/eip.ts';
import { ANNOUNCED_CONDITION } from '../lib/api/keys.ts';
import type { Reason } from '../lib/api/reasons.ts';
import { type Address, formatAddress } from '../lib/net/address.ts';
import type { BgpReach } from './bgp-reach.ts';
import type { Verdict } from './condition.ts';

/** Who answers for an address, and on which interface. */
export interface Owner {
  readonly node: string;
  readonly interface: string;
}

export interface AnnouncedFacts {
  readonly addresses: readonly Address[];
  /** `externalTrafficPolicy: Local`. */
  readonly isLocal: boolean;
  readonly eipOf: (address: Address) => Eip | undefined;
  readonly ownerOf: (address: Address) => Owner | undefined;
  readonly reachOf: (eip: Eip) => BgpReach;
}

interface Finding {
  readonly status: Verdict['status'];
  readonly reason: Reason;
  readonly text: string;
}

/** More nodes or routers than this are counted, and not named. */
const MOST_NAMED = 5;
const WORST_FIRST: readonly Verdict['status'][] = ['False', 'Unknown', 'True'];

/** @returns undefined without an address. */
export function announcedVerdict(facts: AnnouncedFacts): Verdict | undefined {
  const findings = facts.addresses.map((address) => ({
    address: formatAddress(address),
    ...findingFor(facts, address),
  }));
  const worst = WORST_FIRST.flatMap((status) => findings.find((one) => one.status === status) ?? []).at(0);
  if (!worst) return undefined;
  const texts = [...new Set(findings.map(({ text }) => text))];
  const parts = texts.map((text) => {
    const addresses = findings.filter((one) => one.text === text).map(({ address }) => address);
    return `${addresses.join(', ')} ${text}`;
  });
  return { type: ANNOUNCED_CONDITION, status: worst.status, reason: worst.reason, message: parts.join('; ') };
}

function findingFor(facts: AnnouncedFacts, address: Address): Finding {
  const eip = facts.eipOf(address);
  if (!eip) return { status: 'False', reason: 'EipNotFound', text: 'is in no Eip, so nobody announces it' };
  if (eip.announcedByCni) {
    return { status: 'Unknown', reason: 'AnnouncedByCni', text: `is for a CNI to announce, says Eip ${eip.name}` };
  }
  if (!isLayer2(eip)) return bgpFinding(facts, eip);
  const owner = facts.ownerOf(address);
  if (!owner) return { status: 'False', reason: 'NobodyHasIt', text: `by ${eip.protocol}: no node has it` };
  const text = `by ${eip.protocol} from node ${owner.node}, interface ${owner.interface}`;
  return { status: 'True', reason: 'Announced', text };
}

const WHY_NOT_BY_BGP: Readonly<Record<Exclude<BgpReach['reason'], 'Announced'>, string>> = {
  NodeNotSelected: 'no node that has a session may announce it; see spec.nodeSelector of its Eip',
  SessionsDown: 'no session with a router is established; see the conditions of the BgpPeers',
  NoSessions: 'no node has a session with a router; create a BgpPeer',
  NoBgpConf: 'there is no valid BgpConf named default; create or mend it',
};

function bgpFinding({ reachOf, isLocal }: AnnouncedFacts, eip: Eip): Finding {
  const { reason, nodes, peers } = reachOf(eip);
  if (reason !== 'Announced') return { status: 'False', reason, text: `by bgp: ${WHY_NOT_BY_BGP[reason]}` };
  const routers = `to ${counted(peers, 'router')}`;
  const from = counted(nodes, 'node');
  if (isLocal) {
    const text = `by bgp from each of ${from} that has a ready endpoint, ${routers}`;
    return { status: 'True', reason, text };
  }
  const condition = eip.whenNoEndpoints === 'Withdraw' ? ', while there is an endpoint' : '';
  return { status: 'True', reason, text: `by bgp from ${from} ${routers}${condition}` };
}

/** `3 nodes (a, b, c)`, `1 router (r)`, `120 nodes`. */
function counted(names: readonly string[], what: string): string {
  const count = `${names.length} ${what}${names.length === 1 ? '' : 's'}`;
  return names.length > MOST_NAMED ? count : `${count} (${names.join(', ')})`;
}
