/**
 * Chooses the addresses of a Service, for the webhook and the allocator. A pure function of the address request, the Eips and the ledger.
 *
 * A held address that fulfils the request stays (docs/architecture.md, invariant 1), whatever the other holders do. Otherwise the Service gets a former address that is
 * free (invariant 3), an address that it may share, or the lowest free address (invariant 8; near the lowest while others choose at the same time, `contention.ts`). If
 * a request cannot be fulfilled now, the Service waits, with the reason, and keeps its held addresses.
 */

import { addressesText } from '../../api/count.ts';
import { type Eip, isOpen } from '../../api/eip/eip.ts';
import type { AddressRequest } from '../../api/service/address-request.ts';
import type { ClaimHolder, ClaimPort, EipClaim } from '../../api/skycap/claim.ts';
import { claimAddress, portText } from '../../api/skycap/claim.ts';
import { type Address, addressOf, type Family, formatAddress, sameAddress } from '../../net/address.ts';
import { rangeContains, rangeSize } from '../../net/range.ts';
import { unknownEips } from '../pools/named-eips.ts';
import { closed, nameThem, noCandidate, type Obstacle, otherFamily } from '../pools/obstacle.ts';
import type { Pools } from '../pools/pools.ts';
import type { Withheld } from '../pools/withheld.ts';
import { asksTheSame } from './held-address.ts';
import type { Taken } from './ledger.ts';
import { mayShare, takenPort } from './sharing.ts';

export interface ChooseInput {
  readonly pools: Pools;
  readonly taken: Taken;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  /** The Service's claims. If several of one family fulfil the request, the first is chosen. */
  readonly held: readonly EipClaim[];
  /** Tells the holders of this Service. */
  readonly isSelf: (holder: ClaimHolder) => boolean;
  /** Held addresses that are certainly the Service's: bound to it, or published. They stay, whatever the other holders do. */
  readonly established: readonly Address[];
  /** Published addresses. Without a claim (lost, or the address was given by OpenELB), the Service takes the address again beside other holders. */
  readonly published: readonly Address[];
  /** The update leaves the requested Eips, addresses and protocol as they were: then the published addresses stay. */
  readonly asksAsBefore?: boolean;
  /** Addresses that the Service shows without a claim (the claim was lost): taken again if free. */
  readonly former: readonly Address[];
  /** The ports before an update that can still be refused. Ports that the update adds are not taken from other holders. */
  readonly portsBefore?: readonly ClaimPort[];
  /** The addresses of an Eip that are never given. @default none */
  readonly withheldFrom?: (eip: Eip) => Withheld;
  /** The number of free addresses to leave to others who choose at the same time. @default 0 */
  readonly passOver?: (eipName: string) => number;
}

export interface Given {
  readonly address: Address;
  readonly eip: Eip;
  /** `held`: has a claim; `free`: gets one; `shared`: joins one. */
  readonly how: 'held' | 'free' | 'shared';
  /** Why the address differs from the request, with the remedy: the Eips have changed and the Service has not. */
  readonly unlike?: string;
}

export type Choice =
  /** `lacking`: with PreferDualStack, why the other family has no address. `unknown`: about named Eips that do not exist. */
  | {
      readonly kind: 'assigned';
      readonly given: readonly Given[];
      readonly lacking?: Obstacle;
      readonly unknown?: string;
    }
  /**
   * `refused`: the Eip asks to deny the request. `clashes`: the Service takes a port of another Service at an address that stays, and nothing may be written.
   * `keeps`: the held addresses that the Service may use while it waits.
   */
  | ({ readonly kind: 'pending' | 'refused' | 'clashes'; readonly keeps: readonly Given[] } & Obstacle);

type Found = { readonly given: Given } | { readonly obstacle: Obstacle; readonly refuse?: boolean };

export function choose(addressRequest: AddressRequest, chooseInput: ChooseInput): Choice {
  const choice = chosen(addressRequest, chooseInput);
  const stays = choice.kind === 'assigned' ? choice.given : choice.keeps;
  const clash = clashAt(
    stays.map(({ address }) => address),
    addressRequest.ports,
    chooseInput,
  );
  return clash ? { kind: 'clashes', keeps: kept(addressRequest, chooseInput), ...clash } : choice;
}

