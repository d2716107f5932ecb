/**
 * Reads a BgpPeer: every value checked, every default filled in, every problem said.
 *
 * What passes here is accepted by BIRD: one peer that it refused would hold up the configuration of all. So this is the place where
 * addresses, numbers and strings are held to what `bird.conf` can carry (test/unit/speaker/bird/hostile.test.ts asks the real daemon).
 * The password is shown in no problem.
 */
import { type Address, type Family, parseAddress } from '../../net/address.ts';
import { addressHint } from '../../net/address-hint.ts';
import { parseRange, rangeContains } from '../../net/range.ts';
import { CNI_LABELS, firstOf } from '../keys.ts';
import { parseLabelSelector } from '../meta/label-selector.ts';
import { listAt, mapAt } from '../meta/shapes.ts';
import { type Parsed, type Problem, textOf } from '../problem.ts';
import { BGP_PORT, type BgpPeer } from './bgp.ts';
import { asksForOtherRestart, asksForSomething, optionalAs, optionalNumber, optionalSeconds } from './bgp-fields.ts';
import type { BgpPeerObject } from './bgp-types.ts';

/** OpenELB's (GoBGP's) defaults, except {@link CONNECT_RETRY_SECONDS}. */
const HOLD_TIME_SECONDS = 90;
/** OpenELB's is 120 s, which leaves a router that came back without routes for two minutes where only the nodes connect. */
const CONNECT_RETRY_SECONDS = 10;
const LARGEST_TTL = 255;
/** The kernel's limit (`TCP_MD5SIG_MAXKEYLEN`). BIRD takes longer ones and then fails to open the socket. */
const PASSWORD_BYTES = 80;

const ONE_ROUTER = { example: '192.0.2.1', oneOnly: 'write one BgpPeer for each router' };
/** Addresses that no router has, or that need an interface beside them. */
const UNUSABLE = ['0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::', 'ff00::/8'];
const LINK_LOCAL = 'fe80::/10';

type Spec = NonNullable<BgpPeerObject['spec']>;

export function parseBgpPeer(raw: BgpPeerObject): Parsed<BgpPeer> {
  const problems: Problem[] = [];
  const spec = mapAt(raw.spec, 'spec', problems);
  const conf = mapAt(spec.conf, 'spec.conf', problems);
  const neighbor = neighborOf(conf, problems);
  const neighborAs = neighborAsOf(conf, problems);
  const optional = optionalFieldsOf(spec, conf, neighbor, problems);
  if (!neighbor || neighborAs === undefined || problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: {
      name: raw.metadata.name ?? '',
      neighbor,
      neighborAs,
      ...optional,
      announcedByCni: firstOf(raw.metadata.labels, CNI_LABELS) !== undefined,
    },
  };
}

/** GoBGP's default, and what it makes of nothing. */
const DEFAULT_ADVERTISEMENT_SECONDS = '30';

/**
 * Paths of the fields that ask for something that does not happen in this version. One at its zero value asks for nothing; and what comes to nothing, or happens
 * anyway, is not named:
 * - `allowOwnAs`, `routeFlapDamping`, and ADD-PATH's `receive` are about routes that are received, and none is accepted;
 * - `replacePeerAs` and `removePrivateAs` are about the path before the node's own AS number, which is empty;
 * - `sendCommunity`: no route has a community. `addPaths.sendMax`: a node has one path for each address, itself;
 * - `mtuDiscovery` is Linux' default, and graceful restart is on for every family;
 * - `peerType` follows from the AS numbers, and `description` is for people.
 */
