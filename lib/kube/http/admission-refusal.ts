/**
 * Explains a write that a webhook or a policy of the cluster blocked. The API server's answer names the webhook and not its configuration, which a user has to mend or
 * delete, so the configuration is looked up. Any other refusal, by a quota or for want of a right, is reported in the API server's words.
 *
 * The sentences are those of k8s.io/apiserver (`pkg/admission/plugin/webhook/errors`, `…/webhook/generic`, `…/policy/validating`, `…/policy/generic`).
 */
import type { KubeObject } from '../../api/meta/object.ts';
import { quote } from '../../api/problem.ts';
import type { KubeClient } from '../client.ts';
import { KubeError } from '../errors.ts';
import type { Resource } from '../resource.ts';

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
  /** `fails`: the call failed, and the failurePolicy is `Fail`. */
  | { readonly by: 'webhook'; readonly name: string; readonly does: 'fails' | 'refuses'; readonly why: string }
  /** `binding`: absent if the policy itself cannot be read. */
  | {
      readonly by: 'policy';
      readonly kind: 'ValidatingAdmissionPolicy' | 'MutatingAdmissionPolicy';
      readonly name: string;
      readonly binding?: string;
      readonly why: string;
    }
  /** A quota, an admission plugin, a missing right, a schema. */
  | { readonly by: 'server'; readonly why: string };

const FAILED = /failed calling webhook "([^"]+)": (.*)$/s;
const DENIED = /admission webhook "([^"]+)" (.*)$/s;
/** A mutating policy calls itself `policy`. */
const POLICY = /(ValidatingAdmissionPolicy|policy) ['"]([^'"]+)['"](?: with binding '([^']+)')? denied request: (.*)$/s;
/** BadRequest, Forbidden, RequestEntityTooLarge, Invalid: the same write is refused the next time, too. */
const REFUSING: readonly number[] = [400, 403, 413, 422];
const NO_RIGHT = / cannot [a-z]+ resource "/;
/** Written by the webhook. */
const LONGEST_WHY = 300;

export function admissionRefusalIn(error: unknown): AdmissionRefusal | undefined {
  if (!(error instanceof KubeError)) return undefined;
  const text = error.statusMessage;
  const failed = FAILED.exec(text);
  if (failed) return { by: 'webhook', name: failed[1]!, does: 'fails', why: shortened(failed[2]!) };
  const denied = DENIED.exec(text);
  if (denied) return { by: 'webhook', name: denied[1]!, does: 'refuses', why: shortened(denied[2]!) };
  const policy = POLICY.exec(text);
  if (policy) return policyRefusal(policy);
  return REFUSING.includes(error.statusCode) ? { by: 'server', why: shortened(text) } : undefined;
}

function policyRefusal([, word, name = '', binding, why = '']: RegExpExecArray): AdmissionRefusal {
  const kind = word === 'policy' ? 'MutatingAdmissionPolicy' : 'ValidatingAdmissionPolicy';
  return { by: 'policy', kind, name, ...(binding !== undefined && { binding }), why: shortened(why) };
}

/** A sentence with the remedy, for the refusal of one write. */
export async function explainRefusal(
  refusal: AdmissionRefusal,
  client: Pick<KubeClient, 'list'>,
  signal?: AbortSignal,
): Promise<string> {
  const { why } = refusal;
  if (refusal.by === 'server') {
    const remedy = NO_RIGHT.test(why) ? "; Skycap's manifests have the right: apply them again" : '';
    return `the API server refuses what Skycap writes: ${why}${remedy}`;
  }
  const { name } = refusal;
  if (refusal.by === 'policy') {
    const { kind, binding } = refusal;
    const remedy =
      binding === undefined ? deletion({ kind, name }) : deletion({ kind: `${kind}Binding`, name: binding });
    return `${kind} ${name} refuses what Skycap writes: ${why}; have it leave Skycap alone, or: ${remedy}`;
  }
  const found = await configurationsWith(name, client, signal);
  const whose = (found ?? []).map(({ kind, name: configuration }) => `${kind} ${configuration}`).join(' and ');
  const webhook = `the webhook ${quote(name)}${whose && ` of ${whose}`}`;
  // The API server uses a deleted configuration for moments.
  if (found?.length === 0) return `${webhook}, which no configuration has any more, was in the way: ${why}`;
  const remedy =
    found?.map(deletion).join('; ') ??
    'look for it in kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o yaml';
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

/** Undefined if they cannot be listed. */
async function configurationsWith(
  webhook: string,
  client: Pick<KubeClient, 'list'>,
  signal: AbortSignal | undefined,
): Promise<Found[] | undefined> {
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
    return undefined;
  }
}

function shortened(text: string): string {
  return text.length > LONGEST_WHY ? `${text.slice(0, LONGEST_WHY - 1)}…` : text;
}
