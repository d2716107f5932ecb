/** The snapshot of a node as its speaker takes it, from the objects of the cluster. PURE. */
import { KnownPolicy } from '../../../announce/known-policy.ts';
import { serviceKeyOf } from '../../../announce/slices.ts';
import type { BgpConfObject } from '../../../api/bgp/bgp-types.ts';
import { parseBgpPeer } from '../../../api/bgp/parse-bgp-peer.ts';
import type { SecretState } from '../../../api/bgp/peer/secret-password.ts';
import { BGP_CONF_NAME, EIP_LABEL } from '../../../api/keys.ts';
import { type KubeObject, keyOf } from '../../../api/meta/object.ts';
import type { EndpointSlice } from '../../../api/service/service.ts';
import { KnownEips } from '../../../snapshot/known-eips.ts';
import type { SlicesByService } from '../../../snapshot/services.ts';
import type { SessionPasswords } from '../../../snapshot/session-passwords.ts';
import { type Objects, type Snapshot, takeSnapshot } from '../../../snapshot/snapshot.ts';
import type { World } from '../world.ts';

const NO_SLICES: readonly EndpointSlice[] = [];

/**
 * @param before the cluster before the change: a policy that can't be read leaves the policy of before in force.
 * @returns the snapshot of a node by its name. All have the same Eips and Services.
 */
export function snapshotsOf(world: World, before = world): (nodeName: string) => Snapshot {
  const { bgpConfs, bgpPeers, configMaps, eips, formerEips, nodes, settings } = world;
  const sources = {
    nodes: objectsOf(nodes),
    services: objectsOf(world.services.filter(({ metadata }) => metadata.labels?.[EIP_LABEL] !== undefined)),
    labelledSlices: objectsOf<EndpointSlice>([]),
    foreignSlices: objectsOf<EndpointSlice>([]),
    eips: objectsOf(eips),
    bgpConfs: objectsOf(bgpConfs),
    bgpPeers: objectsOf(bgpPeers),
    configMaps: objectsOf(configMaps),
  };
  const knownEips = new KnownEips(() => formerEips);
  const knownPolicy = new KnownPolicy(settings.namespace);
  knownPolicy.take(confIn(before), objectsOf(before.configMaps));
  const slices = slicesOf(world.endpointSlices);
  const passwords = passwordsOf(world);
  return (nodeName) => {
    const snapshot = takeSnapshot({ nodeName, sources, slices, knownEips, knownPolicy });
    // Every source is synced.
    return { ...snapshot!, passwords };
  };
}

function objectsOf<T extends KubeObject>(items: readonly T[]): Objects<T> {
  const byKey = new Map(items.map((item) => [keyOf(item), item]));
  return { synced: true, get: (key) => byKey.get(key), values: () => items };
}

function confIn({ bgpConfs }: World): BgpConfObject | undefined {
  return bgpConfs.find(({ metadata }) => metadata.name === BGP_CONF_NAME);
}

function slicesOf(slices: readonly EndpointSlice[]): SlicesByService {
  const byService = Map.groupBy(slices, serviceKeyOf);
  return { get: (key) => byService.get(key) ?? NO_SLICES };
}

/** The passwords in Secrets are not read: each key of a Secret counts as another password. */
function passwordsOf({ bgpPeers }: World): SessionPasswords {
  const secrets = new Map<string, SecretState & { kind: 'found' }>();
  for (const raw of bgpPeers) {
    const parsed = parseBgpPeer(raw);
    const ref = parsed.ok ? parsed.value.passwordRef : undefined;
    if (!ref) continue;
    const data = {
      ...secrets.get(ref.name)?.data,
      [ref.key]: Buffer.from(`${ref.name}/${ref.key}`).toString('base64'),
    };
    secrets.set(ref.name, { kind: 'found', data });
  }
  return { secrets, inUse: () => undefined };
}
