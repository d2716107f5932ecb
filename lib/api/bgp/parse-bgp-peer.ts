/**
 * Parses a BgpPeer: checks every value, fills in every default, and reports every problem.
 *
 * BIRD accepts every BgpPeer that passes here: one rejected BgpPeer would block the configuration of all. Hence this file limits addresses, numbers and strings to
 * values that are valid in `bird.conf` (test/unit/speaker/bird/hostile.test.ts asks the real daemon). No problem shows the password.
 */
import type { Family } from '../../net/address.ts';
import { CNI_LABELS, firstOf } from '../keys.ts';
import { parseLabelSelector } from '../meta/label-selector.ts';
import { listAt, mapAt } from '../meta/shapes.ts';
import { type Parsed, type Problem, textOf } from '../problem.ts';
import { type BgpPeer, type Neighbor, neighborFamily } from './bgp.ts';
import { optionalAs, optionalSeconds } from './bgp-fields.ts';
import type { BgpPeerObject } from './bgp-types.ts';
import { gracefulRestartOf } from './graceful-restart.ts';
import { connectionOf } from './peer/parse-connection.ts';
import { neighborAsOf, neighborOf } from './peer/parse-neighbor.ts';
import { passwordsOf } from './peer/parse-password.ts';

/** Without BFD, the routes of a dead node last this long (docs/decisions/0022). */
const HOLD_TIME_SECONDS = 15;
/** OpenELB's (GoBGP's) default. It applies if a BgpPeer sets only the keepalive interval, which may be too long for a shorter hold time. */
const OPENELB_HOLD_TIME_SECONDS = 90;
/** OpenELB's default is 120 s. If only the nodes dial, it would leave a router without routes for two minutes after its return. */
const CONNECT_RETRY_SECONDS = 10;

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

function optionalFieldsOf(
  spec: Spec,
  conf: NonNullable<Spec['conf']>,
  neighbor: Neighbor | undefined,
  problems: Problem[],
): Omit<BgpPeer, 'name' | 'neighbor' | 'neighborAs' | 'announcedByCni'> {
  const localAs = optionalAs(conf.localAs, 'spec.conf.localAs', problems);
  const passwords = passwordsOf(conf, problems);
  const timers = mapAt(spec.timers, 'spec.timers', problems);
  const gracefulRestart = gracefulRestartOf(spec.gracefulRestart, 'spec.gracefulRestart', problems);
  const families = familiesOf(spec.afiSafis, neighbor, problems);
  return {
    ...(localAs !== undefined && { localAs }),
    ...passwords,
    ...(typeof conf.description === 'string' && { description: conf.description }),
    disabled: conf.adminDown === true,
    ...connectionOf(spec, neighbor, problems),
    ...timersOf(mapAt(timers.config, 'spec.timers.config', problems), problems),
    ...(gracefulRestart && { gracefulRestart }),
    ...(families && { families }),
    nodeSelector: parseLabelSelector(spec.nodeSelector, 'spec.nodeSelector', problems),
    ...nextHopsOf(spec.nextHops, neighbor, problems),
  };
}

/** With an unnumbered router, the next hop of the routes is the node's own link-local address. */
function nextHopsOf(raw: unknown, neighbor: Neighbor | undefined, problems: Problem[]): Pick<BgpPeer, 'nextHops'> {
  if (raw === undefined || raw === null || raw === '' || raw === 'Self') return {};
  const field = 'spec.nextHops';
  if (raw !== 'AllNodes') {
    problems.push({ field, value: textOf(raw), message: 'is not known; write "Self" or "AllNodes"' });
  } else if (neighbor?.kind === 'interface' || neighbor?.kind === 'linkLocal') {
    const message =
      'needs a router whose address is not link-local; write "Self", or another spec.conf.neighborAddress';
    problems.push({ field, value: raw, message });
  }
  return { nextHops: 'AllNodes' };
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
  // A hold time is zero or at least three seconds (RFC 4271 §4.2). Zero means "not set" in OpenELB's objects.
  const keepaliveRule = rule('keepaliveInterval', 1, HOLD_TIME_SECONDS / 3);
  const interval = optionalSeconds(config.keepaliveInterval, keepaliveRule, problems);
  const hold =
    optionalSeconds(config.holdTime, rule('holdTime', 3, HOLD_TIME_SECONDS), problems) ??
    (interval === undefined ? HOLD_TIME_SECONDS : OPENELB_HOLD_TIME_SECONDS);
  const keepalive = interval ?? Math.floor(hold / 3);
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

/** If an entry has no family, the family of the router's address applies, as in OpenELB. */
function familiesOf(
  afiSafis: Spec['afiSafis'],
  neighbor: Neighbor | undefined,
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
    const family = afi ? (afi === 'AFI_IP6' ? 6 : 4) : neighbor && neighborFamily(neighbor);
    if (family && config.enabled !== false) families.add(family);
  });
  if (families.size === 0 && problems.length === 0) {
    problems.push({ field: 'spec.afiSafis', message: 'has no enabled family; enable one, or leave it out for both' });
  }
  return [...families].sort();
}
