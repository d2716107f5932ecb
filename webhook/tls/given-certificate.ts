/** The certificate that cert-manager writes into the Secret, judged. PURE. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Secret } from '../../lib/api/service/service.ts';
import { namesOf } from './tls-content.ts';

/** In PEM. */
export interface ServingPair {
  readonly certificate: string;
  readonly key: string;
}

export type GivenCertificate =
  | { readonly kind: 'Usable'; readonly pair: ServingPair; readonly notAfterMs: number }
  /** The message names the Secret, and what helps. */
  | { readonly kind: 'Unusable'; readonly message: string };

export interface GivenInput {
  readonly secret: Secret | undefined;
  /** `namespace/name`. */
  readonly secretKey: string;
  /** The name by which the API server calls the webhook. */
  readonly serverName: string;
  readonly nowMs: number;
}

export function judgeGiven({ secret, secretKey, serverName, nowMs }: GivenInput): GivenCertificate {
  const unusable = (why: string): GivenCertificate => ({
    kind: 'Unusable',
    message: `${why}; see the Certificate of cert-manager that writes Secret ${secretKey}`,
  });
  if (!secret) return unusable('the Secret does not exist');
  const [certificate = '', key = ''] = ['tls.crt', 'tls.key'].map((name) =>
    Buffer.from(secret.data?.[name] ?? '', 'base64').toString('utf8'),
  );
  if (certificate === '' || key === '') return unusable('the Secret has no tls.crt or no tls.key');
  const parsed = parsePair(certificate, key);
  if (!parsed) return unusable('tls.crt and tls.key are no certificate with its key');
  if (!namesOf(parsed).includes(serverName)) return unusable(`the certificate is not for ${serverName}`);
  const notAfterMs = parsed.validToDate.getTime();
  if (notAfterMs <= nowMs) return unusable(`the certificate expired at ${parsed.validToDate.toISOString()}`);
  return { kind: 'Usable', pair: { certificate, key }, notAfterMs };
}

/** @returns undefined if a part cannot be read, or the key is another's. */
function parsePair(certificate: string, key: string): X509Certificate | undefined {
  try {
    const parsed = new X509Certificate(certificate);
    return parsed.checkPrivateKey(createPrivateKey(key)) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