function chosen(addressRequest: AddressRequest, chooseInput: ChooseInput): Choice {
  const found = addressRequest.families.map((family) => ({
    family,
    ...forFamily(addressRequest, family, chooseInput),
  }));
  const given = found.flatMap((one) => ('given' in one ? [one.given] : []));
  const missing = found.flatMap((one) => ('obstacle' in one ? [one] : []));
  const unknown = unknownEips(addressRequest, chooseInput.pools);
  const saying = ({ message, ...rest }: Obstacle): Obstacle => ({
    ...rest,
    message: unknown === undefined || message === unknown ? message : `${message}; and ${unknown}`,
  });
  const [firstMissing] = missing;
  if (!firstMissing) return { kind: 'assigned', given, ...(unknown !== undefined && { unknown }) };
  if (addressRequest.need === 'any' && given.length > 0) {
    return { kind: 'assigned', given, lacking: saying(firstMissing.obstacle) };
  }
  const refusing = missing.find((one) => one.refuse);
  const keeps = kept(addressRequest, chooseInput);
  const waitsFor = missing.flatMap(({ obstacle }) => obstacle.waitsFor ?? []);
  return refusing
    ? { kind: 'refused', keeps, ...saying(refusing.obstacle), waitsFor }
    : { kind: 'pending', keeps, ...saying(firstMissing.obstacle), waitsFor };
}

function forFamily(addressRequest: AddressRequest, family: Family, chooseInput: ChooseInput): Found {
  const own =
    heldThatFulfils(addressRequest, family, chooseInput) ?? publishedThatFulfils(addressRequest, family, chooseInput);
  if (own) return { given: own };
  const candidates = candidatesFor(addressRequest, family, chooseInput);
  if ('obstacle' in candidates) return candidates;
  const requested = addressRequest.addresses.find((address) => address.family === family);
  if (requested) return takeRequested(addressRequest, requested, candidates.eips, chooseInput);
  const usable = candidates.eips.filter(isOpen);
  if (usable.length === 0) return { obstacle: closed(candidates.eips) };
  return (
    takeFormer(usable, family, chooseInput) ??
    takeShared(addressRequest, usable, family, chooseInput) ??
    takeLowest(usable, chooseInput)
  );
}

/** The Eips this Service may use for the family, in the order they are tried; never empty. */
function candidatesFor(
  addressRequest: AddressRequest,
  family: Family,
  { pools, namespaceLabels }: ChooseInput,
): { eips: readonly Eip[] } | { obstacle: Obstacle } {
  const requested = addressRequest.addresses.find((address) => address.family === family);
  const eips =
    addressRequest.eipNames.length > 0
      ? addressRequest.eipNames.flatMap((name) => pools.byName.get(name) ?? [])
      : requested
        ? [...pools.byName.values()].filter((eip) => rangeContains(eip.range, requested))
        : pools.automaticFor(addressRequest.namespace, namespaceLabels);
  if (eips.length === 0) return { obstacle: noCandidate(addressRequest, requested, pools) };
  const ofFamily = eips.filter((eip) => eip.range.family === family);
  if (ofFamily.length === 0) return { obstacle: otherFamily(addressRequest, family, eips) };
  const ofProtocol = ofFamily.filter((eip) => !addressRequest.protocol || eip.protocol === addressRequest.protocol);
  if (ofProtocol.length > 0) return { eips: ofProtocol };
  return {
    obstacle: {
      reason: 'EipProtocolMismatch',
      message: `${nameThem(ofFamily)} is not of protocol ${addressRequest.protocol}; change the protocol annotation or name another Eip`,
    },
  };
}

function heldThatFulfils(addressRequest: AddressRequest, family: Family, chooseInput: ChooseInput): Given | undefined {
  const held = heldAddresses(family, chooseInput);
  const own = held.find((given) => fulfils(addressRequest, given) && mayStay(addressRequest, given, chooseInput));
  return own ?? heldAsBefore(addressRequest, held, chooseInput);
}

