/**
 * Two webhook processes answer for one cluster, and neither tells the other: the API server's "already exists" is all that keeps them apart. And
 * what they share beside: one certificate.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NAMESPACES, SERVICES } from '../../../lib/kube/resource.ts';
import { eventually } from '../../support/eventually.ts';
import { marksText, service, WebhookLab, type WebhookProcess } from './harness.ts';

const EIP = 'eip.openelb.kubesphere.io/v1alpha2';
const BASE = join(import.meta.dirname, '../../../manifests/base');

let lab: WebhookLab;
beforeAll(async () => {
  lab = await WebhookLab.start(2);
  await lab.eip('hundred', '198.51.100.1-198.51.100.100');
  await lab.eip('wide', '10.64.0.0/16');
}, 180_000);
afterEach(releaseAll);
afterAll(() => lab[Symbol.asyncDispose]());

const live = (): WebhookProcess[] => lab.webhooks.filter(({ daemon }) => daemon.exited === undefined);
const reviewsBy = (webhook: WebhookProcess) =>
  lab.metric(webhook, /^skycap_webhook_reviews_total.*outcome="(assigned|pending)"/);

/** Creates them all at once; says what each got. */
async function createAll(namespace: string, count: number, annotations: Record<string, string>): Promise<string[]> {
  await lab.client.create(NAMESPACES, { metadata: { name: namespace } });
  const all = Array.from({ length: count }, (_, i) => {
    const one = service(`s${i}`, annotations);
    return lab.client.create(SERVICES, { ...one, metadata: { ...one.metadata, namespace } });
  });
  return (await Promise.all(all)).map(marksText);
}

/** There is no allocator here: what it would release is released by hand. */
async function releaseAll(): Promise<void> {
  const { status, message } = await lab.send('DELETE', '/apis/skycap.io/v1alpha1/eipclaims');
  if (status !== 200) throw new Error(`Cannot release the claims: ${message}`);
  await lab.untilInStep('eipclaims');
}

describe('200 creations at once over 100 addresses', () => {
  it.each([1, 2, 3])('give exactly 100 distinct addresses and 100 that wait (run %i)', async (run) => {
    // An Eip of its own: an address whose claim was deleted by hand is given to nobody before each Service that the claim named was read.
    const eip = `hundred-${run}`;
    await lab.eip(eip, `198.51.${100 + run}.1-198.51.${100 + run}.100`);
    const before = await Promise.all(live().map(reviewsBy));
    const got = await createAll(`run-${run}`, 200, { [EIP]: eip });
    // On a machine out of breath the API server gives up on some answers, and what those reviews were about to claim stays free: nobody repairs here.
    const givenUp = got.filter((text) => text === 'nothing').length;
    const claims = await eventually(async () => {
      const all = await lab.claims();
      expect(all.length).toBeGreaterThanOrEqual(100 - givenUp);
      expect(all.length).toBeLessThanOrEqual(100);
      return all;
    });
    expect(new Set(claims.map(({ spec }) => spec.address)).size).toBe(100);
    const byHolder = new Map(claims.map(({ spec }) => [spec.holders.map(({ name }) => name).join(), spec.address]));
    expect(byHolder.size).toBe(claims.length);
    const told = got.flatMap((text, i) => (text === 'nothing' ? [] : [[`s${i}`, text] as const]));
    for (const [name, text] of told) expect(text).toBe(byHolder.has(name) ? `${byHolder.get(name)} ${eip}` : 'waiting');
    expect(told.length).toBeGreaterThan(100);
    // Both had a hand in it, or it proves nothing.
    const after = await Promise.all(live().map(reviewsBy));
    for (const [i, count] of after.entries()) expect(count - before[i]!).toBeGreaterThan(20);
  });

  it('both families: never one without the other', async () => {
    await lab.eip('hundred6', '2001:db8::1-2001:db8::14');
    const name = 'run-dual';
    await lab.client.create(NAMESPACES, { metadata: { name } });
    // Ten at once: enough to race, and few enough that the API server waits for every answer.
    const names = Array.from({ length: 40 }, (_, i) => `s${i}`);
    const got: string[] = [];
    const createNext = async (): Promise<void> => {
      for (let next = names.pop(); next; next = names.pop()) {
        const one = service(next, { [EIP]: 'hundred,hundred6' }, { ipFamilyPolicy: 'RequireDualStack' });
        got.push(
          marksText(await lab.client.create(SERVICES, { ...one, metadata: { ...one.metadata, namespace: name } })),
        );
      }
    };
    await Promise.all(Array.from({ length: 10 }, createNext));
    const given = got.filter((text) => text !== 'waiting').map((text) => text.split(' ')[0]!.split(','));
    expect(got.filter((text) => text === 'waiting')).toHaveLength(20);
    expect(given.map((addresses) => addresses.length)).toEqual(Array(20).fill(2));
    expect(new Set(given.flat()).size).toBe(40);
    // What was claimed for a Service that then had to wait was given back.
    expect((await lab.claims()).map(({ spec }) => spec.address).sort()).toEqual(given.flat().sort());
  });
});

