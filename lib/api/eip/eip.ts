/** An Eip parsed: every value checked, every default filled in. `parse-eip.ts` makes it. */
import type { AddressRange } from '../../net/range.ts';
import { RELEASE_ADDRESSES_ANNOTATION } from '../keys.ts';
import type { LabelRequirement } from '../meta/label-selector.ts';
import type { KubeObject } from '../meta/object.ts';
import type { EipBgp } from './eip-bgp.ts';
import type { EipProtocol } from './eip-types.ts';
import type { InterfaceSelector } from './interface-selector.ts';

export interface Eip {
  readonly name: string;
  readonly uid: string;
  /** RFC 3339; of two overlapping Eips the older one is used. */
  readonly createdAt: string;
  readonly range: AddressRange;
  readonly protocol: EipProtocol;
  /** The links of layer 2: every link that one of the selectors matches; without selectors, the link with the node's own address. */
  readonly interfaces: readonly InterfaceSelector[];
  /** Gives no new address (`spec.disable`); given addresses stay. */
  readonly disabled: boolean;
  /** Gives no new address, since only a finalizer keeps it. */
  readonly isDeleting: boolean;
  /** The smaller number is preferred. */
  readonly priority: number;
  readonly namespaces: ReadonlySet<string>;
  /** All pairs must be on the Namespace. Absent: matches none. */
  readonly namespaceSelector?: Readonly<Record<string, string>>;
  /** Asks to be the default; `buildPools` chooses one of several. */
  readonly isDefault: boolean;
  /** False: only Services that name the Eip, or request one of its addresses, get one. */
  readonly autoAssign: boolean;
  /** IPv4 addresses that end in .0 or .255 are never given. */
  readonly avoidBuggyIPs: boolean;
  /** A CNI announces it (label `openelb.kubesphere.io/cni`): addresses are given, but not announced by Skycap. */
  readonly announcedByCni: boolean;
  readonly whenFull: 'Pend' | 'Refuse';
  readonly whenNoEndpoints: 'Keep' | 'Withdraw';
  /** For the nodes that announce the addresses or may own them; no requirement selects all. */
  readonly nodeSelector: readonly LabelRequirement[];
  /** Layer 2: addresses move to the nodes that the hash prefers; otherwise they stay with their owners. */
  readonly rebalance: boolean;
  /** Absent: host routes without attributes, to every router. */
  readonly bgp?: EipBgp;
}

/** One node at a time answers for the addresses. OpenELB's `vip` uses VRRP; here it is the same as `layer2`. */
export function isLayer2({ protocol }: Pick<Eip, 'protocol'>): boolean {
  return protocol !== 'bgp';
}

/** Gives addresses to further Services while it has free ones. */
export function isOpen({ disabled, isDeleting }: Pick<Eip, 'disabled' | 'isDeleting'>): boolean {
  return !disabled && !isDeleting;
}

/** Whether it may be the default: not if it is only for Services that name it. */
export function asksToBeDefault({ isDefault, autoAssign }: Pick<Eip, 'isDefault' | 'autoAssign'>): boolean {
  return isDefault && autoAssign;
}

/** Bound to namespaces: Services there prefer it. Unless it is the default, other Services get its addresses only by name. */
export function isBound(eip: Eip): boolean {
  return eip.namespaces.size > 0 || eip.namespaceSelector !== undefined;
}

/** Its deletion removes its addresses from the Services. */
export function releasesAddresses({ metadata: { annotations } }: KubeObject): boolean {
  return annotations?.[RELEASE_ADDRESSES_ANNOTATION] === 'true';
}
