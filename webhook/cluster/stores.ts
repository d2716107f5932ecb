/** The webhook's watches: Eips, claims, labels of namespaces, the addresses of the cluster itself; and the webhook's own Secret and configurations, by name. */
import type { Registry } from 'prom-client';
import type { BgpPeerObject } from '../../lib/api/bgp/bgp-types.ts';
import { type KubeObject, type ObjectMeta, pick, sameTexts } from '../../lib/api/meta/object.ts';
import { onlyPolicy, samePolicy } from '../../lib/api/policy/find-policy.ts';
import type { Namespace, Node } from '../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../lib/api/skycap/speaker-types.ts';
import { addressesOfNode, sameAddresses } from '../../lib/ipam/pools/reserved.ts';
import { Reflector } from '../../lib/kube/cache/reflector.ts';
import type { KubeWatcher } from '../../lib/kube/client.ts';
import { MUTATING, VALIDATING } from '../../lib/kube/http/admission-refusal.ts';
import {
  BGP_PEERS,
  CONFIG_MAPS,
  EIP_CLAIMS,
  EIPS,
  NAMESPACES,
  NODES,
  SECRETS,
  SERVICE_CIDRS,
  SPEAKERS,
} from '../../lib/kube/resource.ts';
import type { Logger } from '../../lib/process/log.ts';
import { TLS_SECRET, WEBHOOK_CONFIGURATION } from '../tls/tls-keeper.ts';

export interface StoreOptions {
  readonly client: KubeWatcher;
  readonly namespace: string;
  readonly log: Logger;
  readonly registry: Registry;
}

export function makeStores({ namespace, ...options }: StoreOptions) {
  const optional = true;
  return {
    eips: new Reflector({ ...options, resource: EIPS }),
    claims: new Reflector({ ...options, resource: EIP_CLAIMS }),
    namespaces: new Reflector({ ...options, resource: NAMESPACES, transform: onlyLabels }),
    nodes: new Reflector({ ...options, resource: NODES, transform: trimmedNode, isSame: sameAddresses }),
    bgpPeers: new Reflector({ ...options, resource: BGP_PEERS, optional, transform: onlyRouter, isSame: sameRest }),
    serviceCidrs: new Reflector({ ...options, resource: SERVICE_CIDRS, optional }),
    speakers: new Reflector({ ...options, resource: SPEAKERS, optional, transform: onlyNetworks, isSame: sameRest }),
    configMaps: new Reflector({
      ...{ ...options, resource: CONFIG_MAPS, namespace },
      ...{ transform: onlyPolicy, isSame: samePolicy },
    }),
    secrets: new Reflector({ ...options, resource: SECRETS, namespace, fieldSelector: `metadata.name=${TLS_SECRET}` }),
  };
}

/** Only where Skycap keeps the caBundle: with cert-manager the webhook has no right to them. */
export function makeConfigurationStores({ namespace: _, ...options }: StoreOptions) {
  const configuration = { ...options, fieldSelector: `metadata.name=${WEBHOOK_CONFIGURATION}` };
  return {
    mutating: new Reflector({ ...configuration, resource: MUTATING }),
    validating: new Reflector({ ...configuration, resource: VALIDATING }),
  };
}

export type Stores = ReturnType<typeof makeStores>;

function onlyLabels(namespace: Namespace): Namespace {
  const { apiVersion, kind, metadata } = namespace;
  const { labels } = metadata;
  return {
    ...(apiVersion && { apiVersion }),
    ...(kind && { kind }),
    metadata: { ...identityOf(metadata), ...(labels && { labels }) },
  };
}

function trimmedNode(node: Node): Node {
  return { metadata: identityOf(node.metadata), ...addressesOfNode(node) };
}

const ROUTER_FIELDS = [
  'neighborAddress',
  'neighborPrefix',
  'neighborInterface',
  'peerAs',
  'dynamicPeerAs',
  'vrf',
] as const;

/** The router, the nodes that connect to it, and the labels by which Eips select it. */
function onlyRouter({ metadata, spec }: BgpPeerObject): BgpPeerObject {
  const conf = spec?.conf;
  const remotePort = spec?.transport?.remotePort;
  const { labels } = metadata;
  return {
    metadata: { ...identityOf(metadata), ...(labels && { labels }) },
    spec: {
      ...(conf && { conf: pick(conf, ROUTER_FIELDS) }),
      ...(remotePort !== undefined && { transport: { remotePort } }),
      ...(spec?.nodeSelector && { nodeSelector: spec.nodeSelector }),
    },
  };
}

function onlyNetworks({ apiVersion, kind, metadata, status }: SpeakerObject): SpeakerObject {
  const { networks, gateways } = status ?? {};
  return {
    apiVersion,
    kind,
    metadata: identityOf(metadata),
    status: { ...(networks && { networks }), ...(gateways && { gateways }) },
  };
}

/** The same but for the resourceVersion. */
function sameRest<T extends KubeObject>(a: T, b: T): boolean {
  return (
    a.metadata.uid === b.metadata.uid && sameTexts(a.metadata.labels, b.metadata.labels) && bodyText(a) === bodyText(b)
  );
}

function bodyText({ metadata: _, ...body }: KubeObject): string {
  return JSON.stringify(body);
}

function identityOf({ name, uid, resourceVersion }: ObjectMeta): ObjectMeta {
  return { ...(name && { name }), ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
}
