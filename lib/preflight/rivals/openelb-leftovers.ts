/** Objects of an OpenELB that is gone: webhook configurations that refuse every write, and finalizers that nobody removes. PURE. */
import { OPENELB_FINALIZERS } from '../../api/keys.ts';
import { type KubeObject, keyOf } from '../../api/meta/object.ts';
import { MUTATING, VALIDATING, type WebhookConfiguration } from '../../kube/http/admission-refusal.ts';
import { BGP_CONFS, BGP_PEERS, EIPS, type Resource, SERVICES } from '../../kube/resource.ts';
import { type Finding, objectName } from '../finding.ts';

export interface OpenElbFacts {
  /** By its Lease, or by its workloads. */
  readonly isRunning: boolean;
  readonly mutating: readonly WebhookConfiguration[];
  readonly validating: readonly WebhookConfiguration[];
  readonly services: readonly KubeObject[];
  readonly eips: readonly KubeObject[];
  readonly bgpPeers: readonly KubeObject[];
  readonly bgpConfs: readonly KubeObject[];
}

/** Of OpenELB 0.6, and of 0.5 and older. */
const CONFIGURATIONS: readonly RegExp[] = [
  /^openelb-admission$/,
  /^(mutating|validating)\.eip\.network\.kubesphere\.io$/,
];

/** Nothing while OpenELB runs: another finding says so, and the objects are in use. */
export function openElbLeftovers(facts: OpenElbFacts): Finding[] {
  if (facts.isRunning) return [];
  const { services, eips, bgpPeers, bgpConfs } = facts;
  return [
    ...facts.mutating.flatMap((one) => leftWebhook(MUTATING, one)),
    ...facts.validating.flatMap((one) => leftWebhook(VALIDATING, one)),
    ...services.flatMap((one) => stuck(SERVICES, one)),
    ...eips.flatMap((one) => stuck(EIPS, one)),
    ...bgpPeers.flatMap((one) => stuck(BGP_PEERS, one)),
    ...bgpConfs.flatMap((one) => stuck(BGP_CONFS, one)),
  ];
}

function leftWebhook(resource: Resource<WebhookConfiguration>, object: WebhookConfiguration): Finding[] {
  const { name = '', uid = '' } = object.metadata;
  if (!CONFIGURATIONS.some((one) => one.test(name))) return [];
  return [
    {
      reason: 'OpenElbLeftover',
      object: objectName(resource.kind, object),
      message:
        'OpenELB does not run, and the API server still asks its webhook, which refuses the writes by its silence',
      remedy: `delete the configuration: kubectl delete ${resource.plural.slice(0, -1)} ${name}`,
      fix: {
        action: `delete ${resource.kind} ${name}`,
        request: { verb: 'delete', resource, ref: { name }, uid },
      },
    },
  ];
}

/** An object that is being deleted and has a finalizer of OpenELB. */
function stuck(resource: Resource<KubeObject>, object: KubeObject): Finding[] {
  const { name = '', namespace, deletionTimestamp, finalizers = [], resourceVersion } = object.metadata;
  const others = finalizers.filter((one) => !(OPENELB_FINALIZERS as readonly string[]).includes(one));
  if (deletionTimestamp === undefined || others.length === finalizers.length) return [];
  return [
    {
      reason: 'OpenElbLeftover',
      object: objectName(resource.kind, object),
      message: 'the object is being deleted, and a finalizer of OpenELB, which does not run, keeps it',
      remedy: 'remove the finalizer: Skycap does so while an allocator leads',
      fix: {
        action: `remove the finalizers of OpenELB from ${resource.kind} ${keyOf(object)}`,
        request: {
          verb: 'patch',
          resource,
          ref: { name, ...(namespace !== undefined && { namespace }) },
          body: { metadata: { finalizers: others.length > 0 ? others : null, resourceVersion } },
        },
      },
    },
  ];
}
