/** Explains an address: its Eip, its holders, and the walk of each Service that has it; or why no Service has it. PURE. */
import { keyFor, keyOf } from '../../api/meta/object.ts';
import type { Service } from '../../api/service/service.ts';
import { type ClaimHolder, claimName, type EipClaim } from '../../api/skycap/claim.ts';
import { type Address, formatAddress } from '../../net/address.ts';
import { type Explanation, explanationOf, failed, ok, type Step, unknown, warning } from '../explanation.ts';
import { remedyFor } from '../remedies.ts';
import type { World } from '../world.ts';

/** @param walks the explanation of each Service that has the address. */
export function explainAddress(world: World, address: Address, walks: readonly Explanation[]): Explanation {
  const steps = [eipStep(world, address), holderStep(world, address), ...walks.flatMap((walk) => walk.steps)];
  const unread = [...world.unread, ...walks.flatMap((walk) => walk.unread)];
  const distinct = [...new Map(unread.map((one) => [one.message, one])).values()];
  return explanationOf(`Address ${formatAddress(address)}`, steps, { unread: distinct });
}

/** The Services that have the address: by its claim, and those that publish it. */
export function servicesWith(world: World, address: Address): Service[] {
  const holders = world.ledger.claimOf(address)?.spec.holders ?? [];
  const held = holders.flatMap(({ namespace, name = '' }) => world.services.get(keyFor(namespace, name)) ?? []);
  return [...new Map([...held, ...world.publishersOf(address)].map((service) => [keyOf(service), service])).values()];
}

function eipStep(world: World, address: Address): Step {
  if (world.read.eips.unread) return unknown('the Eips can not be read', 'Eips');
  const eip = world.eips.pools.containing(address);
  if (!eip) {
    const remedy = 'If Skycap is to give the address: enlarge an Eip, or create one.';
    return failed('AddressOutsideEip', 'no Eip that can be used has the address', 'Eips', { remedy });
  }
  return ok(`has the address, protocol ${eip.protocol}`, `Eip ${eip.name}`);
}

function holderStep(world: World, address: Address): Step {
  const { eipClaims } = world.read;
  const from = `EipClaim ${claimName(address)}`;
  const services = servicesWith(world, address);
  if (eipClaims.unread) {
    const names = services.map(keyOf).join(', ');
    return names ? ok(`is published by ${names}`, 'Services') : unknown('the EipClaims can not be read', from);
  }
  const claim = world.ledger.claimOf(address);
  if (claim) return claimStep(world, claim, from);
  const reserved = world.whyReserved(address);
  if (reserved !== undefined)
    return warning(`${reserved}, so no Service is given it`, from, { reason: 'AddressReserved' });
  if (services.length > 0) {
    const names = services.map(keyOf).join(', ');
    return warning(`does not exist: the address is not from Skycap, and is published by ${names}`, from);
  }
  const isOfEip = world.isOfEip(address);
  return ok(
    isOfEip ? 'does not exist: the address is free' : 'does not exist: no Service has the address from Skycap',
    from,
  );
}

/** The webhook claims an address before the API server stores the Service. A creation that is refused after that leaves the claim for the allocator to remove. */
function claimStep({ services, read }: World, { spec: { holders } }: EipClaim, from: string): Step {
  const texts = holders.map(({ namespace, name }) => keyFor(namespace, name ?? '(not named yet)'));
  const isThere = ({ namespace, name = '' }: ClaimHolder): boolean => services.has(keyFor(namespace, name));
  if (read.services.unread || holders.some(isThere)) return ok(`is held by ${texts.join(', ')}`, from);
  const fact = `is held for ${texts.join(', ')}, and no such Service is stored: its creation is under way, or was refused after admission; then the allocator soon removes the claim`;
  return warning(fact, from, { reason: 'CreationsRefused', remedy: remedyFor('CreationsRefused') });
}
