/** Warnings that an update shows only if it causes them. */

import type { Eip } from '../../../lib/api/eip/eip.ts';
import { managedMetadataOf, markedAddresses } from '../../../lib/api/service/managed-metadata.ts';
import { isOurs } from '../../../lib/api/service/parse-address-request.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import { newWarnings } from '../../../lib/ipam/admission/new-problems.ts';
import { rangeContains } from '../../../lib/net/range.ts';
import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Subject } from '../review-subject.ts';
import { nearlyOursWarnings } from './nearly-ours.ts';
import { aggregateWarnings, routeOverrideWarnings } from './route-advice.ts';
import { affinityWarnings, overriddenWarnings } from './service-advice.ts';

/** With this context, only a Service that asks for Skycap is Skycap's, whatever Eips exist. */
export const NOTHING_IS_OURS = { unmarkedServices: 'never', defaultEipExists: false } as const;

/** @param eips of the new addresses. */
export function newEipWarnings({ service, old }: Subject, eips: readonly Eip[], cluster: ClusterState): string[] {
  const warningsOf = (one: Service, ofEips: readonly Eip[]): string[] => [
    ...affinityWarnings(one, ofEips),
    ...aggregateWarnings(one, ofEips),
    ...routeOverrideWarnings(one, ofEips, cluster.bgpPeerMetadata()),
  ];
  return newWarnings(warningsOf(service, eips), old ? warningsOf(old, eipsOf(old, cluster)) : []);
}

export function eipsOf(service: Service, cluster: ClusterState): readonly Eip[] {
  const addresses = markedAddresses(managedMetadataOf(service));
  return cluster.eips().filter(({ range }) => addresses.some((one) => rangeContains(range, one)));
}

export function newNearlyOursWarnings({ service, old }: Subject, cluster: ClusterState): string[] {
  const warningsOf = (one: Service): string[] => {
    const isSurely = isOurs(one, NOTHING_IS_OURS);
    const isKnown = isSurely || cluster.missing === undefined;
    const isOne = isKnown ? isSurely || isOurs(one, cluster.addressRequestContext()) : undefined;
    return [...nearlyOursWarnings(one, isOne), ...(isOne ? overriddenWarnings(one) : [])];
  };
  return newWarnings(warningsOf(service), old ? warningsOf(old) : []);
}
