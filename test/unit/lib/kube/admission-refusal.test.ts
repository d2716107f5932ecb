/** Who keeps a write back, as the API server says it, and the configuration that has to be mended. */
import { admissionRefusalIn, explainRefusal, VALIDATING } from '../../../../lib/kube/admission-refusal.ts';
import type { KubeClient } from '../../../../lib/kube/client.ts';
import { KubeError } from '../../../../lib/kube/errors.ts';

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
    'policy p: hands off',
  ],
  ['exceeded quota: q, requested: services=1', undefined],
  ['Eip.network.kubesphere.io "web" is invalid: spec.address: Invalid value', undefined],
])('%s', (message, expected) => {
  const found = refused(message);
  const who = found?.by === 'webhook' ? `webhook ${found.name} ${found.does}` : `policy ${found?.name}`;
  expect(found && `${who}: ${found.why}`).toBe(expected);
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

it.each([
  ['where there is none any more', lists([])],
  ['where they may not be listed', { list: () => Promise.reject(new Error('forbidden')) } as unknown as KubeClient],
])('%s it says how to find it', async (_, client) => {
  expect(await explainRefusal({ ...failed, does: 'refuses' }, client)).toBe(
    'the webhook "v.example.com" refuses what Skycap writes: gone; have it leave Skycap alone, or: look for it in kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o yaml',
  );
});
