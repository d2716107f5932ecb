/** The addresses that a Service holds, from its claims. PURE. */
import type { Service } from '../../api/service/service.ts';
import { claimAddress, type EipClaim } from '../../api/skycap/claim.ts';
import type { HeldAddress } from '../choice/held-address.ts';
import { type IsHolder, ownHolder, type ServiceIdentity } from '../claims/holders-of.ts';
import { isEstablished } from '../claims/service-claims.ts';
import type { HeldAddressesView, StateOfSource } from './assignment-cluster.ts';

export interface HeldInput {
  readonly service: Service;
  readonly identity: ServiceIdentity;
  /** The claims with a holder of the Service, in order of preference. */
  readonly claims: readonly EipClaim[];
  readonly isHolder: IsHolder;
  readonly stateOf: StateOfSource;
}

export function heldAddressesIn({ service, identity, claims, isHolder, stateOf }: HeldInput): HeldAddressesView {
  const unknownEips: string[] = [];
  const heldAddresses = claims.flatMap((claim): HeldAddress[] => {
    const address = claimAddress(claim.metadata.name ?? '');
    const own = ownHolder(identity, claim.spec.holders.filter(isHolder));
    if (!address || !own) return [];
    const { name, uid, state } = stateOf(address, claim.spec);
    if (state === 'unknown') unknownEips.push(name);
    return [
      {
        address,
        claim,
        own,
        eipName: name,
        ...(uid !== undefined && { eipUid: uid }),
        // An Eip that is not known to be gone counts as there.
        eip: state === 'unknown' ? 'unusable' : state,
        isEstablished: isEstablished(service, address, own, identity.token),
      },
    ];
  });
  return { heldAddresses, unknownEips };
}
