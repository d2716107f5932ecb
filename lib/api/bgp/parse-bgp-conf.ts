/**
 * Parses a BgpConf: checks every value, fills in every default, and reports every problem.
 *
 * A fault is a problem only if it leaves the speakers without a usable configuration. {@link bgpConfNotes} names the fields without effect.
 */
import { type Family, formatAddress, parseAddress } from '../../net/address.ts';
import { type AddressRange, allOf, parseRange, sameRange } from '../../net/range.ts';
import { CNI_LABELS, firstOf } from '../keys.ts';
import { listAt, mapAt } from '../meta/shapes.ts';
import { type Parsed, type Problem, textOf } from '../problem.ts';
import { BGP_PORT, type BgpConf, DIAL_ONLY_PORT } from './bgp.ts';
import { asksForSomething, optionalAs, optionalNumber } from './bgp-fields.ts';
import type { BgpConfObject } from './bgp-types.ts';
import { GRACEFUL_RESTART, gracefulRestartOf } from './graceful-restart.ts';
import { maintenanceOf } from './maintenance.ts';
import { type FieldNotes, restartIdle, restartMissing, sentences } from './peer/bgp-peer-notes.ts';

/** GoBGP's value for "do not listen". */
const NO_LISTENER = -1;
/** OpenELB's texts for every address of a family. */
const ALL_OF_FAMILY: ReadonlyMap<string, AddressRange> = new Map([
  ['0.0.0.0', allOf(4)],
  ['::', allOf(6)],
]);

export function parseBgpConf(raw: BgpConfObject): Parsed<BgpConf> {
  const problems: Problem[] = [];
  const spec = mapAt(raw.spec, 'spec', problems);
  const as = optionalAs(spec.as, 'spec.as', problems);
  const asPerRack = asPerRackOf(spec.asPerRack, problems);
  if (!asksForSomething(spec.as) && asPerRack.size === 0 && problems.length === 0) {
    problems.push({ field: 'spec.as', message: 'is missing; write the AS number of this cluster, such as 64512' });
  }
  const routerId = routerIdOf(spec.routerId, problems);
  const listenPort = listenPortOf(spec.listenPort, problems);
  const listenRanges = listenRangesOf(spec.listenAddresses, problems);
  const families = familiesOf(spec.families, problems);
  const gracefulRestart = gracefulRestartOf(spec.gracefulRestart, 'spec.gracefulRestart', problems);
  const maintenance = maintenanceOf(spec.maintenance, problems);
  const policy = policyOf(spec.policy, problems);
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: {
      name: raw.metadata.name ?? '',
      ...(as !== undefined && { as }),
      asPerRack,
      ...(routerId !== undefined && { routerId }),
      listenPort,
      ...(policy !== undefined && { policy }),
      dialOnly: spec.listenPort === NO_LISTENER,
      ...(listenRanges && { listenRanges }),
      ...(families && { families }),
      gracefulRestart: gracefulRestart ?? GRACEFUL_RESTART,
      maintenance,
      announcedByCni: firstOf(raw.metadata.labels, CNI_LABELS) !== undefined,
    },
  };
}

/** The fields that have no effect, or another effect than the author may expect, one sentence each. `docs/bgp.md` has a row for each. */
export function bgpConfNotes(raw: BgpConfObject): FieldNotes {
  const spec = mapAt(raw.spec, 'spec', []);
  const dialOnly = `spec.listenPort: the nodes only dial; BIRD cannot do without a listening socket, which is on port ${DIAL_ONLY_PORT} instead`;
  return {
    missing: [
      ...(spec.listenPort === NO_LISTENER ? [dialOnly] : []),
      ...sentences(restartMissing(spec.gracefulRestart, 'spec.gracefulRestart')),
    ],
    idle: sentences([
      ['spec.useMultiplePaths', spec.useMultiplePaths, 'Skycap accepts no routes; the routers choose several paths'],
      ...restartIdle(spec.gracefulRestart, 'spec.gracefulRestart'),
    ]),
  };
}

