/**
 * Reads a BgpConf: every value checked, every default filled in, every problem said.
 *
 * Only what leaves the speakers without a usable configuration is a problem. What this version does not implement is named by
 * {@link unsupportedBgpConfFields} for the condition that says so.
 */
import { formatAddress, parseAddress } from '../../net/address.ts';
import { CNI_LABELS, firstOf } from '../keys.ts';
import { listAt, mapAt } from '../meta/shapes.ts';
import { type Parsed, type Problem, textOf } from '../problem.ts';
import { BGP_PORT, type BgpConf, DIAL_ONLY_PORT } from './bgp.ts';
import { asksForOtherRestart, asksForSomething, optionalAs, optionalNumber } from './bgp-fields.ts';
import type { BgpConfObject } from './bgp-types.ts';

/** GoBGP's way to say "do not listen". */
const NO_LISTENER = -1;
/** OpenELB's default, which is what BIRD does: listen on every address. */
const ALL_ADDRESSES = ['0.0.0.0', '::'];

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
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: {
      name: raw.metadata.name ?? '',
      ...(as !== undefined && { as }),
      asPerRack,
      ...(routerId !== undefined && { routerId }),
      listenPort,
      dialOnly: spec.listenPort === NO_LISTENER,
      announcedByCni: firstOf(raw.metadata.labels, CNI_LABELS) !== undefined,
    },
  };
}

/** OpenELB's numbers of the families that Skycap speaks: GoBGP's places in its list, and `AFI << 16 | SAFI`. */
const SPOKEN_FAMILIES: readonly (readonly number[])[] = [
  [0, 1],
  [65_537, 131_073],
];

/**
 * Paths of the fields that ask for something that does not happen in this version. A field at its zero value asks for nothing; nor does `useMultiplePaths`,
 * which is about routes that are received, or what names the very families and the graceful restart that there are.
 */
export function unsupportedBgpConfFields(raw: BgpConfObject): string[] {
  const spec = mapAt(raw.spec, 'spec', []);
  const listensElsewhere = listAt(spec.listenAddresses, 'spec.listenAddresses', []).some(
    (address) => !ALL_ADDRESSES.includes(address),
  );
  const families = listAt(spec.families, 'spec.families', []);
  const isAllFamilies = SPOKEN_FAMILIES.some((spoken) => spoken.every((family) => families.includes(family)));
  return [
    ...(listensElsewhere ? ['spec.listenAddresses'] : []),
    ...(families.length > 0 && !isAllFamilies ? ['spec.families'] : []),
    ...(asksForOtherRestart(spec.gracefulRestart) ? ['spec.gracefulRestart'] : []),
    ...(asksForSomething(spec.policy) ? ['spec.policy'] : []),
  ];
}

/** What has its effect in another way than the author may think, one sentence each. */
export function bgpConfNotes({ spec }: BgpConfObject): string[] {
  if (spec?.listenPort !== NO_LISTENER) return [];
  return [
    `spec.listenPort: the nodes only dial; BIRD cannot do without a listening socket, which is on port ${DIAL_ONLY_PORT} instead`,
  ];
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
