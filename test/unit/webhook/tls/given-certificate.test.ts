/** Which certificate of cert-manager is taken into use, and what is said of one that is not. */
import { makeContent, SERVING_DAYS } from '../../../../webhook/tls/certificates.ts';
import { judgeGiven } from '../../../../webhook/tls/given-certificate.ts';

const NAME = 'skycap-webhook.lb.svc';
const now = new Date('2026-01-01T00:00:00Z');
const DAY_MS = 86_400_000;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const pair = await makeContent({ names: [NAME, '192.0.2.1'], now });
const other = await makeContent({ names: ['other.svc'], now });

const verdict = (data: Record<string, string> | undefined, nowMs = now.getTime()) => {
  const secret = data && { metadata: { name: 'skycap-webhook-tls', namespace: 'lb' }, data };
  const given = judgeGiven({ secret, secretKey: 'lb/skycap-webhook-tls', serverName: NAME, nowMs });
  return given.kind === 'Usable' ? 'Usable' : given.message;
};
const secretOf = (certificate: string, key: string) => ({ 'tls.crt': base64(certificate), 'tls.key': base64(key) });
const good = secretOf(pair.certificate, pair.key);

it.each<[string, string, RegExp]>([
  ['as cert-manager writes it', verdict({ ...good, 'ca.crt': base64(pair.authorities[0] ?? '') }), /^Usable$/],
  ['with its chain', verdict(secretOf(pair.certificate + pair.authorities[0], pair.key)), /^Usable$/],
  ['missing', verdict(undefined), /^the Secret does not exist; see the Certificate .* Secret lb\/skycap-webhook-tls$/],
  ['empty', verdict({}), /^the Secret has no tls\.crt or no tls\.key; /],
  ['without a key', verdict({ 'tls.crt': good['tls.crt'] }), /^the Secret has no tls\.crt or no tls\.key; /],
  ['no PEM', verdict(secretOf('a', 'b')), /^tls\.crt and tls\.key are no certificate with its key; /],
  ["another's key", verdict(secretOf(pair.certificate, other.key)), /^tls\.crt and tls\.key are no certificate with/],
  ["another's name", verdict(secretOf(other.certificate, other.key)), /^the certificate is not for skycap-webhook\.lb/],
  ['a day before its end', verdict(good, now.getTime() + (SERVING_DAYS - 1) * DAY_MS), /^Usable$/],
  ['after its end', verdict(good, now.getTime() + SERVING_DAYS * DAY_MS), /^the certificate expired at 2026-04-01T/],
])('%s', (_, said, expected) => {
  expect(said).toMatch(expected);
});
