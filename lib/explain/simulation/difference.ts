/** The difference between the outcomes before and after a change. PURE. Plain values: the keys are part of the command's interface. */
import { isReset, type NodeSession } from './announcements/node-sessions.ts';
import type { AddressOutcome, Outcome } from './outcome.ts';

export interface ServiceChange {
  readonly service: string;
  /** `lost`: an address less. `changed`: another address. `gained`: one more. */
  readonly change: 'lost' | 'changed' | 'gained';
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly reason?: string;
  readonly message?: string;
}

/** An address of layer 2. */
export interface OwnerChange {
  readonly address: string;
  readonly services: readonly string[];
  readonly from?: string;
  readonly to?: string;
  /** Why no node has it. */
  readonly reasons?: readonly string[];
}

/** The paths that the router of one BgpPeer has for one address. */
export interface PathChange {
  readonly address: string;
  readonly services: readonly string[];
  /** Name of the BgpPeer. */
  readonly peer: string;
  /** Names of nodes. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly reasons?: readonly string[];
}

export interface SessionChange {
  readonly node: string;
  /** Name of the BgpPeer. */
  readonly peer: string;
  /** `resets`: ends and begins again, with all its routes. */
  readonly change: 'starts' | 'ends' | 'resets' | 'is disabled' | 'is enabled';
  readonly message?: string;
}

export interface AttributeChange {
  readonly address: string;
  readonly services: readonly string[];
}

/** Something that a Service has before the change and not after it. */
export interface Loss {
  readonly service: string;
  readonly address: string;
  /** `address`: the Service has it no more. `owner`, `paths`: no node answers for it, or no session of a BgpPeer has a path to it. */
  readonly of: 'address' | 'owner' | 'paths';
  /** Name of the BgpPeer. */
  readonly peer?: string;
}

export interface Difference {
  readonly services: readonly ServiceChange[];
  readonly layer2: readonly OwnerChange[];
  readonly bgp: readonly PathChange[];
  /** Addresses whose routes go out with other attributes. */
  readonly attributes: readonly AttributeChange[];
  readonly sessions: readonly SessionChange[];
  readonly losses: readonly Loss[];
}

const NO_NODES: readonly string[] = [];

export function differenceBetween(before: Outcome, after: Outcome): Difference {
  const services = serviceChanges(before, after);
  const texts = [...new Set([...before.addresses.keys(), ...after.addresses.keys()])];
  const pairs = texts.map((text) => ({ text, was: before.addresses.get(text), is: after.addresses.get(text) }));
  const layer2 = pairs.flatMap(ownerChange);
  const bgp = pairs.flatMap(pathChanges);
  return {
    services,
    layer2,
    bgp,
    attributes: pairs.flatMap(attributeChange),
    sessions: sessionChanges(before, after),
    losses: [...lostAddresses(services), ...lostOwners(layer2), ...lostPaths(bgp)].filter(isNews(services)),
  };
}

interface Pair {
  readonly text: string;
  readonly was: AddressOutcome | undefined;
  readonly is: AddressOutcome | undefined;
}

function serviceChanges(before: Outcome, after: Outcome): ServiceChange[] {
  const keys = [...new Set([...before.services.keys(), ...after.services.keys()])].sort();
  return keys.flatMap((service): ServiceChange[] => {
    const had = before.services.get(service)?.addresses ?? [];
    const now = after.services.get(service);
    const has = now?.addresses ?? [];
    if (had.join() === has.join() && (now === undefined || before.services.has(service))) return [];
    const gone = had.filter((one) => !has.includes(one));
    const change = gone.length === 0 ? 'gained' : has.length < had.length ? 'lost' : 'changed';
    if (had.length === 0 && has.length === 0 && !now) return [];
    return [{ service, change, before: had, after: has, ...(now && { reason: now.reason, message: now.message }) }];
  });
}

function ownerChange({ text, was, is }: Pair): OwnerChange[] {
  if (was?.protocol !== 'layer2' && is?.protocol !== 'layer2') return [];
  const [from, to] = [was?.owner, is?.protocol === 'layer2' ? is.owner : undefined];
  if (from === to && (was === undefined) === (is === undefined)) return [];
  const isWithout = is?.protocol === 'layer2' && to === undefined;
  return [
    {
      address: text,
      services: (is ?? was)!.services,
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(isWithout && { reasons: is.refusals }),
    },
  ];
}

function pathChanges({ text, was, is }: Pair): PathChange[] {
  const peers = [...new Set([...(was?.paths.keys() ?? []), ...(is?.paths.keys() ?? [])])].sort();
  return peers.flatMap((peer): PathChange[] => {
    const before = was?.paths.get(peer) ?? NO_NODES;
    const after = is?.paths.get(peer) ?? NO_NODES;
    if (before.join() === after.join()) return [];
    const reasons = after.length === 0 && is ? is.refusals : NO_NODES;
    const services = (is ?? was)!.services;
    return [{ address: text, services, peer, before, after, ...(reasons.length > 0 && { reasons }) }];
  });
}

function attributeChange({ text, was, is }: Pair): AttributeChange[] {
  if (was?.protocol !== 'bgp' || is?.protocol !== 'bgp' || was.attributes === is.attributes) return [];
  return is.paths.size > 0 && was.paths.size > 0 ? [{ address: text, services: is.services }] : [];
}

function sessionChanges(
  { bgp: { sessions: was } }: Outcome,
  { bgp: { sessions: is, nodes } }: Outcome,
): SessionChange[] {
  const keys = [...new Set([...was.keys(), ...is.keys()])].sort();
  return keys.flatMap((key): SessionChange[] => {
    const [before, after] = [was.get(key), is.get(key)];
    const { node, peer } = (after ?? before)!;
    const change = changeOf(before, after);
    const message = after ? undefined : (nodes.get(node)?.refused.get(peer) ?? nodes.get(node)?.none);
    return change ? [{ node, peer, change, ...(message !== undefined && { message }) }] : [];
  });
}

function changeOf(
  before: NodeSession | undefined,
  after: NodeSession | undefined,
): SessionChange['change'] | undefined {
  if (!before) return after?.disabled ? undefined : 'starts';
  if (!after) return 'ends';
  if (before.disabled !== after.disabled) return after.disabled ? 'is disabled' : 'is enabled';
  return !after.disabled && isReset(before, after) ? 'resets' : undefined;
}

function lostAddresses(services: readonly ServiceChange[]): Loss[] {
  return services.flatMap(({ service, before, after }) =>
    before.flatMap((address): Loss[] => (after.includes(address) ? [] : [{ service, address, of: 'address' }])),
  );
}

function lostOwners(changes: readonly OwnerChange[]): Loss[] {
  return changes.flatMap(({ address, services, from, to }) =>
    from !== undefined && to === undefined ? services.map((service): Loss => ({ service, address, of: 'owner' })) : [],
  );
}

function lostPaths(changes: readonly PathChange[]): Loss[] {
  return changes.flatMap(({ address, services, peer, after }) =>
    after.length === 0 ? services.map((service): Loss => ({ service, address, of: 'paths', peer })) : [],
  );
}

/** A Service that loses an address loses its paths with it. */
function isNews(services: readonly ServiceChange[]): (loss: Loss) => boolean {
  const gone = new Set(lostAddresses(services).map(({ service, address }) => `${service} ${address}`));
  return ({ of, service, address }) => of === 'address' || !gone.has(`${service} ${address}`);
}
