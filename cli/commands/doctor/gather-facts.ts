/** Reads the objects for `doctor`: one list or one object for each question, without a watch. */
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { EndpointSlice, Secret } from '../../../lib/api/service/service.ts';
import { CRDS } from '../../../lib/kube/crd.ts';
import { LEASES } from '../../../lib/kube/election/lease.ts';
import { MUTATING, VALIDATING } from '../../../lib/kube/http/admission-refusal.ts';
import { getOrUndefined } from '../../../lib/kube/http/get-or-undefined.ts';
import { CONFIG_MAPS, ENDPOINT_SLICES, NAMESPACES, SECRETS } from '../../../lib/kube/resource.ts';
import { CRD_FIELDS } from '../../../lib/preflight/crds/crd-fields.ts';
import type { CrdWithSchema } from '../../../lib/preflight/crds/missing-fields.ts';
import { WEBHOOK, WEBHOOK_SECRET } from '../../../lib/preflight/install/webhook-findings.ts';
import { DAEMON_SETS, DEPLOYMENTS } from '../../../lib/preflight/install/workload-findings.ts';
import { KUBE_PROXY_CONFIG } from '../../../lib/preflight/node/kube-proxy-findings.ts';
import { readForeignPools, readOpenElbRunning } from '../../../lib/preflight/rivals/read-rivals.ts';
import { TolerantReader } from '../../../lib/preflight/tolerant-reader.ts';
import { type ReadOptions, readCluster } from '../../cluster/read-cluster.ts';
import { USUAL_NAMESPACE } from '../../cluster/usual-namespace.ts';
import type { Session } from '../../session/session.ts';

/** One page of each: an installation has tens of them. */
const PAGE = { limit: 1_000 };
const KINDS = ['services', 'eips', 'bgpConfs', 'bgpPeers', 'speakers', 'nodes', 'serviceCidrs'] as const;
const LOAD_BALANCERS = { fieldSelector: 'spec.type=LoadBalancer' };

export type Facts = Awaited<ReturnType<typeof gatherFacts>>;

export async function gatherFacts({ client, serverVersion, namespace, signal, nowMs }: Session) {
  const reader = new TolerantReader(client, signal);
  const kinds: ReadOptions<(typeof KINDS)[number]> = {
    ...{ kinds: KINDS, select: { services: LOAD_BALANCERS }, namespace, signal },
  };
  const [cluster, mutating, validating, deployments, daemonSets, nodeLeases, version, kubeProxy] = await Promise.all([
    readCluster(client, kinds),
    reader.list(MUTATING, PAGE),
    reader.list(VALIDATING, PAGE),
    reader.list(DEPLOYMENTS, PAGE),
    reader.list(DAEMON_SETS, PAGE),
    reader.list(LEASES, { namespace: 'kube-node-lease' }),
    serverVersion(),
    getOrUndefined(reader, CONFIG_MAPS, KUBE_PROXY_CONFIG),
  ]);
  const ours = mutating.items.find(({ metadata }) => metadata.name === 'skycap');
  const home = namespaceIn(ours) ?? USUAL_NAMESPACE;
  const [crds, pools, isOpenElbRunning, secret, slices, speakerLeases, homeNamespace] = await Promise.all([
    readCrds(reader),
    readForeignPools(reader, signal),
    readOpenElbRunning(reader, nowMs(), signal),
    getOrUndefined(reader, SECRETS, { namespace: home, name: WEBHOOK_SECRET }),
    reader.list(ENDPOINT_SLICES, { namespace: home, labelSelector: `kubernetes.io/service-name=${WEBHOOK}` }),
    reader.list(LEASES, { namespace: home }),
    getOrUndefined(reader, NAMESPACES, { name: home }),
  ]);
  return {
    ...{ cluster, home, reader, version, kubeProxy, crds, pools, isOpenElbRunning, homeNamespace, nowMs: nowMs() },
    webhooks: { mutating: mutating.items, validating: validating.items },
    workloads: { deployments: deployments.items, daemonSets: daemonSets.items },
    leases: { nodes: nodeLeases.items, speakers: speakerLeases.items },
    /** Only the certificate: the key stays unread. */
    certificate: textIn(secret, 'tls.crt'),
    readyEndpoints: reader.lacks(ENDPOINT_SLICES) ? undefined : readyIn(slices.items),
  };
}

async function readCrds(reader: TolerantReader): Promise<ReadonlyMap<string, CrdWithSchema | undefined>> {
  const read = Object.keys(CRD_FIELDS).map(
    async (name) => [name, await getOrUndefined<CrdWithSchema>(reader, CRDS, { name })] as const,
  );
  return new Map(await Promise.all(read));
}

/** The namespace of the Service that the configuration names. */
function namespaceIn(configuration: KubeObject | undefined): string | undefined {
  const { webhooks = [] } = (configuration ?? {}) as {
    readonly webhooks?: readonly { readonly clientConfig?: { readonly service?: { readonly namespace?: string } } }[];
  };
  return webhooks[0]?.clientConfig?.service?.namespace;
}

function textIn(secret: Secret | undefined, key: string): string | undefined {
  const text = secret?.data?.[key];
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8');
}

function readyIn(slices: readonly EndpointSlice[]): number {
  return slices.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
    .length;
}
