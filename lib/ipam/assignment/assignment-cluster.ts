/** The part of the cluster that the decision about a Service's addresses reads. */
import type { Eip } from '../../api/eip/eip.ts';
import type { KubeObject } from '../../api/meta/object.ts';
import type { Service } from '../../api/service/service.ts';
import type { EipClaim } from '../../api/skycap/claim.ts';
import type { Address } from '../../net/address.ts';
import type { HeldAddress } from '../choice/held-address.ts';
import type { Taken } from '../choice/ledger.ts';
import type { IsHolder } from '../claims/holders-of.ts';
import type { Pools } from '../pools/pools.ts';
import type { Source } from '../pools/source.ts';
import type { Withheld } from '../pools/withheld.ts';

export interface AssignmentCluster {
  readonly stores: { readonly namespaces: { get(name: string): KubeObject | undefined } };
  readonly services: { get(key: string): Service | undefined };
  readonly index: {
    /** A Service other than `key` publishes the address, and `key` does not. */
    isPublishedByOthers(address: Address, key: string): boolean;
  };
  readonly eips: {
    readonly pools: Pools;
    /** It is not certain that a deleted Eip, or a deleted claim, was deleted for itself. */
    readonly isInDoubt: boolean;
    existence(source: Source): 'there' | 'gone' | 'unknown';
  };
  readonly reserved: { withheldFrom(eip: Eip): Withheld };
  readonly ledger: Taken;
  heldAddressesOf(service: Service): HeldAddressesView;
  isHolder(service: Service): IsHolder;
  /** A usable Eip has the address. */
  isOfEip(address: Address): boolean;
  /** Whether all Services that publish the address are in its claim; `except` may be about to join it. */
  isClaimedByPublishers(address: Address, except: string): boolean;
}

export interface HeldAddressesView {
  readonly heldAddresses: readonly HeldAddress[];
  /** Eips that are not in the cache and may be gone; nothing is decided before that is known. */
  readonly unknownEips: readonly string[];
}

/** The state of the Eip of a claimed address. */
export interface SourceState {
  readonly name: string;
  /** Of the Eip that contains the address. */
  readonly uid?: string;
  readonly state: HeldAddress['eip'] | 'unknown';
}

export type StateOfSource = (address: Address, source: EipClaim['spec']) => SourceState;