export function unsupportedBgpPeerFields(raw: BgpPeerObject): string[] {
  const spec = mapAt(raw.spec, 'spec', []);
  const of = (path: string, holder: object | undefined, fields: readonly string[]): string[] =>
    fields
      .filter((field) => asksForSomething((holder as Record<string, unknown> | undefined)?.[field]))
      .map((field) => `${path}.${field}`);
  const interval = spec.timers?.config?.minimumAdvertisementInterval;
  const remoteAddress = spec.transport?.remoteAddress;
  const isSameAddress = remoteAddress === spec.conf?.neighborAddress;
  return [
    ...of('spec.conf', spec.conf, ['neighborInterface', 'vrf', 'peerGroup']),
    ...(interval === DEFAULT_ADVERTISEMENT_SECONDS
      ? []
      : of('spec.timers.config', spec.timers?.config, ['minimumAdvertisementInterval'])),
    ...of('spec.transport', spec.transport, isSameAddress ? ['tcpMss'] : ['remoteAddress', 'tcpMss']),
    ...(asksForOtherRestart(spec.gracefulRestart) ? ['spec.gracefulRestart'] : []),
  ];
}

function optionalFieldsOf(
  spec: Spec,
  conf: NonNullable<Spec['conf']>,
  neighbor: Address | undefined,
  problems: Problem[],
): Omit<BgpPeer, 'name' | 'neighbor' | 'neighborAs' | 'announcedByCni'> {
  const localAs = optionalAs(conf.localAs, 'spec.conf.localAs', problems);
  const password = passwordOf(conf.authPassword, problems);
  const ebgpMultihopTtl = multihopTtlOf(mapAt(spec.ebgpMultihop, 'spec.ebgpMultihop', problems), problems);
  const transport = mapAt(spec.transport, 'spec.transport', problems);
  const timers = mapAt(spec.timers, 'spec.timers', problems);
  const families = familiesOf(spec.afiSafis, neighbor, problems);
  const port = {
    field: 'spec.transport.remotePort',
    least: 1,
    most: 65_535,
    remedy: `write a port such as ${BGP_PORT}`,
  };
  return {
    neighborPort: optionalNumber(transport.remotePort, port, problems) ?? BGP_PORT,
    ...(localAs !== undefined && { localAs }),
    ...(password !== undefined && { password }),
    ...(typeof conf.description === 'string' && { description: conf.description }),
    disabled: conf.adminDown === true,
    passive: transport.passiveMode === true,
    ...(ebgpMultihopTtl !== undefined && { ebgpMultihopTtl }),
    ...timersOf(mapAt(timers.config, 'spec.timers.config', problems), problems),
    ...(families && { families }),
    nodeSelector: parseLabelSelector(spec.nodeSelector, 'spec.nodeSelector', problems),
  };
}

function neighborOf(conf: Spec['conf'], problems: Problem[]): Address | undefined {
  const field = 'spec.conf.neighborAddress';
  const text = conf?.neighborAddress;
  if (typeof text !== 'string' || text === '') {
    const message = conf?.neighborInterface
      ? 'is missing, and a router known by its interface alone is not supported yet; write its IP address, such as 192.0.2.1'
      : "is missing; write the router's IP address, such as 192.0.2.1";
    problems.push({ field, message });
    return undefined;
  }
  const address = parseAddress(text);
  if (!address) {
    problems.push({ field, value: text, message: addressHint(text, ONE_ROUTER) });
  } else if (UNUSABLE.some((prefix) => isIn(address, prefix))) {
    problems.push({ field, value: text, message: "is no router's address; write one such as 192.0.2.1" });
  } else if (isIn(address, LINK_LOCAL)) {
    problems.push({
      field,
      value: text,
      message:
        'is link-local and would need an interface, which is not supported yet; write a global address of the router',
    });
  }
  return address;
}

function isIn(address: Address, prefix: string): boolean {
  const parsed = parseRange(prefix);
  return parsed.ok && rangeContains(parsed.range, address);
}

function neighborAsOf(conf: Spec['conf'], problems: Problem[]): number | undefined {
  const field = 'spec.conf.peerAs';
  const as = optionalAs(conf?.peerAs, field, problems);
  if (as === undefined && !asksForSomething(conf?.peerAs)) {
    problems.push({ field, message: "is missing; write the router's AS number, such as 64513" });
  }
  return as;
}

