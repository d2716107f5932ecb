/** Reads what an explanation needs. For a Service with its address that is its claims, and for a Service without one every claim, since the choice depends on all of them. */
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import { keyFor, keyOf } from '../../../lib/api/meta/object.ts';
import { publishedAddresses } from '../../../lib/api/service/published-addresses.ts';
import type { EndpointSlice, Pod, Service } from '../../../lib/api/service/service.ts';
import { claimName, type EipClaim } from '../../../lib/api/skycap/claim.ts';
import { World, type WorldRead } from '../../../lib/explain/world.ts';
import { annotatedAddresses } from '../../../lib/ipam/claims/service-claims.ts';
import { isForbidden } from '../../../lib/kube/errors.ts';
import { getOrUndefined } from '../../../lib/kube/http/get-or-undefined.ts';
import {
  CALICO_BGP_CONFIGURATIONS,
  EIP_CLAIMS,
  NAMESPACES,
  type Resource,
  SERVICES,
} from '../../../lib/kube/resource.ts';
import { type Address, formatAddress } from '../../../lib/net/address.ts';
import { SPEAKER_PODS } from '../../../lib/reach/heard-speaker.ts';
import type { Listed } from '../../../lib/snapshot/cluster-read.ts';
import { readCluster } from '../../cluster/read-cluster.ts';
import { readSettings } from '../../cluster/read-settings.ts';
import type { Session } from '../../session/session.ts';

/** Services that share an address with the Service of the question; more are not read. */
const MOST_SHARERS = 10;

export interface Need {
  /** `all`: for a choice among the free addresses. */
  readonly claims: 'all' | readonly Address[];
  readonly services: readonly Service[];
}

export async function readWorld(session: Session, need: Need): Promise<World> {
  const { client, namespace, signal } = session;
  const cluster = readCluster(client, {
    kinds: ['eips', 'bgpConfs', 'bgpPeers', 'speakers', 'nodes', 'serviceCidrs'],
    namespace,
    signal,
  });
  const settings = readSettings(session);
  const [rest, eipClaims, pods, calico] = await Promise.all([
    cluster,
    readClaims(session, need.claims),
    settings.then((read) => readPods(session, read.namespace)),
    readCalico(session),
  ]);
  const services = await readServices(session, need, eipClaims.items);
  const [endpointSlices, namespaces] = await Promise.all([
    readSlices(
      session,
      services.items.filter((one) => isAskedFor(one, need, eipClaims.items)),
    ),
    readNamespaces(session, need.services),
  ]);
  const read: WorldRead = { ...rest, eipClaims, services, endpointSlices, namespaces, pods, calico };
  return new World(read, await settings);
}

async function readCalico(session: Session): Promise<Listed<KubeObject>> {
  const { items, unread } = await readEach(session, CALICO_BGP_CONFIGURATIONS, [{ name: 'default' }]);
  const message = "You may not read Calico's bgpconfigurations: whether Calico announces addresses is not known.";
  return { items, ...(unread && { unread: { ...unread, message } }) };
}

/** Of the speakers. */
async function readPods({ client, namespace, signal }: Session, of: string): Promise<Listed<Pod>> {
  const select = { pods: { namespace: of, labelSelector: SPEAKER_PODS } };
  return (await readCluster(client, { kinds: ['pods'], select, namespace, signal })).pods;
}

export function addressesShown(service: Service): Address[] {
  const all = [...annotatedAddresses(service), ...publishedAddresses(service)];
  return [...new Map(all.map((address) => [formatAddress(address), address])).values()];
}

async function readClaims(session: Session, claims: Need['claims']): Promise<Listed<EipClaim>> {
  const { client, namespace, signal } = session;
  if (claims === 'all') return (await readCluster(client, { kinds: ['eipClaims'], namespace, signal })).eipClaims;
  return readEach(
    session,
    EIP_CLAIMS,
    claims.map((address) => ({ name: claimName(address) })),
  );
}

/** The Services of the question, and those that share their addresses; every Service where the choice depends on what others publish. */
async function readServices(session: Session, need: Need, claims: readonly EipClaim[]): Promise<Listed<Service>> {
  const { client, namespace, signal } = session;
  if (need.claims === 'all') return (await readCluster(client, { kinds: ['services'], namespace, signal })).services;
  const known = new Set(need.services.map(keyOf));
  const sharers = holdersIn(claims)
    .filter(({ namespace: of, name }) => !known.has(keyFor(of, name)))
    .slice(0, MOST_SHARERS);
  const others = await readEach(session, SERVICES, sharers);
  return { ...others, items: [...need.services, ...others.items] };
}

function holdersIn(claims: readonly EipClaim[]) {
  return claims.flatMap(({ spec }) =>
    spec.holders.flatMap(({ namespace, name }) => (name === undefined ? [] : [{ namespace, name }])),
  );
}

function isAskedFor(service: Service, { services, claims }: Need, read: readonly EipClaim[]): boolean {
  if (services.some((one) => keyOf(one) === keyOf(service))) return true;
  return claims !== 'all' && holdersIn(read).some(({ namespace, name }) => keyFor(namespace, name) === keyOf(service));
}

async function readSlices(session: Session, services: readonly Service[]): Promise<Listed<EndpointSlice>> {
  const { client, signal } = session;
  const all = await Promise.all(
    services.map(async ({ metadata: { name = '', namespace = '' } }) => {
      const select = { endpointSlices: { namespace, labelSelector: `kubernetes.io/service-name=${name}` } };
      return (await readCluster(client, { kinds: ['endpointSlices'], select, namespace, signal })).endpointSlices;
    }),
  );
  const unread = all.find((one) => one.unread)?.unread;
  return { items: all.flatMap(({ items }) => items), ...(unread && { unread }) };
}

function readNamespaces(session: Session, services: readonly Service[]) {
  const names = new Set(services.map(({ metadata }) => metadata.namespace ?? ''));
  return readEach(
    session,
    NAMESPACES,
    [...names].map((name) => ({ name })),
  );
}

/** Objects by name; one that is gone is left out. */
async function readEach<T extends KubeObject>(
  { client, signal }: Session,
  resource: Resource<T>,
  refs: readonly { readonly name: string; readonly namespace?: string }[],
): Promise<Listed<T>> {
  const { plural } = resource;
  try {
    const items = await Promise.all(refs.map((ref) => getOrUndefined(client, resource, ref, signal)));
    return { items: items.filter((item) => item !== undefined) };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const message = `You may not read ${plural}: nothing is known of them.`;
    return { items: [], unread: { resource: plural, reason: 'Forbidden', message } };
  }
}
