/** Makes the certificates: an authority of Skycap's own, and the webhook's certificate from it. ECDSA P-256, which every API server knows. */
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { TlsContent } from './tls-content.ts';

export interface CertificateOptions {
  /** Names and IP addresses of the webhook. */
  readonly names: readonly string[];
  readonly now: Date;
}

/** Short enough that renewal is no rare event. */
export const AUTHORITY_DAYS = 3 * 365;
export const SERVING_DAYS = 90;

const DAY_MS = 24 * 3_600_000;
/** The clocks of API server and node may differ: by a time zone, where one of them has the local time for UTC. */
const BACKDATE_MS = DAY_MS;
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/** A new authority and a new certificate. */
export async function makeContent(options: CertificateOptions): Promise<TlsContent> {
  const authority = await makeAuthority(options.now);
  return {
    authorities: [pemOf(authority.certificate)],
    authorityKey: await pemOfKey(authority.key),
    ...(await makeServing(authority, options)),
  };
}

/** Adds a new authority before the trusted ones; the webhook's certificate stays. */
export async function withNewAuthority(content: TlsContent, now: Date): Promise<TlsContent> {
  const authority = await makeAuthority(now);
  return {
    ...content,
    authorities: [pemOf(authority.certificate), ...content.authorities],
    authorityKey: await pemOfKey(authority.key),
  };
}

/** A new certificate for the webhook from the first authority. */
export async function withNewServing(content: TlsContent, options: CertificateOptions): Promise<TlsContent> {
  const authority = {
    certificate: new x509.X509Certificate(content.authorities[0] ?? ''),
    key: await readKey(content.authorityKey),
  };
  return { ...content, ...(await makeServing(authority, options)) };
}

async function makeAuthority(now: Date): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(now, AUTHORITY_DAYS),
    // Each authority has its own name, so that a verifier that looks up issuers by name finds the right one of two.
    name: `CN=skycap-webhook-ca-${Math.floor(now.getTime() / 1000)}`,
    keys,
    signingAlgorithm: EC,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey };
}

async function makeServing(
  authority: Authority,
  { names, now }: CertificateOptions,
): Promise<Pick<TlsContent, 'certificate' | 'key'>> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(now, SERVING_DAYS),
    subject: `CN=${names[0]}`,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    signingAlgorithm: EC,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map(alternativeName)),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  return { certificate: pemOf(certificate), key: await pemOfKey(keys.privateKey) };
}

function alternativeName(name: string): { type: 'dns' | 'ip'; value: string } {
  return { type: /^[0-9.]+$|:/.test(name) ? 'ip' : 'dns', value: name };
}

function validity(now: Date, days: number) {
  return { notBefore: new Date(now.getTime() - BACKDATE_MS), notAfter: new Date(now.getTime() + days * DAY_MS) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
}

function readKey(pem: string): Promise<webcrypto.CryptoKey> {
  const bytes = x509.PemConverter.decodeFirst(pem);
  return crypto.subtle.importKey('pkcs8', bytes, EC, true, ['sign']);
}

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY').trim()}\n`;
}

function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`;
}
