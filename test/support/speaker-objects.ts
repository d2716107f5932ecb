/** What a speaker finds in the API server, for tests that bring one of their own: definitions, rights, its Node, and Services that are published. */
import { join } from 'node:path';
import { EIP_LABEL } from '../../lib/api/keys.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { NODES, SERVICES } from '../../lib/kube/resource.ts';
import type { ControlPlane } from './control-plane.ts';
import { aNode } from './speaker-builders.ts';

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

/** A Service as the webhook and the allocator leave it, of the Eip `v4`; without node ports, of which there are fewer than Services. */
export async function publish(
  client: KubeClient,
  name: string,
  ips: readonly string[],
  externalTrafficPolicy: 'Cluster' | 'Local' = 'Cluster',
): Promise<void> {
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
  const created = await client.create(SERVICES, service);
  const status = { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } };
  await client.replace(SERVICES, { ...created, status }, { subresource: 'status' });
}
