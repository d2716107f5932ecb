/**
 * A write that the API server did not do because a webhook or a policy of the cluster is in the way. Its answer names the webhook and not the configuration that the
 * webhook stands in, which is what somebody has to mend or delete; so that is looked up.
 *
 * The sentences are those of k8s.io/apiserver (`pkg/admission/plugin/webhook/errors`, `…/webhook/generic`, `…/policy/validating`).
 */
import type { KubeObject } from '../api/object.ts';
import { quote } from '../api/problem.ts';
import type { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import type { Resource } from './resource.ts';

export interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
}

const admission = { group: 'admissionregistration.k8s.io', version: 'v1', namespaced: false };

export const MUTATING: Resource<WebhookConfiguration> = {
  ...admission,
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
};
export const VALIDATING: Resource<WebhookConfiguration> = {
  ...admission,
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
};

export type AdmissionRefusal =
  /** `fails`: it could not be asked, and its failurePolicy is `Fail`. */
  | { readonly by: 'webhook'; readonly name: string; readonly does: 'fails' | 'refuses'; readonly why: string }
  | { readonly by: 'policy'; readonly name: string; readonly binding: string; readonly why: string };

const FAILED = /failed calling webhook "([^"]+)": (.*)$/s;
const DENIED = /admission webhook "([^"]+)" (.*)$/s;
const POLICY = /ValidatingAdmissionPolicy '([^']+)' with binding '([^']+)' denied request: (.*)$/s;
/** Whoever runs the webhook wrote it. */
const LONGEST_WHY = 300;

export function admissionRefusalIn(error: unknown): AdmissionRefusal | undefined {
  if (!(error instanceof KubeError)) return undefined;
  const text = error.statusMessage;
  const failed = FAILED.exec(text);
  if (failed) return { by: 'webhook', name: failed[1]!, does: 'fails', why: shortened(failed[2]!) };
  const denied = DENIED.exec(text);
  if (denied) return { by: 'webhook', name: denied[1]!, does: 'refuses', why: shortened(denied[2]!) };
  const policy = POLICY.exec(text);
  return policy ? { by: 'policy', name: policy[1]!, binding: policy[2]!, why: shortened(policy[3]!) } : undefined;
}

/** A sentence with the remedy, for the refusal of any one write. */
export async function explainRefusal(
  refusal: AdmissionRefusal,
  client: Pick<KubeClient, 'list'>,
  signal?: AbortSignal,
): Promise<string> {
  const { name, why } = refusal;
  if (refusal.by === 'policy') {
    return `ValidatingAdmissionPolicy ${name} refuses what Skycap writes: ${why}; have it leave Skycap alone, or: kubectl delete validatingadmissionpolicybinding ${refusal.binding}`;
  }
  const found = await configurationsWith(name, client, signal);
  const whose = found.map(({ kind, name: configuration }) => `${kind} ${configuration}`).join(' and ');
  const webhook = `the webhook ${quote(name)}${whose && ` of ${whose}`}`;
  const remedy =
    found.length > 0
      ? found.map(deletion).join('; ')
      : 'look for it in kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o yaml';
  return refusal.does === 'fails'
    ? `${webhook} cannot be called, and lets nothing be written without it: ${why}; if its software is gone: ${remedy}`
    : `${webhook} refuses what Skycap writes: ${why}; have it leave Skycap alone, or: ${remedy}`;
}

interface Found {
  readonly kind: string;
  readonly name: string;
}

function deletion({ kind, name }: Found): string {
  return `kubectl delete ${kind.toLowerCase()} ${name}`;
}

/** None where they may not be listed, or cannot be now. */
async function configurationsWith(
  webhook: string,
  client: Pick<KubeClient, 'list'>,
  signal: AbortSignal | undefined,
): Promise<Found[]> {
  try {
    const lists = await Promise.all(
      [VALIDATING, MUTATING].map(async (resource) => {
        const { items } = await client.list(resource, signal && { signal });
        const having = items.filter(({ webhooks = [] }) => webhooks.some(({ name }) => name === webhook));
        return having.map(({ metadata: { name = '' } }) => ({ kind: resource.kind, name }));
      }),
    );
    return lists.flat();
  } catch {
    return [];
  }
}

function shortened(text: string): string {
  return text.length > LONGEST_WHY ? `${text.slice(0, LONGEST_WHY - 1)}…` : text;
}
