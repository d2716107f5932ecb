/** Reads and writes the content of the Secret `skycap-webhook-tls`, and reads the facts of its certificates. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Secret } from '../../lib/api/service/service.ts';
import { formatAddress, parseAddress } from '../../lib/net/address.ts';

/** All in PEM. */
export interface TlsContent {
  /** Trusted authorities; the first one signs. */
  readonly authorities: readonly string[];
  readonly authorityKey: string;
  readonly certificate: string;
  readonly key: string;
}

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** The input of decisions, without cryptography. */
export interface TlsFacts {
  readonly authorities: readonly Validity[];
  readonly serving: Validity & {
    readonly names: readonly string[];
    /** The authority that signed it; undefined: none of them. */
    readonly signedBy: 'first' | 'other' | undefined;
  };
}

const KEYS = { authorities: 'ca.crt', authorityKey: 'ca.key', certificate: 'tls.crt', key: 'tls.key' } as const;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @returns undefined for a Secret that is empty or half filled. */
export function readContent(secret: Secret): TlsContent | undefined {
  const text = (key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
  const content = {
    authorities: (text(KEYS.authorities).match(CERTIFICATE) ?? []).map((pem) => `${pem}\n`),
    authorityKey: text(KEYS.authorityKey),
    certificate: text(KEYS.certificate),
    key: text(KEYS.key),
  };
  const isWhole = content.authorities.length > 0 && content.authorityKey && content.certificate && content.key;
  return isWhole ? content : undefined;
}

/** The Secret with this content; its other keys stay. */
export function withContent(secret: Secret, content: TlsContent): Secret {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    ...secret,
    data: {
      ...secret.data,
      [KEYS.authorities]: base64(bundleOf(content)),
      [KEYS.authorityKey]: base64(content.authorityKey),
      [KEYS.certificate]: base64(content.certificate),
      [KEYS.key]: base64(content.key),
    },
  };
}

/** For the caBundle. */
export function bundleOf({ authorities }: TlsContent): string {
  return authorities.join('');
}

/** @returns undefined if a part cannot be read, or a key does not match its certificate. */
export function factsOf(content: TlsContent): TlsFacts | undefined {
  try {
    const authorities = content.authorities.map((pem) => new X509Certificate(pem));
    const serving = new X509Certificate(content.certificate);
    if (!serving.checkPrivateKey(createPrivateKey(content.key))) return undefined;
    if (!authorities[0]?.checkPrivateKey(createPrivateKey(content.authorityKey))) return undefined;
    const signer = authorities.findIndex((one) => serving.checkIssued(one) && serving.verify(one.publicKey));
    return {
      authorities: authorities.map(validityOf),
      serving: {
        ...validityOf(serving),
        names: namesOf(serving),
        signedBy: signer < 0 ? undefined : signer === 0 ? 'first' : 'other',
      },
    };
  } catch {
    return undefined;
  }
}

function validityOf(certificate: X509Certificate): Validity {
  return { notBeforeMs: certificate.validFromDate.getTime(), notAfterMs: certificate.validToDate.getTime() };
}

/** `DNS:a.svc, IP Address:0:0:0:0:0:0:0:1`: Skycap's own names need no quoting, and addresses are given in canonical text. */
export function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  return subjectAltName.split(', ').map((entry) => {
    const name = entry.replace(/^(DNS|IP Address):/, '');
    const address = parseAddress(name);
    return address ? formatAddress(address) : name;
  });
}
