/** The verdicts of admission on a change, object by object, by the rules of the webhook. PURE. A refused object leaves the cluster as it is. */

import type { NodeAddress, OtherPeer } from '../../../api/bgp/bgp-peer-advice.ts';
import { parseBgpPeer } from '../../../api/bgp/parse-bgp-peer.ts';
import { type Eip, releasesAddresses } from '../../../api/eip/eip.ts';
import { parseEip } from '../../../api/eip/parse-eip.ts';
import { eipInUseText, type LiveAddress } from '../../../api/eip/validate-eip.ts';
import { keyFor, keyOf } from '../../../api/meta/object.ts';
import { findPolicy } from '../../../api/policy/find-policy.ts';
import { formatProblems } from '../../../api/problem.ts';
import { isOurs, portsOf } from '../../../api/service/parse-address-request.ts';
import type { Service } from '../../../api/service/service.ts';
import { decideCreate, decideUpdate } from '../../../ipam/admission/decide-service.ts';
import { type FindingsDeps, findingsFor } from '../../../ipam/admission/object-findings.ts';
import { viewOf } from '../../../ipam/assignment/service-view.ts';
import { holderName } from '../../../ipam/choice/sharing.ts';
import { buildPools } from '../../../ipam/pools/pools.ts';
import { reservedIn } from '../../../ipam/pools/reserved.ts';
import { accountOf } from '../../../ipam/pools/source.ts';
import { parseAddress } from '../../../net/address.ts';
import { AddressWorld } from '../../address-world.ts';
import { choiceFor } from '../../service/decide.ts';
import { namespacesOf, type World } from '../world.ts';
import { changedWorld, withApplied } from './apply-change.ts';
import type { AppliedObject, Change } from './change.ts';

export interface Verdict {
  /** `Eip web`, `Service shop/front`. */
  readonly object: string;
  /** Why the API server refuses it; absent: it is admitted. */
  readonly refused?: string;
  readonly warnings: readonly string[];
}

export interface Reviewed {
  readonly verdicts: readonly Verdict[];
  /** With all that is admitted. */
  readonly world: World;
}

export function reviewChange(world: World, change: Change): Reviewed {
  if (change.kind === 'apply') return reviewApplied(world, change.objects);
  if (change.kind !== 'delete' || change.of !== 'Eip') return { verdicts: [], world: changedWorld(world, change) };
  const refused = deletionRefusal(world, change.name);
  const verdicts = [{ object: `Eip ${change.name}`, ...(refused !== undefined && { refused }), warnings: [] }];
  return { verdicts, world: refused === undefined ? changedWorld(world, change) : world };
}

function reviewApplied(world: World, objects: readonly AppliedObject[]): Reviewed {
  let now = world;
  const verdicts = objects.map((file) => {
    const { world: next, before, after } = withApplied(now, file);
    const { refused, warnings } =
      file.kind === 'Service'
        ? reviewService(after as Service, before as Service | undefined, now)
        : reviewObject(file.kind, { after, before }, now);
    if (refused === undefined) now = next;
    return { object: `${file.kind} ${keyOf(file)}`, ...(refused !== undefined && { refused }), warnings };
  });
  return { verdicts, world: now };
}

type Answer = Omit<Verdict, 'object'>;

function reviewObject(
  kind: string,
  { after, before }: Pick<ReturnType<typeof withApplied>, 'after' | 'before'>,
  world: World,
): Answer {
  const { problems, warnings } = findingsFor(kind, after, before, findingsDeps(world));
  return { ...(problems.length > 0 && { refused: formatProblems(problems) }), warnings };
}

/** An update is refused for a port of another Service; a creation, for a full Eip that refuses. */
function reviewService(service: Service, old: Service | undefined, world: World): Answer {
  const cluster = new AddressWorld(world, namespacesOf(world));
  const { unmarkedServices, primaryFamily } = world.settings;
  const context = { unmarkedServices, defaultEipExists: cluster.eips.pools.hasDefault, primaryFamily };
  const decision = old ? decideUpdate(service, old, context) : decideCreate(service, context);
  const notes = isOurs(service, context) ? [] : ['Skycap does not serve the Service'];
  if (decision.kind === 'deny') return { refused: decision.message, warnings: notes };
  if (decision.kind === 'pend') return { warnings: [decision.message] };
  if (decision.kind !== 'assign') return { warnings: decision.kind === 'restore' ? decision.warnings : notes };
  const view = viewOf(service, cluster, world.settings);
  const chosen = choiceFor(view, decision.addressRequest, cluster, {
    ...(old && { portsBefore: portsOf(old) }),
    ...(decision.asksAsBefore && { asksAsBefore: true }),
  });
  if (!chosen) return { warnings: notes };
  const { choice } = chosen;
  const isRefused = choice.kind === 'clashes' || (choice.kind === 'refused' && !old);
  return { ...(isRefused && { refused: choice.message }), warnings: notes };
}

function findingsDeps(world: World): FindingsDeps {
  const { configMaps, settings } = world;
  const maps = new Map(configMaps.map((one) => [keyOf(one), one]));
  const reserved = reservedIn(world);
  return {
    cluster: {
      missing: undefined,
      eips: () => parsedEips(world),
      liveAddresses: (eipName) => liveAddresses(world, eipName),
      withheldFrom: (eip) => reserved.withheldFrom(eip),
      bgpPeers: () => parsedPeers(world),
      bgpPeerMetadata: () => [...world.bgpPeers],
      nodeAddresses: () => nodeAddresses(world),
    },
    policyOf: (name) => {
      const key = keyFor(settings.namespace, name);
      return findPolicy(key, maps.get(key));
    },
    protocols: settings.protocols,
  };
}

function parsedEips({ eips }: World): Eip[] {
  return eips.flatMap((object) => {
    const parsed = parseEip(object);
    return parsed.ok ? [parsed.value] : [];
  });
}

function parsedPeers({ bgpPeers }: World): OtherPeer[] {
  return bgpPeers.flatMap((raw) => {
    const parsed = parseBgpPeer(raw);
    return parsed.ok ? [parsed.value] : [];
  });
}

function nodeAddresses({ nodes }: World): NodeAddress[] {
  return nodes.flatMap(({ metadata: { name = '' }, status }) =>
    (status?.addresses ?? []).flatMap(({ address: text }) => {
      const address = parseAddress(text);
      return address ? [{ node: name, address }] : [];
    }),
  );
}

function liveAddresses(world: World, eipName: string): LiveAddress[] {
  const pools = buildPools(parsedEips(world));
  const objects = new Map(world.eips.map((eip) => [keyOf(eip), eip]));
  const claims = world.eipClaims.filter((claim) => accountOf(claim, pools, (name) => objects.get(name)) === eipName);
  return claims.map(({ spec }) => ({ address: spec.address, services: spec.holders.map(holderName) }));
}

/** Claims of Services that are gone do not count. */
function deletionRefusal(world: World, name: string): string | undefined {
  const eip = world.eips.find(({ metadata }) => metadata.name === name);
  if (!eip || releasesAddresses(eip)) return undefined;
  const services = new Set(world.services.map(keyOf));
  const inUse = liveAddresses(world, name)
    .map((one) => ({ ...one, services: one.services.filter((key) => services.has(key)) }))
    .filter((one) => one.services.length > 0);
  return inUse.length > 0 ? eipInUseText(name, inUse) : undefined;
}
