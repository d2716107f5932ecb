/**
 * Tries out changes for a Service without its address, by the decision's own code: each change to the Service or to an Eip alone, and what the Service would get then. PURE.
 */
import { type Eip, isBound } from '../../api/eip/eip.ts';
import type { EipObject } from '../../api/eip/eip-types.ts';
import { OPT_IN_VALUES, SERVICE_ANNOTATIONS } from '../../api/keys.ts';
import { keyOf } from '../../api/meta/object.ts';
import { publishedAddresses } from '../../api/service/published-addresses.ts';
import type { Service } from '../../api/service/service.ts';

import { isBoundTo, isDefaultEip } from '../../ipam/pools/pools.ts';
import { sameAddress } from '../../net/address.ts';
import { parseRange } from '../../net/range.ts';
import type { Trial } from '../explanation.ts';
import { annotateCommand, patchEipCommand, patchServiceCommand } from '../kubectl-commands.ts';
import { World } from '../world.ts';
import {
  asksFor,
  type Change,
  changeCommand,
  changeText,
  TRIABLE,
  type Triable,
  withAnnotations,
  withChange,
} from './annotation-change.ts';
import { decide } from './decide.ts';

/** Eips that are tried, and those of them that are shown. */
const MOST_TRIED = 20;
const MOST_SHOWN = 5;

/** Tries the change of `--try`. */
export function tryChange(world: World, service: Service, change: Change): Trial {
  const outcome = outcomeOf(world, withChange(service, change));
  return { change: changeText(change), ...outcome, command: changeCommand(service, change) };
}

/** Changes that help, each one alone. A change that keeps the present address comes first, and an Eip of other namespaces last. */
export function helpfulTrials(world: World, service: Service): Trial[] {
  if (decide(world, service).view.parsed.kind === 'notOurs') return optInTrials(world, service);
  const asked = (Object.keys(TRIABLE) as Triable[]).filter((key) => asksFor(service, key));
  const removals = asked.map((key) => tryChange(world, service, { [key]: '' })).filter(({ helps }) => helps);
  const edits = [...familyTrials(world, service), ...eipEdits(world, service)];
  const distinct = [...removals, ...namingTrials(world, service)].filter(isFirstOfOutcome);
  return [...sharingTrials(world, service), ...distinct, ...edits];
}

/** The sharing key of the Services that have the requested address. */
function sharingTrials(world: World, service: Service): Trial[] {
  const { parsed } = decide(world, service).view;
  const addresses = parsed.kind === 'addressRequest' ? parsed.addressRequest.addresses : [];
  const holders = addresses.flatMap((address) => world.ledger.claimOf(address)?.spec.holders ?? []);
  const keys = new Set(holders.flatMap(({ sharingKey }) => sharingKey ?? []));
  return [...keys].map((key) => tryChange(world, service, { 'sharing-key': key })).filter(({ helps }) => helps);
}

function isFirstOfOutcome({ outcome }: Trial, i: number, all: readonly Trial[]): boolean {
  return all.findIndex((other) => other.outcome === outcome) === i;
}

/** To name another Eip, alone or with the rest of the request removed. */
function namingTrials(world: World, service: Service): Trial[] {
  const eips = [...world.eips.pools.byName.values()].slice(0, MOST_TRIED);
  const asked = (['address', 'protocol'] as const).filter((key) => asksFor(service, key));
  const nothingElse: Change = Object.fromEntries(asked.map((key) => [key, '']));
  const ranked = eips.toSorted((a, b) => Number(isOfOthers(world, service, a)) - Number(isOfOthers(world, service, b)));
  const tried = ranked.flatMap((eip): Trial[] => {
    const changes: Change[] = [{ eip: eip.name }, { eip: eip.name, ...nothingElse }];
    const trial = changes.map((change) => tryChange(world, service, change)).find(({ helps }) => helps);
    if (!trial) return [];
    const note = isOfOthers(world, service, eip) ? `, which is bound to other namespaces` : '';
    return [{ ...trial, outcome: `${trial.outcome}${note}` }];
  });
  return tried.slice(0, MOST_SHOWN);
}

