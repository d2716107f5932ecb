/**
 * Tries out changes for a Service without its address, by the decision's own code: each change to the Service or to an Eip alone, and what the Service would get then. PURE.
 */
import type { EipObject } from '../../api/eip/eip-types.ts';
import { SERVICE_ANNOTATIONS } from '../../api/keys.ts';
import { keyOf } from '../../api/meta/object.ts';
import type { Service } from '../../api/service/service.ts';
import { describe } from '../../ipam/assignment/decide-assignment.ts';
import type { Trial } from '../explanation.ts';
import { World } from '../world.ts';
import { decide } from './decide.ts';

/** The changes that `--try` knows: an empty value removes the request. */
export const TRIABLE = {
  address: SERVICE_ANNOTATIONS.address,
  eip: SERVICE_ANNOTATIONS.eip,
  protocol: SERVICE_ANNOTATIONS.protocol,
  'sharing-key': SERVICE_ANNOTATIONS.sharingKey,
} as const;
export type Triable = keyof typeof TRIABLE;
export type Change = Partial<Readonly<Record<Triable, string>>>;

const MOST_EIPS = 20;

/** Tries the change of `--try`. */
export function tryChange(world: World, service: Service, change: Change): Trial {
  const outcome = outcomeOf(world, withChange(service, change));
  return { change: changeText(change), ...outcome, command: commandFor(service, change) };
}

/** Changes that help, each one alone, the smallest first. */
export function helpfulTrials(world: World, service: Service): Trial[] {
  const { annotations = {} } = service.metadata;
  const asked = (Object.keys(TRIABLE) as Triable[]).filter((key) => TRIABLE[key].some((one) => annotations[one]));
  const names = world.read.eips.items.map(keyOf).slice(0, MOST_EIPS);
  const changes: Change[] = [
    ...asked.map((key): Change => ({ [key]: '' })),
    ...names.map((eip): Change => ({ eip })),
    ...names.map((eip): Change => ({ eip, address: '', protocol: '' })),
  ];
  const tried = changes.map((change) => tryChange(world, service, change)).filter(({ helps }) => helps);
  const distinct = tried.filter(({ outcome }, i) => tried.findIndex((other) => other.outcome === outcome) === i);
  return [...distinct, ...eipTrials(world, service)];
}

/** An Eip that gives no address now, and would after one edit. */
function eipTrials(world: World, service: Service): Trial[] {
  return world.read.eips.items.slice(0, MOST_EIPS).flatMap((eip): Trial[] => {
    if (eip.spec?.disable !== true) return [];
    const name = keyOf(eip);
    const outcome = outcomeOf(withEip(world, { ...eip, spec: { ...eip.spec, disable: false } }), service);
    const command = `kubectl patch eip ${name} --type=merge -p '{"spec":{"disable":false}}'`;
    return outcome.helps ? [{ change: `spec.disable: false in Eip ${name}`, ...outcome, command }] : [];
  });
}

function withEip(world: World, eip: EipObject): World {
  const items = world.read.eips.items.map((one) => (keyOf(one) === keyOf(eip) ? eip : one));
  return new World({ ...world.read, eips: { items } }, world.settings);
}

function outcomeOf(world: World, service: Service): Pick<Trial, 'helps' | 'outcome'> {
  const { assignment } = decide(world, service);
  if (!assignment) return { helps: false, outcome: 'Skycap would not serve the Service' };
  const { hasAddress, reason, message, uses } = assignment;
  const helps = hasAddress && reason === 'Assigned';
  return { helps, outcome: helps ? `gets ${describe(uses)}` : `${reason}: ${message}` };
}

function withChange(service: Service, change: Change): Service {
  const annotations = { ...service.metadata.annotations };
  let spec = service.spec ?? {};
  for (const [key, value] of Object.entries(change) as [Triable, string][]) {
    for (const spelling of TRIABLE[key]) delete annotations[spelling];
    if (value !== '') annotations[TRIABLE[key][0]] = value;
    if (key === 'address') {
      const { loadBalancerIP: _, ...rest } = spec;
      spec = rest;
    }
  }
  return { ...service, metadata: { ...service.metadata, annotations }, spec };
}

function changeText(change: Change): string {
  return Object.entries(change)
    .map(([key, value]) => (value === '' ? `no ${key}` : `${key}=${value}`))
    .join(', ');
}

function commandFor(service: Service, change: Change): string {
  const { namespace = 'default', name = '', annotations = {} } = service.metadata;
  const edits = (Object.entries(change) as [Triable, string][]).flatMap(([key, value]) => {
    const present = TRIABLE[key].filter((one) => annotations[one] !== undefined);
    const removed = (value === '' ? present : present.filter((one) => one !== TRIABLE[key][0])).map((one) => `${one}-`);
    return value === '' ? removed : [...removed, `${TRIABLE[key][0]}=${value}`];
  });
  return `kubectl annotate service ${name} -n ${namespace} --overwrite ${edits.join(' ')}`;
}
