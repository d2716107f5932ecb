/** Parses the fields of a BgpPeer about the TCP connection: both ends, the distance of the router, BFD and the VRF. */
import { type Address, parseAddress } from '../../../net/address.ts';
import { addressHint } from '../../../net/address-hint.ts';
import { mapAt } from '../../meta/shapes.ts';
import { type Problem, textOf } from '../../problem.ts';
import { type BfdOptions, BGP_PORT, type BgpPeer, type Neighbor, neighborFamily } from '../bgp.ts';
import { asksForSomething, optionalNumber } from '../bgp-fields.ts';
import type { BgpPeerObject } from '../bgp-types.ts';
import { optionalInterface } from '../interface-name.ts';

type Spec = NonNullable<BgpPeerObject['spec']>;

const LARGEST_TTL = 255;
/** If the router has the same settings, the routes of a node without power end after 600 ms. */
const BFD: BfdOptions = { receiveIntervalMs: 200, transmitIntervalMs: 200, multiplier: 3, passive: false };
const LOCAL_ADDRESS = 'spec.transport.localAddress';
const BIND_INTERFACE = 'spec.transport.bindInterface';

type Connection = Pick<
  BgpPeer,
  'neighborPort' | 'passive' | 'ebgpMultihopTtl' | 'ttlSecurityHops' | 'bfd' | 'localAddress' | 'bindInterface' | 'vrf'
>;

export function connectionOf(spec: Spec, neighbor: Neighbor | undefined, problems: Problem[]): Connection {
  const transport = mapAt(spec.transport, 'spec.transport', problems);
  const port = {
    field: 'spec.transport.remotePort',
    least: 1,
    most: 65_535,
    remedy: `write a port such as ${BGP_PORT}`,
  };
  const ebgpMultihopTtl = multihopTtlOf(mapAt(spec.ebgpMultihop, 'spec.ebgpMultihop', problems), problems);
  const ttlSecurityHops = ttlSecurityHopsOf(mapAt(spec.ttlSecurity, 'spec.ttlSecurity', problems), problems);
  if (ebgpMultihopTtl !== undefined && ttlSecurityHops !== undefined) {
    const message = 'must be left out beside spec.ttlSecurity; write spec.ttlSecurity.ttlMin, 255 less a hop each';
    problems.push({ field: 'spec.ebgpMultihop', message });
  }
  const localAddress = localAddressOf(transport.localAddress, neighbor, problems);
  const bindInterface = optionalInterface(transport.bindInterface, BIND_INTERFACE, problems);
  if (bindInterface !== undefined) bindProblems(neighbor, ebgpMultihopTtl ?? ttlSecurityHops ?? 1, problems);
  const bfd = bfdOf(mapAt(spec.bfd, 'spec.bfd', problems), problems);
  const vrf = optionalInterface(spec.conf?.vrf, 'spec.conf.vrf', problems);
  if (bfd && vrf !== undefined) {
    const message = 'is not possible beside spec.conf.vrf, since BIRD listens for BFD outside of VRFs; leave one out';
    problems.push({ field: 'spec.bfd', message });
  }
  return {
    neighborPort: optionalNumber(transport.remotePort, port, problems) ?? BGP_PORT,
    passive: transport.passiveMode === true,
    ...(ebgpMultihopTtl !== undefined && { ebgpMultihopTtl }),
    ...(ttlSecurityHops !== undefined && { ttlSecurityHops }),
    ...(bfd && { bfd }),
    ...(localAddress && { localAddress }),
    ...(bindInterface !== undefined && { bindInterface }),
    ...(vrf !== undefined && { vrf }),
  };
}

function multihopTtlOf(raw: NonNullable<Spec['ebgpMultihop']>, problems: Problem[]): number | undefined {
  const rule = {
    field: 'spec.ebgpMultihop.multihopTtl',
    least: 1,
    most: LARGEST_TTL,
    remedy: 'write the number of hops, such as 2',
  };
  const ttl = optionalNumber(raw.multihopTtl, rule, problems) ?? LARGEST_TTL;
  return raw.enabled === true ? ttl : undefined;
}

/** A packet starts with TTL 255, and each router on the way subtracts one. */
function ttlSecurityHopsOf(raw: NonNullable<Spec['ttlSecurity']>, problems: Problem[]): number | undefined {
  const rule = {
    field: 'spec.ttlSecurity.ttlMin',
    least: 1,
    most: LARGEST_TTL,
    remedy: 'write the least TTL of packets from the router: 255 where it is on a network of the nodes',
  };
  const ttlMin = optionalNumber(raw.ttlMin, rule, problems) ?? LARGEST_TTL;
  return raw.enabled === true ? LARGEST_TTL + 1 - ttlMin : undefined;
}

function bfdOf(raw: NonNullable<Spec['bfd']>, problems: Problem[]): BfdOptions | undefined {
  const number = (name: keyof typeof raw, least: number, most: number, example: number): number | undefined =>
    optionalNumber(
      raw[name],
      { field: `spec.bfd.${name}`, least, most, remedy: `write one such as ${example}` },
      problems,
    );
  const intervalMs = (name: 'receiveIntervalMilliseconds' | 'transmitIntervalMilliseconds'): number | undefined =>
    number(name, 10, 60_000, BFD.receiveIntervalMs);
  const receiveIntervalMs = intervalMs('receiveIntervalMilliseconds') ?? BFD.receiveIntervalMs;
  const transmitIntervalMs = intervalMs('transmitIntervalMilliseconds') ?? BFD.transmitIntervalMs;
  const multiplier = number('detectMultiplier', 2, 255, BFD.multiplier) ?? BFD.multiplier;
  if (raw.enabled !== true) return undefined;
  return { receiveIntervalMs, transmitIntervalMs, multiplier, passive: raw.passiveMode === true };
}

function localAddressOf(raw: unknown, neighbor: Neighbor | undefined, problems: Problem[]): Address | undefined {
  if (!asksForSomething(raw)) return undefined;
  const text = textOf(raw);
  const address = parseAddress(text);
  if (!address) {
    const hint = addressHint(text, { example: '192.0.2.11', oneOnly: 'write one BgpPeer for each' });
    problems.push({ field: LOCAL_ADDRESS, value: text, message: hint });
    return undefined;
  }
  if (!neighbor) return undefined;
  if (neighbor.kind === 'linkLocal' || neighbor.kind === 'interface') {
    const message = 'must be left out: a link-local router is spoken with from the link-local address of its interface';
    problems.push({ field: LOCAL_ADDRESS, value: text, message });
  } else if (address.family !== neighborFamily(neighbor)) {
    const message = `is not of the router's family; write an IPv${neighborFamily(neighbor)} address of the node`;
    problems.push({ field: LOCAL_ADDRESS, value: text, message });
  }
  return address;
}

function bindProblems(neighbor: Neighbor | undefined, hops: number, problems: Problem[]): void {
  if (neighbor?.kind === 'linkLocal' || neighbor?.kind === 'interface') {
    const message = 'must be left out beside spec.conf.neighborInterface, which is the interface of the connection';
    problems.push({ field: BIND_INTERFACE, message });
  } else if (hops > 1) {
    const message = 'is for a router on a network of the node; leave it out, or spec.ebgpMultihop';
    problems.push({ field: BIND_INTERFACE, message });
  }
}
