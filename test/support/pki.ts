/** A certificate authority for tests and for the lab: P-256 keys, certificates that outlive a soak and a lab that is kept for weeks. */
import 'reflect-metadata';
import { generateKeyPairSync, randomBytes, type webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface PemPair {
  readonly cert: string;
  readonly key: string;
}

export interface LeafOptions {
  readonly commonName: string;
  /** Kubernetes reads groups from O. */
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const LIFE_MS = 30 * 24 * 3_600_000;
/** Certificates begin in the past, so that a clock that is set back a little does no harm. */
const BACKDATE_MS = 300_000;

export class TestCa {
  readonly certPem: string;
  readonly keyPem: string;
  readonly #cert: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;

  private constructor(cert: x509.X509Certificate, key: webcrypto.CryptoKey, keyPem: string) {
    this.#cert = cert;
    this.#key = key;
    this.certPem = cert.toString('pem');
    this.keyPem = keyPem;
  }

  static async create(commonName = 'skycap-test-ca'): Promise<TestCa> {
    const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
    const cert = await x509.X509CertificateGenerator.createSelfSigned({
      ...validity(),
      name: `CN=${commonName}`,
      keys,
      signingAlgorithm: EC,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    });
    return new TestCa(cert, keys.privateKey, await pemOfKey(keys.privateKey));
  }

  /** A certificate good for a server and for a client. */
  async issue(options: LeafOptions): Promise<PemPair> {
    const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
    const names = [
      ...(options.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
      ...(options.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
    ];
    const cert = await x509.X509CertificateGenerator.create({
      ...validity(),
      subject: [...(options.organizations ?? []).map((o) => `O=${o}`), `CN=${options.commonName}`].join(', '),
      issuer: this.#cert.subject,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: EC,
      extensions: [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ],
    });
    return { cert: cert.toString('pem'), key: await pemOfKey(keys.privateKey) };
  }
}

/** The key pair that signs ServiceAccount tokens. */
export function serviceAccountKeys(): { readonly publicPem: string; readonly privatePem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privatePem: privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
  };
}

function validity() {
  return {
    serialNumber: `01${randomBytes(8).toString('hex')}`,
    notBefore: new Date(Date.now() - BACKDATE_MS),
    notAfter: new Date(Date.now() + LIFE_MS),
  };
}

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
