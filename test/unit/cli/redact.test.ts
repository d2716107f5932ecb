/** What must not leave the cluster does not, and what helps stays. */
import * as fc from 'fast-check';
import { REMOVED, redactLog, redactText, redactValue } from '../../../cli/commands/support-bundle/redact.ts';

const SECRET = 'Xq7-hunter2';

test.each([
  `  password "${SECRET}";`,
  `password "a\\"${SECRET}"`,
  `authPassword: ${SECRET}`,
  `{"authPassword":"${SECRET}"}`,
  `--metrics-token=${SECRET}`,
  `SKYCAP_METRICS_TOKEN=${SECRET}`,
  `Authorization: Bearer ${SECRET}`,
  `got header Bearer ${SECRET} from`,
  `https://admin:${SECRET}@registry.example/x`,
  `-----BEGIN EC PRIVATE KEY-----\n${SECRET}\n-----END EC PRIVATE KEY-----`,
  `-----BEGIN PRIVATE KEY-----\n${SECRET}`,
  `client_secret='${SECRET}'`,
])('%s', (text) => {
  expect(redactText(text)).not.toContain(SECRET);
  expect(redactText(text)).toContain(REMOVED);
});

test('a token of a ServiceAccount goes, wherever it stands', () => {
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlIn0.c2lnbmF0dXJl';
  expect(redactText(`a ${jwt} b`)).toBe(`a ${REMOVED} b`);
});

test('what helps stays', () => {
  const text =
    'session router is down: Received: Authentication failure; the Secret skycap-bgp-passwords has no key router';
  expect(redactText(text)).toBe(text);
  expect(redactValue({ authPasswordSecretRef: { name: 'skycap-bgp-passwords', key: 'router' } })).toEqual({
    authPasswordSecretRef: { name: 'skycap-bgp-passwords', key: 'router' },
  });
});

test('an object: annotations of others, managed fields, tokens of claims, variables of pods', () => {
  const object = {
    metadata: {
      name: 'web',
      managedFields: [{ manager: SECRET }],
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': SECRET,
        'example.com/note': SECRET,
        'skycap.io/claim': SECRET,
        'skycap.io/addresses': '192.0.2.1',
      },
    },
    spec: {
      holders: [{ name: 'web', token: SECRET }],
      containers: [
        {
          env: [
            { name: 'DB_PASSWORD', value: SECRET },
            { name: 'LEVEL', value: 'info' },
          ],
        },
      ],
      automountServiceAccountToken: false,
    },
  };
  const redacted = JSON.stringify(redactValue(object));
  expect(redacted).not.toContain(SECRET);
  expect(redacted).toContain('192.0.2.1');
  expect(redacted).toContain('"value":"info"');
  expect(redacted).toContain('"automountServiceAccountToken":false');
});

test('a line of a log keeps its form', () => {
  const line = JSON.stringify({ level: 'info', authPassword: SECRET, count: 3 });
  expect(redactLog(`${line}\n2026 plain password "${SECRET}"\n`)).toBe(
    `${JSON.stringify({ level: 'info', authPassword: REMOVED, count: 3 })}\n2026 plain password "${REMOVED}"\n`,
  );
});

test('a password in a field of that name goes, whatever it is and however deep', () => {
  const keys = fc.constantFrom('password', 'authPassword', 'token', 'clientSecret', 'api_key');
  const secrets = fc.string({ unit: 'grapheme', minLength: 12, maxLength: 40 });
  fc.assert(
    fc.property(keys, secrets, fc.array(fc.constantFrom('a', 'spec'), { maxLength: 5 }), (key, secret, path) => {
      const object = path.reduce<unknown>((inner, name) => ({ [name]: [inner] }), { [key]: `s3${secret}` });
      expect(JSON.stringify(redactValue(object))).not.toContain(JSON.stringify(`s3${secret}`).slice(1, -1));
    }),
  );
});