/** The Service asks for the same as when it got the address. */
function heldAsBefore(
  addressRequest: AddressRequest,
  held: readonly Given[],
  { established, taken, isSelf }: ChooseInput,
): Given | undefined {
  const given = held.find(({ address }) => {
    const own = taken.claimOf(address)?.spec.holders.find(isSelf);
    return own && asksTheSame(addressRequest, own) && established.some((one) => sameAddress(one, address));
  });
  return given && { ...given, unlike: whyUnlike(addressRequest, given) };
}

function whyUnlike({ addresses, eipNames, protocol }: AddressRequest, { address, eip }: Given): string {
  const help = (keep: string): string =>
    `${keep} to keep it; to leave it, remove what asks for the other, then write it again`;
  const requested = addresses.find(({ family }) => family === address.family);
  if (requested && !sameAddress(requested, address)) {
    return `the Service asks for ${formatAddress(requested)} and has had this one all the while; ${help('ask for this one')}`;
  }
  if (eipNames.length > 0 && !eipNames.includes(eip.name)) {
    return `the Service names Eip ${eipNames.join(', ')}, and Eip ${eip.name} has the address; ${help(`name ${eip.name}`)}`;
  }
  return `the Service asks for protocol ${protocol}, and Eip ${eip.name} has ${eip.protocol}; ${help('change the annotation')}`;
}

/** The address may have no claim, or a claim that others have created. It is reserved while its holder is unknown, and this Service is the holder. */
function publishedThatFulfils(
  addressRequest: AddressRequest,
  family: Family,
  chooseInput: ChooseInput,
): Given | undefined {
  const { published, pools, taken, asksAsBefore } = chooseInput;
  for (const address of published) {
    const eip = address.family === family ? pools.containing(address) : undefined;
    const isFulfilling = eip && fulfils(addressRequest, { address, eip });
    if (!eip || !(isFulfilling || asksAsBefore)) continue;
    const given: Given = { address, eip, how: taken.claimOf(address) ? 'shared' : 'free' };
    return isFulfilling ? given : { ...given, unlike: whyUnlike(addressRequest, given) };
  }
  return undefined;
}

function fulfils(addressRequest: AddressRequest, { address, eip }: Pick<Given, 'address' | 'eip'>): boolean {
  const requested = addressRequest.addresses.find((one) => one.family === address.family);
  if (requested && !sameAddress(requested, address)) return false;
  if (addressRequest.eipNames.length > 0 && !addressRequest.eipNames.includes(eip.name)) return false;
  return !addressRequest.protocol || eip.protocol === addressRequest.protocol;
}

/** A held address that is not certainly the Service's is joined under the same rules as by a new Service. */
function mayStay(addressRequest: AddressRequest, { address }: Given, chooseInput: ChooseInput): boolean {
  if (chooseInput.established.some((one) => sameAddress(one, address))) return true;
  return othersAt(address, chooseInput).length === 0 || sharable(addressRequest, address, chooseInput).ok;
}

/** A port that the update adds and another Service has. */
export function clashAt(
  stays: readonly Address[],
  ports: readonly ClaimPort[],
  chooseInput: Pick<ChooseInput, 'taken' | 'isSelf' | 'portsBefore'>,
): Obstacle | undefined {
  const { portsBefore } = chooseInput;
  if (!portsBefore) return undefined;
  const before = portsBefore.map(portText);
  const added = ports.filter((port) => !before.includes(portText(port)));
  for (const address of stays) {
    const why = takenPort(added, othersAt(address, chooseInput));
    if (why) return { reason: 'SharingRefused', message: `${formatAddress(address)}: ${why}` };
  }
  return undefined;
}

/** Held addresses of the family that an Eip still has. */
function heldAddresses(family: Family, { held, pools }: ChooseInput): Given[] {
  return held.flatMap((claim): Given[] => {
    const address = claimAddress(claim.metadata.name ?? '');
    const eip = address?.family === family ? pools.containing(address) : undefined;
    return address && eip ? [{ address, eip, how: 'held' }] : [];
  });
}

function kept(addressRequest: AddressRequest, chooseInput: ChooseInput): Given[] {
  return addressRequest.families
    .flatMap((family) => heldAddresses(family, chooseInput).slice(0, 1))
    .filter((given) => mayStay(addressRequest, given, chooseInput));
}

