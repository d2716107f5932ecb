/** Skycap's webhook as the API server sees it: its configurations, the trust in its certificate, its endpoints. PURE. */
import { X509Certificate } from 'node:crypto';
import type { WebhookConfiguration } from '../../kube/http/admission-refusal.ts';
import type { Finding } from '../finding.ts';

export const WEBHOOK = 'skycap-webhook';
export const WEBHOOK_SECRET = 'skycap-webhook-tls';

export interface WebhookFacts {
  readonly namespace: string;
  readonly configurations: readonly {
    readonly kind: 'MutatingWebhookConfiguration' | 'ValidatingWebhookConfiguration';
    readonly object: WebhookConfiguration | undefined;
  }[];
  /** PEM, of the Secret; undefined if the user may not read the Secret. */
  readonly certificate: string | undefined;
  /** Undefined if the user may not read EndpointSlices. */
  readonly readyEndpoints: number | undefined;
  readonly nowMs: number;
}

/** Skycap renews its certificate a month before the end. */
const NEAR_END_MS = 14 * 24 * 3_600_000;
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const CONSEQUENCE = 'Services get their addresses some moments after the create call, and faulty Eips are accepted';

export function webhookFindings(facts: WebhookFacts): Finding[] {
  const { namespace, configurations, readyEndpoints } = facts;
  const service = { kind: 'Service', namespace, name: WEBHOOK };
  const unavailable: Finding = {
    reason: 'WebhookUnavailable',
    object: service,
    message: `no endpoint of the webhook is ready: ${CONSEQUENCE}`,
    remedy: `look at the pods: kubectl -n ${namespace} get pods -l app.kubernetes.io/component=webhook`,
  };
  return [
    ...configurations.flatMap((one) => aboutConfiguration(one, facts)),
    ...(readyEndpoints === 0 ? [unavailable] : []),
    ...aboutCertificate(facts),
  ];
}

function aboutConfiguration(
  { kind, object }: WebhookFacts['configurations'][number],
  { namespace, certificate }: WebhookFacts,
): Finding[] {
  const name = { kind, name: 'skycap' };
  if (!object) {
    const message = `the configuration does not exist, so the API server does not ask Skycap: ${CONSEQUENCE}`;
    return [
      { reason: 'WebhookMissing', object: name, message, remedy: 'install Skycap, or apply its manifests again' },
    ];
  }
  const bundles = (object.webhooks ?? []).map(({ clientConfig: { caBundle = '' } }) => caBundle);
  const remedy = `restart the webhook, which writes the caBundle: kubectl -n ${namespace} rollout restart deployment/${WEBHOOK}`;
  if (bundles.some((bundle) => bundle === '')) {
    const message = `a webhook has no caBundle, so the API server trusts no certificate: ${CONSEQUENCE}`;
    return [{ reason: 'CaBundleWrong', object: name, message, remedy }];
  }
  if (certificate === undefined || bundles.every((bundle) => isSignedBy(certificate, bundle))) return [];
  const message = `the caBundle did not sign the certificate in Secret ${namespace}/${WEBHOOK_SECRET}: ${CONSEQUENCE}`;
  return [{ reason: 'CaBundleWrong', object: name, message, remedy }];
}

function aboutCertificate({ namespace, certificate, nowMs }: WebhookFacts): Finding[] {
  const object = { kind: 'Secret', namespace, name: WEBHOOK_SECRET };
  const parsed = certificate === undefined ? undefined : certificatesIn(certificate)[0];
  if (!parsed) return [];
  const leftMs = parsed.validToDate.getTime() - nowMs;
  if (leftMs > NEAR_END_MS) return [];
  const end = parsed.validToDate.toISOString().slice(0, 10);
  const remedy = `look at the log of the webhook, which renews its certificate, or at cert-manager: kubectl -n ${namespace} logs deployment/${WEBHOOK}`;
  const message = leftMs > 0 ? `the certificate ends on ${end} and was not renewed` : `the certificate ended on ${end}`;
  return [{ reason: 'CertificateExpiring', object, message, remedy }];
}

/** @param bundle base64 of PEM. */
function isSignedBy(certificate: string, bundle: string): boolean {
  const [serving] = certificatesIn(certificate);
  const authorities = certificatesIn(Buffer.from(bundle, 'base64').toString('utf8'));
  return serving === undefined || authorities.some((one) => serving.checkIssued(one) && serving.verify(one.publicKey));
}

/** A text that is no certificate is skipped. */
function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(PEM) ?? []).flatMap((text) => {
    try {
      return [new X509Certificate(text)];
    } catch {
      return [];
    }
  });
}
