/** Changes after which the annotations of a Service for BGP have the effect that they ask for, or are gone. PURE. */
import { type OverrideFinding, overrideFindings } from '../../announce/override-findings.ts';
import { disallowedOverrides, oldestOf } from '../../announce/route-terms.ts';
import { type Eip, isLayer2 } from '../../api/eip/eip.ts';
import { SERVICE_ANNOTATIONS } from '../../api/keys.ts';
import { keyOf } from '../../api/meta/object.ts';
import { parseRouteOverrides } from '../../api/service/route-overrides.ts';
import type { Service } from '../../api/service/service.ts';
import type { Address } from '../../net/address.ts';
import type { Trial } from '../explanation.ts';
import { annotateCommand, patchEipCommand } from '../kubectl-commands.ts';
import type { World } from '../world.ts';
import { type AnnotationEdits, withAnnotations } from './annotation-change.ts';
import { withEip } from './trials.ts';

const KEYS = [SERVICE_ANNOTATIONS.communities[0], SERVICE_ANNOTATIONS.peers[0]] as const;

/** @param addresses of the Service. */
export function overridesOf(world: World, service: Service, addresses: readonly Address[]): OverrideFinding[] {
  return overrideFindings(service, placesOf(world, service, addresses));
}

function placesOf(world: World, service: Service, addresses: readonly Address[]) {
  return addresses.flatMap((address) => {
    const eip = world.eipOf(service, address);
    const sharers = world.publishersOf(address).filter((other) => keyOf(other) !== keyOf(service));
    return eip ? [{ eip, sharers }] : [];
  });
}

export function overrideTrials(world: World, service: Service, addresses: readonly Address[]): Trial[] {
  const findings = overridesOf(world, service, addresses);
  if (findings.length === 0) return [];
  const places = placesOf(world, service, addresses);
  const helps = (after: World, changed: Service): boolean =>
    overridesOf(after, changed, addresses).length < findings.length;
  const [first, ...others] = places.flatMap(({ sharers }) => sharers);
  const oldest = first && oldestOf([service, first, ...others]);
  return [
    ...[...new Map(places.map(({ eip }) => [eip.name, eip])).values()].flatMap((eip) => allowing(world, service, eip)),
    ...removing(service, findings, places),
    ...(oldest ? copying(service, oldest) : []),
  ].flatMap(({ after = world, changed = service, ...trial }) =>
    helps(after, changed) ? [{ ...trial, helps: true }] : [],
  );
}

interface Idea extends Omit<Trial, 'helps'> {
  readonly after?: World;
  readonly changed?: Service;
}

function allowing(world: World, service: Service, eip: Eip): Idea[] {
  const object = world.read.eips.items.find((one) => keyOf(one) === eip.name);
  const fields = disallowedOverrides(eip.bgp, parseRouteOverrides(service));
  if (!object || fields.length === 0 || isLayer2(eip)) return [];
  const allowServiceOverrides = Object.fromEntries(fields.map((field) => [field, true]));
  const bgp = {
    ...object.spec?.bgp,
    allowServiceOverrides: { ...eip.bgp?.allowServiceOverrides, ...allowServiceOverrides },
  };
  return [
    {
      change: `spec.bgp.allowServiceOverrides: ${fields.join(', ')} in Eip ${eip.name}`,
      outcome: 'the annotation takes effect, as do those of other Services with addresses of the Eip',
      command: patchEipCommand(eip.name, { bgp: { allowServiceOverrides } }),
      after: withEip(world, { ...object, spec: { ...object.spec, bgp } }),
    },
  ];
}

/** The annotations that no Eip of the addresses allows, or that can't be read. */
function removing(
  service: Service,
  findings: readonly OverrideFinding[],
  places: readonly { readonly eip: Eip }[],
): Idea[] {
  const parsed = parseRouteOverrides(service);
  const fields = places.flatMap(({ eip }) => disallowedOverrides(eip.bgp, parsed));
  const isWrong = (key: string): boolean => parsed.problems.some(({ field }) => field === key);
  const keys = KEYS.filter((key) => isWrong(key) || fields.some((field) => SERVICE_ANNOTATIONS[field][0] === key));
  if (keys.length === 0 || findings.length === 0) return [];
  return [idea(service, Object.fromEntries(keys.map((key) => [key, undefined])), 'the routes stay as they are')];
}

/** The annotations of the oldest Service that shares the address. */
function copying(service: Service, oldest: Service): Idea[] {
  const { annotations = {} } = oldest.metadata;
  const edits = KEYS.filter((key) => annotations[key] !== service.metadata.annotations?.[key]).map(
    (key) => [key, annotations[key]] as const,
  );
  if (edits.length === 0) return [];
  return [
    idea(service, Object.fromEntries(edits), `asks for the same as ${keyOf(oldest)}, and the routes stay as they are`),
  ];
}

function idea(service: Service, edits: AnnotationEdits, outcome: string): Idea {
  const change = Object.entries(edits)
    .map(([key, value]) => (value === undefined ? `no ${key}` : `${key}=${value}`))
    .join(', ');
  return { change, outcome, command: annotateCommand(service, edits), changed: withAnnotations(service, edits) };
}