/** Whether the Eip is bound to namespaces, and not to that of the Service. */
function isOfOthers({ eips, stores }: World, { metadata: { namespace = '' } }: Service, eip: Eip): boolean {
  const labels = stores.namespaces.get(namespace)?.metadata.labels ?? {};
  const mayUse = isBoundTo(eip, namespace, labels) || isDefaultEip(eip, eips.pools);
  return isBound(eip) && !mayUse;
}

/** The annotation makes the Service Skycap's. A Service whose class is another load balancer's was meant for that one. */
function optInTrials(world: World, service: Service): Trial[] {
  if (service.spec?.type !== 'LoadBalancer' || service.spec.loadBalancerClass !== undefined) return [];
  const edits = { [SERVICE_ANNOTATIONS.optIn[0]]: OPT_IN_VALUES[0] };
  const outcome = outcomeOf(world, withAnnotations(service, edits));
  const change = `${SERVICE_ANNOTATIONS.optIn[0]}=${OPT_IN_VALUES[0]}`;
  return outcome.helps ? [{ change, ...outcome, command: annotateCommand(service, edits) }] : [];
}

/** Both families, of which one suffices: the first family of a stored Service can't change. */
function familyTrials(world: World, service: Service): Trial[] {
  const { ipFamilies = [], ipFamilyPolicy } = service.spec ?? {};
  if (decide(world, service).assignment?.reason !== 'EipFamilyMismatch' || ipFamilyPolicy === 'PreferDualStack')
    return [];
  if (ipFamilies.length < 2 && !isDualStack(world)) return [];
  const both = ipFamilies[0] === 'IPv6' ? (['IPv6', 'IPv4'] as const) : (['IPv4', 'IPv6'] as const);
  const patch = { spec: { ipFamilyPolicy: 'PreferDualStack' } as const };
  const outcome = outcomeOf(world, { ...service, spec: { ...service.spec, ...patch.spec, ipFamilies: both } });
  const change = 'spec.ipFamilyPolicy: PreferDualStack';
  return outcome.helps ? [{ change, ...outcome, command: patchServiceCommand(service, patch) }] : [];
}

/** Whether Services can have cluster IPs of both families. */
function isDualStack({ read: { serviceCidrs } }: World): boolean {
  const ranges = serviceCidrs.items.flatMap(({ spec }) => (spec?.cidrs ?? []).map(parseRange));
  return new Set(ranges.flatMap((parsed) => (parsed.ok ? [parsed.range.family] : []))).size > 1;
}

/** An Eip that gives no address now, and would after one edit. */
function eipEdits(world: World, service: Service): Trial[] {
  const disabled = world.read.eips.items.filter(({ spec }) => spec?.disable === true);
  return disabled.slice(0, MOST_TRIED).flatMap((eip): Trial[] => {
    const name = keyOf(eip);
    const outcome = outcomeOf(withEip(world, { ...eip, spec: { ...eip.spec, disable: false } }), service);
    const command = patchEipCommand(name, { disable: false });
    return outcome.helps ? [{ change: `spec.disable: false in Eip ${name}`, ...outcome, command }] : [];
  });
}

export function withEip(world: World, eip: EipObject): World {
  const items = world.read.eips.items.map((one) => (keyOf(one) === keyOf(eip) ? eip : one));
  return new World({ ...world.read, eips: { items } }, world.settings);
}

function outcomeOf(world: World, service: Service): Pick<Trial, 'helps' | 'outcome'> {
  const { assignment } = decide(world, service);
  if (!assignment) return { helps: false, outcome: 'Skycap would not serve the Service' };
  const { hasAddress, reason, message, uses } = assignment;
  if (!hasAddress || reason !== 'Assigned') return { helps: false, outcome: `${reason}: ${message}` };
  const published = publishedAddresses(service);
  const keeps = published.length > 0 && uses.every(({ address }) => published.some((one) => sameAddress(one, address)));
  return { helps: true, outcome: `${keeps ? 'keeps' : 'gets'} ${message}` };
}
