/** Why a Service gets no address, as sentences with their remedies. PURE. */

import type { Eip } from '../../api/eip/eip.ts';
import { shortened } from '../../api/problem.ts';
import type { Reason } from '../../api/reasons.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import { type Address, type Family, formatAddress } from '../../net/address.ts';
import { notForClients } from '../../net/not-for-clients.ts';
import { unknownEips } from './named-eips.ts';
import type { Pools } from './pools.ts';

const MOST_NAMED = 5;

export interface Obstacle {
  readonly reason: Reason;
  /** The problem and its remedy. */
  readonly message: string;
  /** Names of the Eips from which the Service would take an address if they had one. */
  readonly waitsFor?: readonly string[];
}

export function noCandidate(addressRequest: AddressRequest, requested: Address | undefined, pools: Pools): Obstacle {
  const unknown = unknownEips(addressRequest, pools);
  if (unknown !== undefined) {
    const isOverlapping = addressRequest.eipNames.some((name) => pools.overlapping.has(name));
    const reason = isOverlapping ? 'EipInvalid' : 'EipNotFound';
    return { reason, message: unknown, waitsFor: addressRequest.eipNames };
  }
  if (requested) {
    const { family, value } = requested;
    const what = notForClients({ family, first: value, last: value });
    const remedy =
      what === undefined
        ? '; request another or create an Eip with it'
        : `, nor can have ${what}; request another, or none`;
    return { reason: 'AddressOutsideEip', message: `no Eip has the address ${formatAddress(requested)}${remedy}` };
  }
  const onRequest = [...pools.byName.values()].filter(({ autoAssign }) => !autoAssign);
  if (onRequest.length > 0) {
    const names = shortened(onRequest.map(({ name }) => name).sort(), MOST_NAMED, String).join(', ');
    return {
      reason: 'NoEipMatches',
      message: `no Eip serves namespace ${addressRequest.namespace} without being named; name one (${names}) in the annotation eip.openelb.kubesphere.io/v1alpha2, or create another`,
    };
  }
  return {
    reason: 'NoEipMatches',
    message: `no Eip serves namespace ${addressRequest.namespace}; create one, or name one in the annotation eip.openelb.kubesphere.io/v1alpha2`,
  };
}

export function otherFamily(addressRequest: AddressRequest, family: Family, eips: readonly Eip[]): Obstacle {
  const add = addressRequest.eipNames.length > 0 ? 'name one with' : 'add an Eip with';
  const help =
    addressRequest.families.length > 1
      ? `${add} IPv${family} addresses${addressRequest.eipNames.length > 0 ? ' as well' : ''}`
      : `name or add an Eip with some, or create the Service again with spec.ipFamilies: [IPv${family === 4 ? 6 : 4}]`;
  return { reason: 'EipFamilyMismatch', message: `${nameThem(eips)} has no IPv${family} addresses; ${help}` };
}

/** None of these Eips gives new addresses. */
export function closed(eips: readonly Eip[]): Obstacle {
  const waitsFor = eips.map(({ name }) => name);
  const deleting = eips.filter(({ isDeleting }) => isDeleting);
  const disabled = eips.filter(({ isDeleting }) => !isDeleting);
  const isDeleting = `${nameThem(deleting)} ${isOrAre(deleting)} being deleted`;
  if (disabled.length === 0) {
    return { reason: 'EipDeleting', message: `${isDeleting}; name another, or create one`, waitsFor };
  }
  const also = deleting.length > 0 ? `, and ${isDeleting}` : '';
  const message = `${nameThem(disabled)} ${isOrAre(disabled)} disabled${also}; set spec.disable: false or name another`;
  return { reason: 'EipDisabled', message, waitsFor };
}

function isOrAre({ length }: readonly Eip[]): string {
  return length === 1 ? 'is' : 'are';
}

export function nameThem(eips: readonly Eip[]): string {
  return `Eip ${eips.map((eip) => eip.name).join(', ')}`;
}