/** OpenELB's numbers of the families that Skycap speaks: the positions in GoBGP's list, and `AFI << 16 | SAFI`. */
const FAMILIES: ReadonlyMap<unknown, Family> = new Map([
  [0, 4],
  [65_537, 4],
  [1, 6],
  [131_073, 6],
]);

/** Ignores the numbers of other families, since OpenELB's default lists all families of GoBGP. */
function familiesOf(raw: unknown, problems: Problem[]): readonly Family[] | undefined {
  const numbers = listAt(raw as readonly unknown[] | undefined, 'spec.families', problems);
  const families = new Set(numbers.flatMap((number) => FAMILIES.get(number) ?? []));
  if (numbers.length === 0 || families.size === 2) return undefined;
  if (families.size > 0) return [...families];
  const message = 'has neither IPv4 nor IPv6 unicast; write 0 for IPv4 and 1 for IPv6, or leave it out for both';
  problems.push({ field: 'spec.families', value: textOf(raw), message });
  return undefined;
}

/** Each entry is an address or a prefix. A node listens on its own addresses that are in an entry. */
function listenRangesOf(raw: unknown, problems: Problem[]): readonly AddressRange[] | undefined {
  const field = 'spec.listenAddresses';
  const entries = listAt(raw as readonly unknown[] | undefined, field, problems);
  const ranges = entries.flatMap((entry, i) => {
    const text = textOf(entry);
    const all = ALL_OF_FAMILY.get(text);
    if (all) return [all];
    const parsed = parseRange(text);
    if (parsed.ok) return [parsed.range];
    const message = 'is neither an address nor a prefix; write one such as 192.0.2.11 or 192.0.2.0/24';
    problems.push({ field: `${field}[${i}]`, value: text, message });
    return [];
  });
  const isAll = ([4, 6] as const).every((family) => ranges.some((range) => sameRange(range, allOf(family))));
  return ranges.length === 0 || isAll ? undefined : ranges;
}

function asPerRackOf(raw: unknown, problems: Problem[]): ReadonlyMap<string, number> {
  if (raw === undefined || raw === null) return new Map();
  if (typeof raw !== 'object' || Array.isArray(raw)) {
    problems.push({
      field: 'spec.asPerRack',
      message: 'is not a map of AS numbers; write one such as {"rack-1": 64512}',
    });
    return new Map();
  }
  return new Map(
    Object.entries(raw).flatMap(([rack, value]) => {
      const as = optionalAs(value, `spec.asPerRack[${JSON.stringify(rack)}]`, problems);
      return as === undefined ? [] : [[rack, as] as const];
    }),
  );
}

function routerIdOf(raw: unknown, problems: Problem[]): string | undefined {
  if (raw === undefined || raw === null || raw === '') return undefined;
  const address = typeof raw === 'string' ? parseAddress(raw) : undefined;
  if (address?.family === 4 && address.value !== 0n) return formatAddress(address);
  problems.push({
    field: 'spec.routerId',
    value: textOf(raw),
    message: 'is not a router id; write an IPv4 address such as 192.0.2.1, or leave it out: each node then has its own',
  });
  return undefined;
}

/** Rejects a name that no ConfigMap can have, since the speakers would never find it. */
function policyOf(raw: unknown, problems: Problem[]): string | undefined {
  if (raw === undefined || raw === null || raw === '') return undefined;
  if (typeof raw === 'string' && raw.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(raw)) return raw;
  problems.push({
    field: 'spec.policy',
    value: textOf(raw),
    message: "is not the name of a ConfigMap; write one such as bgp-policy, of a ConfigMap in Skycap's namespace",
  });
  return undefined;
}

function listenPortOf(raw: unknown, problems: Problem[]): number {
  if (raw === NO_LISTENER) return DIAL_ONLY_PORT;
  const rule = {
    field: 'spec.listenPort',
    least: 1,
    most: 65_535,
    remedy: `write a port such as ${BGP_PORT}, or ${NO_LISTENER} for none that routers connect to`,
  };
  return optionalNumber(raw, rule, problems) ?? BGP_PORT;
}