it('one of the two killed in the middle: no address is given twice, and the other goes on', async () => {
  const victim = live()[0]!;
  const before = await reviewsBy(victim);
  const creating = createAll('run-killed', 150, { [EIP]: 'wide' });
  await eventually(async () => expect(await reviewsBy(victim)).toBeGreaterThan(before + 5), { everyMs: 5 });
  await victim.daemon.kill('SIGKILL');
  const got = await creating;
  // The API server admits what it could not ask about: failurePolicy is Ignore, and the allocator sees to those.
  const addresses = got.filter((text) => text !== 'nothing');
  expect(new Set(addresses).size).toBe(addresses.length);
  expect(addresses.length).toBeGreaterThan(50);
  for (const { spec } of await lab.claims()) expect(spec.holders).toHaveLength(1);
});

it('one of the two told to stop: every creation gets its address', async () => {
  await lab.startWebhook();
  await lab.untilInStep('eips');
  const got: string[] = [];
  const names = Array.from({ length: 60 }, (_, i) => `leaving-${i}`);
  const createNext = async (): Promise<void> => {
    for (let name = names.pop(); name; name = names.pop()) {
      got.push(marksText(await lab.client.create(SERVICES, service(name, { [EIP]: 'wide' }))));
    }
  };
  const creating = Promise.all([createNext(), createNext(), createNext()]);
  // One that is at work, with the API server's connections open to it.
  const leaver = await eventually(async () => {
    for (const webhook of live()) if ((await reviewsBy(webhook)) > 5) return webhook;
    throw new Error('Cannot go on: no webhook was asked yet');
  });
  leaver.isReady = false;
  leaver.daemon.signal('SIGTERM');
  expect(names.length).toBeGreaterThan(0);
  await creating;
  await eventually(() => {
    const { exited } = leaver.daemon;
    if (exited !== 'exited with code 0') {
      throw new Error(`Cannot go on: the webhook ${exited}: ${leaver.daemon.tail()}`);
    }
  });
  await lab.startWebhook();
  expect(got.filter((text) => / wide$/.test(text))).toHaveLength(60);
  expect(new Set(got).size).toBe(60);
});

describe('the certificate', () => {
  const secret = ['secret', 'skycap-webhook-tls', '-n', 'skycap-system'];
  const read = (path: string, ...what: readonly string[]) =>
    lab.plane.kubectl(['get', ...what, '-o', `jsonpath={${path}}`]);
  const bundle = (kind: string) => read('.webhooks[0].clientConfig.caBundle', `${kind}webhookconfiguration`, 'skycap');
  const isAsked = () =>
    eventually(async () => {
      expect(
        marksText(await lab.client.create(SERVICES, service('probe', { [EIP]: 'wide' }), { dryRun: true })),
      ).toMatch(/wide$/);
    });

  it('was made once, and both use it', async () => {
    const steps = live().map(
      (webhook) => lab.logOf(webhook).filter(({ msg }) => msg === 'wrote webhook certificate').length,
    );
    expect(steps.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(1);
    expect(await bundle('mutating')).toBe(await read('.data.ca\\.crt', ...secret));
  });

  it('its caBundle comes back when it is taken away', async () => {
    const before = await bundle('mutating');
    for (const kind of ['mutating', 'validating']) {
      const ops = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
      await lab.plane.kubectl([
        'patch',
        `${kind}webhookconfiguration`,
        'skycap',
        '--type=json',
        '-p',
        JSON.stringify(ops),
      ]);
    }
    await eventually(async () =>
      expect([await bundle('mutating'), await bundle('validating')]).toEqual([before, before]),
    );
    await isAsked();
  });

  it('is made anew when its Secret is emptied, and taken into use without a restart', async () => {
    const before = await read('.data.tls\\.crt', ...secret);
    await lab.plane.kubectl(['patch', ...secret, '--type=json', '-p', '[{"op":"remove","path":"/data"}]']);
    await eventually(async () => {
      const made = await read('.data.tls\\.crt', ...secret);
      expect(made).not.toBe('');
      expect(made).not.toBe(before);
      expect(await bundle('mutating')).toBe(await read('.data.ca\\.crt', ...secret));
    });
    await isAsked();
    expect(live()).toHaveLength(2);
  });

  it('applying the manifests again leaves it', async () => {
    const before = await read('.data.tls\\.crt', ...secret);
    expect(readFileSync(join(BASE, 'webhook.yaml'), 'utf8')).toContain('skycap-webhook-tls');
    await lab.plane.kubectl(['apply', '-f', join(BASE, 'webhook.yaml')]);
    expect(await read('.data.tls\\.crt', ...secret)).toBe(before);
  });
});

it('their ServiceAccount may do all that they did', async () => {
  for (const webhook of live()) expect(await lab.metric(webhook, /^skycap_api_requests_total.*code="403"/)).toBe(0);
});
