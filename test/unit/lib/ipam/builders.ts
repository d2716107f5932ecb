/** The objects that the tests of the address core are made of: each builder gives a plain valid one, and takes what differs. */

import type { Eip } from '../../../../lib/api/eip/eip.ts';
import type { AddressRequest } from '../../../../lib/api/service/address-request.ts';
import { type ClaimHolder, claimName, type EipClaim } from '../../../../lib/api/skycap/claim.ts';
import type { ChooseInput } from '../../../../lib/ipam/choice/choose.ts';
import { Ledger } from '../../../../lib/ipam/choice/ledger.ts';
import { buildPools } from '../../../../lib/ipam/pools/pools.ts';
import { type Address, formatAddress, parseAddress } from '../../../../lib/net/address.ts';
import { parseRange } from '../../../../lib/net/range.ts';

export function addr(text: string): Address {
  const address = parseAddress(text);
  if (!address) throw new Error(`Cannot parse "${text}": not an address`);
  return address;
}

export function eip(name: string, addresses: string, differs: Partial<Eip> = {}): Eip {
  const parsed = parseRange(addresses);
  if (!parsed.ok) throw new Error(`Cannot parse "${addresses}": ${parsed.problem}`);
  return {
    name,
    uid: `uid-${name}`,
    createdAt: '2026-01-01T00:00:00Z',
    range: parsed.range,
    protocol: 'bgp',
    interfaces: [],
    disabled: false,
    isDeleting: false,
    priority: 0,
    namespaces: new Set(),
    isDefault: false,
    autoAssign: true,
    avoidBuggyIPs: false,
    announcedByCni: false,
    whenFull: 'Pend',
    whenNoEndpoints: 'Keep',
    nodeSelector: [],
    rebalance: false,
    ...differs,
  };
}

export function addressRequest(differs: Partial<AddressRequest> = {}): AddressRequest {
  return {
    namespace: 'shop',
    eipNames: [],
    addresses: [],
    families: [4],
    need: 'all',
    ports: [{ port: 80, protocol: 'TCP' }],
    sharingNamespaces: [],
    externalTrafficPolicy: 'Cluster',
    selector: 'app=web',
    ...differs,
  };
}

export function holder(name: string, differs: Partial<ClaimHolder> = {}): ClaimHolder {
  return {
    namespace: 'shop',
    name,
    uid: `uid-${name}`,
    token: `token-${name}`,
    ports: [{ port: 80, protocol: 'TCP' }],
    externalTrafficPolicy: 'Cluster',
    selector: 'app=web',
    since: '2026-01-01T00:00:00Z',
    ...differs,
  };
}

export function claim(
  address: Address | string,
  holders: readonly ClaimHolder[],
  metadata: Partial<EipClaim['metadata']> = {},
): EipClaim {
  const of = typeof address === 'string' ? addr(address) : address;
  return {
    apiVersion: 'skycap.io/v1alpha1',
    kind: 'EipClaim',
    metadata: { name: claimName(of), uid: `uid-${claimName(of)}`, resourceVersion: '1', ...metadata },
    spec: { address: formatAddress(of), eip: 'web', holders },
  };
}

export function ledgerOf(...claims: readonly EipClaim[]): Ledger {
  const ledger = new Ledger();
  for (const one of claims) ledger.apply(one);
  return ledger;
}

/** What `shop/front` finds when it asks for an address; it holds the claims that name it, beyond doubt where they are bound. */
export function chooseInput(
  eips: readonly Eip[],
  claims: readonly EipClaim[] = [],
  differs: Partial<ChooseInput> = {},
): ChooseInput {
  const ledger = ledgerOf(...claims);
  const isSelf = (one: ClaimHolder) => one.namespace === 'shop' && one.name === 'front';
  const held = ledger.heldBy('shop', 'front');
  const bound = held.filter(({ spec }) => spec.holders.some((one) => isSelf(one) && one.uid !== undefined));
  return {
    pools: buildPools(eips),
    taken: ledger,
    namespaceLabels: {},
    held,
    established: bound.map(({ spec }) => addr(spec.address)),
    isSelf,
    published: [],
    former: [],
    ...differs,
  };
}
