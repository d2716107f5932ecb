/** The caBundle in a webhook configuration. */
import { caBundlePatch } from '../../../../webhook/tls/ca-bundle.ts';

const metadata = { name: 'skycap', resourceVersion: '7' };
const caBundle = Buffer.from('PEM').toString('base64');

it('is put where it is missing or another', () => {
  const webhooks = [
    { name: 'a', clientConfig: {} },
    { name: 'b', clientConfig: { caBundle } },
    { name: 'c', clientConfig: { caBundle: 'b3RoZXI=' } },
  ];
  expect(caBundlePatch({ metadata, webhooks }, 'PEM')).toEqual({
    metadata: { resourceVersion: '7' },
    webhooks: [
      { name: 'a', clientConfig: { caBundle } },
      { name: 'c', clientConfig: { caBundle } },
    ],
  });
});

it('is left where it is right', () => {
  expect(caBundlePatch({ metadata, webhooks: [{ name: 'b', clientConfig: { caBundle } }] }, 'PEM')).toBeUndefined();
  expect(caBundlePatch({ metadata }, 'PEM')).toBeUndefined();
});
