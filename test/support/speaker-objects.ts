/** What a speaker finds in the API server, for tests that bring one of their own: definitions, rights, its Node, and Services that are published. */
import { join } from 'node:path';
import type { BgpPeerObject } from '../../lib/api/bgp/bgp-types.ts';
import { EIP_LABEL } from '../../lib/api/keys.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { BGP_CONFS, BGP_PEERS, EIPS, NODES, SERVICES } from '../../lib/kube/resource.ts';
import type { ControlPlane } from './control-plane.ts';
import { aBgpConf, aNode, anEip } from './speaker-builders.ts';

const MANIFESTS = join(import.meta.dirname, '../../manifests');

/** The namespace, the rights and the custom resources: all but the workloads. */
export async function installForSpeakers(plane: ControlPlane): Promise<void> {
  const base = ['namespace', 'rbac'].flatMap((file) => ['-f', join(MANIFESTS, 'base', `${file}.yaml`)]);
  await plane.kubectl(['apply', ...base]);
  await plane.kubectl(['apply', '-k', join(MANIFESTS, 'crds')]);
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
}

/** With the addresses of `aNode`. */
export async function createNode(client: KubeClient, name: string): Promise<void> {
  const created = await client.create(NODES, { metadata: { name } });
  await client.replace(NODES, { ...created, status: aNode().status! }, { subresource: 'status' });
}

const API_VERSION = 'network.kubesphere.io/v1alpha2';

export interface SpeakerPlane {
  readonly plane: ControlPlane;
  readonly nodeName: string;
  /** Of the Eip `v4`. */
  readonly range: string;
  readonly peers: readonly BgpPeerObject[];
}

/** Everything that a speaker needs but Services. */
export async function prepareSpeakerPlane({ plane, nodeName, range, peers }: SpeakerPlane): Promise<void> {
  await installForSpeakers(plane);
  const client = plane.client();
  const kind = (name: string) => ({ apiVersion: API_VERSION, kind: name });
  await createNode(client, nodeName);
  await client.create(EIPS, { ...kind('Eip'), ...anEip('v4', { address: range }), metadata: { name: 'v4' } });
  await client.create(BGP_CONFS, { ...kind('BgpConf'), ...aBgpConf() });
  for (const peer of peers) await client.create(BGP_PEERS, { ...kind('BgpPeer'), ...peer });
}

/** A Service as the webhook and the allocator leave it, of the Eip `v4`; without node ports, of which there are fewer than Services. */
export async function publish(
  client: KubeClient,
  name: string,
  ips: readonly string[],
  externalTrafficPolicy: 'Cluster' | 'Local' = 'Cluster',
): Promise<void> {
  await giveAddresses(client, await createUnpublished(client, name, externalTrafficPolicy), ips);
}

/** The Service before the allocator has published its addresses. */
export async function createUnpublished(
  client: KubeClient,
  name: string,
  externalTrafficPolicy: 'Cluster' | 'Local' = 'Cluster',
): Promise<Service> {
  const service = {
    metadata: { name, namespace: 'default', labels: { [EIP_LABEL]: 'v4' } },
    spec: {
      type: 'LoadBalancer' as const,
      externalTrafficPolicy,
      allocateLoadBalancerNodePorts: false,
      ports: [{ port: 80 }],
      loadBalancerClass: 'skycap.io/lb',
    },
  };
  return await client.create(SERVICES, service);
}

export async function giveAddresses(client: KubeClient, created: Service, ips: readonly string[]): Promise<void> {
  const status = { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } };
  await client.replace(SERVICES, { ...created, status }, { subresource: 'status' });
}
