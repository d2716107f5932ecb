/** The certificates, judged by Node's own TLS: an independent reader of what @peculiar/x509 writes. */
import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { makeContent, withNewAuthority, withNewServing } from '../../../../webhook/tls/certificates.ts';
import { bundleOf, factsOf, readContent, type TlsContent, withContent } from '../../../../webhook/tls/tls-content.ts';

const options = { names: ['skycap-webhook.skycap-system.svc', '127.0.0.1', '::1'], now: new Date() };

/** Who trusts `ca` and calls `name` gets through. */
async function handshake({ certificate, key }: TlsContent, ca: string, name: string): Promise<string> {
  const server = createServer({ cert: certificate, key });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await new Promise((resolve) => {
      const port = (server.address() as AddressInfo).port;
      const socket = connect({ host: '127.0.0.1', port, ca, servername: name });
      socket
        .on('secureConnect', () => resolve('ok'))
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      socket.on('close', () => socket.destroy());
      socket.once('secureConnect', () => socket.end());
    });
  } finally {
    server.close();
  }
}

it('the certificate is trusted by who trusts the bundle, for its names', async () => {
  const content = await makeContent(options);
  expect(await handshake(content, bundleOf(content), 'skycap-webhook.skycap-system.svc')).toBe('ok');
  expect(await handshake(content, bundleOf(content), 'other.svc')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  expect(factsOf(content)).toMatchObject({
    authorities: [{}],
    serving: { names: ['skycap-webhook.skycap-system.svc', '127.0.0.1', '::1'], signedBy: 'first' },
  });
  const ca = new X509Certificate(content.authorities[0]!);
  expect([ca.ca, new X509Certificate(content.certificate).ca]).toEqual([true, false]);
});

it('a new authority joins the old one, and either certificate is trusted by who trusts both', async () => {
  const before = await makeContent(options);
  const both = await withNewAuthority(before, options.now);
  expect(both.authorities).toHaveLength(2);
  expect(both.authorities[1]).toBe(before.authorities[0]);
  expect(factsOf(both)?.serving.signedBy).toBe('other');
  expect(await handshake(both, bundleOf(both), options.names[0]!)).toBe('ok');
  const after = await withNewServing(both, options);
  expect(factsOf(after)?.serving.signedBy).toBe('first');
  expect(await handshake(after, bundleOf(both), options.names[0]!)).toBe('ok');
  expect(await handshake(after, bundleOf(before), options.names[0]!)).not.toBe('ok');
});

describe('the Secret', () => {
  const secret = { metadata: { name: 'skycap-webhook-tls' } };

  it('gives back what was written, and leaves what is not ours', async () => {
    const content = await withNewAuthority(await makeContent(options), options.now);
    const written = withContent({ ...secret, data: { other: 'eA==' } }, content);
    expect(readContent(written)).toEqual(content);
    expect(written.data).toMatchObject({ other: 'eA==' });
    expect(Object.keys(written.data ?? {}).sort()).toEqual(['ca.crt', 'ca.key', 'other', 'tls.crt', 'tls.key']);
  });

  it('that is empty or half filled holds nothing', () => {
    expect(readContent(secret)).toBeUndefined();
    expect(readContent({ ...secret, data: {} })).toBeUndefined();
    expect(readContent({ ...secret, data: { 'tls.crt': 'eA==', 'tls.key': 'eA==' } })).toBeUndefined();
  });

  it('with damaged content says nothing of it', async () => {
    const content = await makeContent(options);
    const other = await makeContent(options);
    expect(factsOf({ ...content, certificate: 'nonsense' })).toBeUndefined();
    expect(factsOf({ ...content, key: other.key })).toBeUndefined();
    expect(factsOf({ ...content, authorityKey: other.authorityKey })).toBeUndefined();
    expect(
      factsOf({ ...content, authorities: other.authorities, authorityKey: other.authorityKey })?.serving.signedBy,
    ).toBeUndefined();
  });
});
