/** Who keeps a write back, as the API server says it, and the configuration that has to be mended. */

import type { KubeClient } from '../../../../../lib/kube/client.ts';
import { isAlreadyExists, isConflict, isNotFound, KubeError } from '../../../../../lib/kube/errors.ts';
import {
  type AdmissionRefusal,
  admissionRefusalIn,
  explainRefusal,
  VALIDATING,
} from '../../../../../lib/kube/http/admission-refusal.ts';
import { REQUEST_TIMEOUT_MS } from '../../../../../lib/kube/http/requester.ts';

const refused = (statusMessage: string, statusCode = 500) =>
  admissionRefusalIn(new KubeError('patch eips "web"', { statusCode, reason: '', statusMessage }));

it.each([
  [
    'Internal error occurred: failed calling webhook "v.example.com": failed to call webhook: Post "https://x.y.svc:443/v?timeout=10s": service "x" not found',
    'webhook v.example.com fails: failed to call webhook: Post "https://x.y.svc:443/v?timeout=10s": service "x" not found',
  ],
  [
    'admission webhook "v.example.com" denied the request: not today',
    'webhook v.example.com refuses: denied the request: not today',
  ],
  [
    'admission webhook "v.example.com" denied the request without explanation',
    'webhook v.example.com refuses: denied the request without explanation',
  ],
  [
    "eips.network.kubesphere.io \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: hands off",
    'ValidatingAdmissionPolicy p by b: hands off',
  ],
  [
    'eipclaims.skycap.io "192.0.2.0" is forbidden: ValidatingAdmissionPolicy \'p\' denied request: failed to configure policy: no',
    'ValidatingAdmissionPolicy p by undefined: failed to configure policy: no',
  ],
  ["policy 'm' with binding 'b' denied request: no such key: x", 'MutatingAdmissionPolicy m by b: no such key: x'],
  ['policy "m" denied request: no', 'MutatingAdmissionPolicy m by undefined: no'],
  ['Internal error occurred: etcdserver: request timed out', undefined],
])('%s', (message, expected) => {
  const found = refused(message);
  const who = found?.by === 'webhook' ? `webhook ${found.name} ${found.does}` : policyText(found);
  expect(found && `${who}: ${found.why}`).toBe(expected);
});

function policyText(found: AdmissionRefusal | undefined): string {
  return found?.by === 'policy' ? `${found.kind} ${found.name} by ${found.binding}` : 'server';
}

it.each([400, 403, 413, 422])('any other refusal by %i, which the next try will meet too, is told as it is', (code) => {
  const why = 'leases.coordination.k8s.io "a" is forbidden: exceeded quota: q';
  expect(refused(why, code)).toEqual({ by: 'server', why });
});

it.each([401, 404, 409, 410, 429, 500, 503])('%i is no refusal', (code) => {
  expect(refused('no', code)).toBeUndefined();
});

it('says what helps against a missing right', async () => {
  const why = 'eipclaims.skycap.io is forbidden: User "a" cannot create resource "eipclaims" in API group "skycap.io"';
  expect(await explainRefusal({ by: 'server', why }, lists([]))).toBe(
    `the API server refuses what Skycap writes: ${why}; Skycap's manifests have the right: apply them again`,
  );
});

it('says what to delete of a policy', async () => {
  const policy = { by: 'policy', kind: 'MutatingAdmissionPolicy', name: 'm', why: 'no' } as const;
  expect(await explainRefusal({ ...policy, binding: 'b' }, lists([]))).toMatch(
    /^MutatingAdmissionPolicy m refuses .*kubectl delete mutatingadmissionpolicybinding b$/,
  );
  expect(await explainRefusal(policy, lists([]))).toMatch(/kubectl delete mutatingadmissionpolicy m$/);
});

it('a webhook that refuses with the code of a conflict or an absence means neither', () => {
  const by = (statusCode: number, statusMessage: string, reason = '') =>
    new KubeError('patch eips "web"', { statusCode, reason, statusMessage });
  const denied = 'admission webhook "v.example.com" denied the request: not today';
  expect(isConflict(by(409, denied))).toBe(false);
  expect(isAlreadyExists(by(409, denied, 'AlreadyExists'))).toBe(false);
  expect(isNotFound(by(404, denied))).toBe(false);
  expect(isConflict(by(409, 'Operation cannot be fulfilled'))).toBe(true);
  expect(isNotFound(by(404, 'eips "web" not found'))).toBe(true);
});

it('is none where the API server could not be asked', () => {
  expect(admissionRefusalIn(new Error('failed calling webhook "v.example.com": no'))).toBeUndefined();
});

const lists = (validating: readonly [string, string][], mutating: readonly [string, string][] = []): KubeClient =>
  ({
    list: async (resource: object) => ({
      items: (resource === VALIDATING ? validating : mutating).map(([name, webhook]) => ({
        metadata: { name },
        webhooks: [{ name: 'another.example.com' }, { name: webhook }],
      })),
    }),
  }) as unknown as KubeClient;
const failed = { by: 'webhook', name: 'v.example.com', does: 'fails', why: 'gone' } as const;

it('names every configuration that has the webhook, and no other', async () => {
  const client = lists(
    [
      ['a', 'v.example.com'],
      ['b', 'w.example.com'],
    ],
    [['c', 'v.example.com']],
  );
  expect(await explainRefusal(failed, client)).toBe(
    'the webhook "v.example.com" of ValidatingWebhookConfiguration a and MutatingWebhookConfiguration c cannot be called, and lets nothing be written without it: gone; if its software is gone: kubectl delete validatingwebhookconfiguration a; kubectl delete mutatingwebhookconfiguration c',
  );
});

it('does not tell how to delete what was deleted a moment ago', async () => {
  expect(await explainRefusal(failed, lists([]))).toBe(
    'the webhook "v.example.com", which no configuration has any more, was in the way: gone',
  );
});

it('waits longer for an answer than the API server does for a webhook, or none would be named that hangs', () => {
  const longestTimeoutOfWebhookMs = 30_000;
  expect(REQUEST_TIMEOUT_MS).toBeGreaterThan(longestTimeoutOfWebhookMs);
});

it('where they may not be listed it says how to find it', async () => {
  const client = { list: () => Promise.reject(new Error('forbidden')) } as unknown as KubeClient;
  expect(await explainRefusal({ ...failed, does: 'refuses' }, client)).toBe(
    'the webhook "v.example.com" refuses what Skycap writes: gone; have it leave Skycap alone, or: look for it in kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o yaml',
  );
});
