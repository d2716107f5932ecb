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
  /** RFC 3339; of two overlapping Eips the older one counts. */
  readonly createdAt: string;
  readonly range: AddressRange;
  readonly protocol: EipProtocol;
  /** Where layer 2 answers: on every link that one of them selects; none for the link that has the node's own address. */
  readonly interfaces: readonly InterfaceSelector[];
  /** Gives no new address, since it is told not to; what it gave stays. */
  readonly disabled: boolean;
  /** Gives no new address either, since somebody's finalizer alone keeps it. */
  readonly isDeleting: boolean;
  /** The smaller number is preferred. */
  readonly priority: number;
  readonly namespaces: ReadonlySet<string>;
  /** All pairs must be on the Namespace. Absent: matches none. */
  readonly namespaceSelector?: Readonly<Record<string, string>>;
  /** Marked as the default; which of several counts, `buildPools` says. */
  readonly isDefault: boolean;
  /** False: only Services that name it, or request one of its addresses, get one. */
  readonly autoAssign: boolean;
  /** IPv4 addresses that end in .0 or .255 are given to nobody. */
  readonly avoidBuggyIPs: boolean;
  /** A CNI announces it (label `openelb.kubesphere.io/cni`): addresses are given, but not announced by Skycap. */
  readonly announcedByCni: boolean;
  readonly whenFull: 'Pend' | 'Refuse';
  readonly whenNoEndpoints: 'Keep' | 'Withdraw';
  /** Of the nodes that announce its addresses, or may own them; none is required of all. */
  readonly nodeSelector: readonly LabelRequirement[];
  /** Layer 2: addresses move to the nodes that the hash prefers, where they otherwise stay with who has them. */
  readonly rebalance: boolean;
  /** Absent: host routes without attributes, to every router. */
  readonly bgp?: EipBgp;
}

/** One node at a time answers for its addresses. `vip` is OpenELB's word for doing it by VRRP; here it is the same as `layer2`. */
export function isLayer2({ protocol }: Pick<Eip, 'protocol'>): boolean {
  return protocol !== 'bgp';
}

/** Gives addresses to further Services, as long as it has any. */
export function isOpen({ disabled, isDeleting }: Pick<Eip, 'disabled' | 'isDeleting'>): boolean {
  return !disabled && !isDeleting;
}

/** Whether it may be the default: one that is for those who name it can't be for those who name none. */
export function asksToBeDefault({ isDefault, autoAssign }: Pick<Eip, 'isDefault' | 'autoAssign'>): boolean {
  return isDefault && autoAssign;
}

/** Bound to namespaces: Services there prefer it, and unless it is the default no others get its addresses without naming it. */
export function isBound(eip: Eip): boolean {
  return eip.namespaces.size > 0 || eip.namespaceSelector !== undefined;
}

/** Its deletion is to take its addresses from the Services that have them. */
export function releasesAddresses({ metadata: { annotations } }: KubeObject): boolean {
  return annotations?.[RELEASE_ADDRESSES_ANNOTATION] === 'true';
}