function takeRequested(
  addressRequest: AddressRequest,
  address: Address,
  eips: readonly Eip[],
  chooseInput: ChooseInput,
): Found {
  const text = formatAddress(address);
  const eip = eips.find((candidate) => rangeContains(candidate.range, address));
  if (!eip) {
    const having = chooseInput.pools.containing(address);
    const message = having
      ? `${text} is not in ${nameThem(eips)} but in Eip ${having.name}; name that one, or request another address`
      : `${text} is not in ${nameThem(eips)}; request one of its addresses`;
    return { obstacle: { reason: 'AddressOutsideEip', message } };
  }
  if (!isOpen(eip)) return { obstacle: closed([eip]) };
  const reserved = whyWithheld(address, eip, chooseInput);
  if (reserved !== undefined) {
    return { obstacle: { reason: 'AddressReserved', message: `${reserved}; request another address` } };
  }
  if (!chooseInput.taken.isTaken(address)) return { given: { address, eip, how: 'free' } };
  const verdict = sharable(addressRequest, address, chooseInput);
  if (verdict.ok) return { given: { address, eip, how: 'shared' } };
  return {
    obstacle: {
      reason: addressRequest.sharingKey ? 'SharingRefused' : 'AddressInUse',
      message: `${text}: ${verdict.why}`,
      waitsFor: [eip.name],
    },
    refuse: eip.whenFull === 'Refuse',
  };
}

function takeFormer(eips: readonly Eip[], family: Family, chooseInput: ChooseInput): Found | undefined {
  for (const address of chooseInput.former) {
    const eip = eips.find((candidate) => rangeContains(candidate.range, address));
    if (address.family !== family || !eip || chooseInput.taken.isTaken(address)) continue;
    if (whyWithheld(address, eip, chooseInput) === undefined) return { given: { address, eip, how: 'free' } };
  }
  return undefined;
}

function takeShared(
  addressRequest: AddressRequest,
  eips: readonly Eip[],
  family: Family,
  chooseInput: ChooseInput,
): Found | undefined {
  if (!addressRequest.sharingKey) return undefined;
  for (const claim of chooseInput.taken.sharedBy(addressRequest.sharingKey)) {
    const address = claimAddress(claim.metadata.name ?? '');
    const eip = address?.family === family && eips.find((candidate) => rangeContains(candidate.range, address));
    if (!address || !eip || whyWithheld(address, eip, chooseInput) !== undefined) continue;
    if (sharable(addressRequest, address, chooseInput).ok) return { given: { address, eip, how: 'shared' } };
  }
  return undefined;
}

function takeLowest(eips: readonly Eip[], { taken, passOver, withheldFrom }: ChooseInput): Found {
  for (const eip of eips) {
    const value = taken.lowestFree(eip.range, passOver?.(eip.name), withheldFrom?.(eip));
    if (value !== undefined) return { given: { address: addressOf(eip.range.family, value), eip, how: 'free' } };
  }
  const sizes = eips.map((eip) => `${eip.name} (${addressesText(rangeSize(eip.range))})`).join(', ');
  const isReserved = eips.some((eip) => withheldFrom?.(eip).isEmpty === false);
  return {
    obstacle: {
      reason: 'EipFull',
      message: `every address of Eip ${sizes} is in use${isReserved ? ' or reserved' : ''}; free one, or enlarge or add an Eip`,
      waitsFor: eips.map(({ name }) => name),
    },
    refuse: eips.every((eip) => eip.whenFull === 'Refuse'),
  };
}

function whyWithheld(address: Address, eip: Eip, { withheldFrom }: ChooseInput): string | undefined {
  return withheldFrom?.(eip).why(address);
}

function othersAt(address: Address, { taken, isSelf }: Pick<ChooseInput, 'taken' | 'isSelf'>): readonly ClaimHolder[] {
  return taken.claimOf(address)?.spec.holders.filter((holder) => !isSelf(holder)) ?? [];
}

function sharable(
  addressRequest: AddressRequest,
  address: Address,
  chooseInput: ChooseInput,
): { ok: true } | { ok: false; why: string } {
  if (!chooseInput.taken.claimOf(address))
    return { ok: false, why: 'another Service publishes it, or is being given it' };
  if (!chooseInput.taken.isWhole(address)) return { ok: false, why: 'Services that have it are not in its claim yet' };
  return mayShare(addressRequest, address, othersAt(address, chooseInput));
}