/** BIRD's strings have no escapes, and a line of 10 kB makes its parser crash. */
function passwordOf(raw: unknown, problems: Problem[]): string | undefined {
  if (raw === undefined || raw === null || raw === '') return undefined;
  const field = 'spec.conf.authPassword';
  if (typeof raw !== 'string' || /["\p{Cc}]/u.test(raw) || !raw.isWellFormed()) {
    problems.push({
      field,
      message: 'has a double quote or a control character (value not shown); write a password without',
    });
    return undefined;
  }
  if (Buffer.byteLength(raw) > PASSWORD_BYTES) {
    problems.push({
      field,
      message: `is longer than ${PASSWORD_BYTES} bytes (value not shown); write a shorter password`,
    });
    return undefined;
  }
  return raw;
}

function multihopTtlOf(raw: Spec['ebgpMultihop'], problems: Problem[]): number | undefined {
  const rule = {
    field: 'spec.ebgpMultihop.multihopTtl',
    least: 1,
    most: LARGEST_TTL,
    remedy: 'write the number of hops, such as 2',
  };
  const ttl = optionalNumber(raw?.multihopTtl, rule, problems) ?? LARGEST_TTL;
  return raw?.enabled === true ? ttl : undefined;
}

function timersOf(
  config: NonNullable<NonNullable<Spec['timers']>['config']>,
  problems: Problem[],
): Pick<BgpPeer, 'holdTimeSeconds' | 'keepaliveSeconds' | 'connectRetrySeconds'> {
  const rule = (name: string, least: number, example: number) => ({
    field: `spec.timers.config.${name}`,
    least,
    most: 65_535,
    remedy: `write digits, such as "${example}"`,
  });
  // RFC 4271 §4.2: a hold time is zero or at least three seconds; zero means "not set" in OpenELB's objects.
  const hold = optionalSeconds(config.holdTime, rule('holdTime', 3, HOLD_TIME_SECONDS), problems) ?? HOLD_TIME_SECONDS;
  const keepaliveRule = rule('keepaliveInterval', 1, HOLD_TIME_SECONDS / 3);
  const keepalive = optionalSeconds(config.keepaliveInterval, keepaliveRule, problems) ?? Math.floor(hold / 3);
  if (keepalive > hold) {
    problems.push({
      field: keepaliveRule.field,
      value: String(keepalive),
      message: `is longer than the hold time of ${hold} s; write a third of it, "${Math.floor(hold / 3)}", or leave it out`,
    });
  }
  const retry = optionalSeconds(config.connectRetry, rule('connectRetry', 1, CONNECT_RETRY_SECONDS), problems);
  return { holdTimeSeconds: hold, keepaliveSeconds: keepalive, connectRetrySeconds: retry ?? CONNECT_RETRY_SECONDS };
}

/** An entry without a family has that of the router's address, as in OpenELB. */
function familiesOf(
  afiSafis: Spec['afiSafis'],
  neighbor: Address | undefined,
  problems: Problem[],
): readonly Family[] | undefined {
  const entries = listAt(afiSafis, 'spec.afiSafis', problems);
  if (entries.length === 0) return undefined;
  const families = new Set<Family>();
  entries.forEach((raw, i) => {
    const entry = mapAt(raw, `spec.afiSafis[${i}]`, problems);
    const config = mapAt(entry.config, `spec.afiSafis[${i}].config`, problems);
    const path = `spec.afiSafis[${i}].config.family`;
    const { afi, safi } = mapAt(config.family, path, problems);
    if (afi && afi !== 'AFI_IP' && afi !== 'AFI_IP6') {
      problems.push({
        field: `${path}.afi`,
        value: textOf(afi),
        message: 'is not supported; write "AFI_IP" or "AFI_IP6"',
      });
    }
    if (safi && safi !== 'SAFI_UNICAST') {
      problems.push({ field: `${path}.safi`, value: textOf(safi), message: 'is not supported; write "SAFI_UNICAST"' });
    }
    const family = afi ? (afi === 'AFI_IP6' ? 6 : 4) : neighbor?.family;
    if (family && config.enabled !== false) families.add(family);
  });
  if (families.size === 0 && problems.length === 0) {
    problems.push({ field: 'spec.afiSafis', message: 'has no enabled family; enable one, or leave it out for both' });
  }
  return [...families].sort();
}
