/**
 * The certificate that Skycap makes: a real API server calls two webhooks by it, while clocks are wrong, the Secret is deleted, a foreign caBundle is written and the
 * authority is rotated.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { Secret } from '../../../lib/api/service/service.ts';
import { SECRETS, SERVICES } from '../../../lib/kube/resource.ts';
import { makeContent, withNewServing } from '../../../webhook/tls/certificates.ts';
import { readContent, withContent } from '../../../webhook/tls/tls-content.ts';
import { eventually } from '../../support/eventually.ts';
import { marksText, service, WebhookLab, type WebhookProcess } from './harness.ts';

const EIP = 'eip.openelb.kubesphere.io/v1alpha2';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const REF = { name: 'skycap-webhook-tls', namespace: 'skycap-system' };
const CONFIGURATIONS = ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'];
const SHIFTED_CLOCK = join(import.meta.dirname, '../../support/shifted-clock.mjs');

let lab: WebhookLab;
const clockFiles: string[] = [];

beforeAll(async () => {
  lab = await WebhookLab.start(0, { isReplaceable: true, prepare: startTwo });
  await lab.eip('wide', '10.64.0.0/16');
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

async function startTwo(started: WebhookLab): Promise<void> {
  for (const name of ['first', 'second']) {
    const file = join(started.plane.dir, `clock-of-${name}.json`);
    clockFiles.push(file);
    writeFileSync(file, clockText({}));
    const options = `--disable-warning=ExperimentalWarning --import ${SHIFTED_CLOCK}`;
    await started.startWebhook({ NODE_OPTIONS: options, CLOCK_FILE: file });
  }
}

function clockText({ wallMs = 0, monotonicMs = 0 }: { wallMs?: number; monotonicMs?: number }): string {
  return JSON.stringify({ wallMs, monotonicMs });
}

/** Returns once the webhook goes by it. */
async function setClock(file: string, shift: Parameters<typeof clockText>[0]): Promise<void> {
  writeFileSync(file, clockText(shift));
  await eventually(() => expect(readFileSync(`${file}.read`, 'utf8')).toBe(clockText(shift)));
}

const secret = (): Promise<Secret> => lab.client.get(SECRETS, REF);
const certificateOf = (read: Secret) => readContent(read)?.certificate ?? '';
const bundleOf = (kind: string) =>
  lab.plane.kubectl(['get', kind, 'skycap', '-o', 'jsonpath={.webhooks[0].clientConfig.caBundle}']);

/** The Secret is filled, both configurations trust it, and the API server gets answers. */
async function inOrder(is: (read: Secret) => boolean = () => true): Promise<Secret> {
  const read = await eventually(
    async () => {
      const found = await secret();
      expect(is(found) && certificateOf(found) !== '').toBe(true);
      for (const kind of CONFIGURATIONS) expect(await bundleOf(kind)).toBe(found.data?.['ca.crt']);
      return found;
    },
    { withinMs: 20_000 },
  );
  await eventually(async () => expect(await dryCreation()).toMatch(/wide$/), { withinMs: 20_000 });
  return read;
}

async function dryCreation(): Promise<string> {
  return marksText(await lab.client.create(SERVICES, service('probe', { [EIP]: 'wide' }), { dryRun: true }));
}

/** Creates Services one after the other while `work` lasts. @returns how many there were, and how many without an address. */
async function underCreations(work: () => Promise<unknown>): Promise<{ all: number; without: number }> {
  const seen = { all: 0, without: 0, isOver: false };
  const creating = (async () => {
    while (!seen.isOver) {
      if (!(await dryCreation()).endsWith('wide')) seen.without++;
      seen.all++;
    }
  })();
  try {
    await work();
  } finally {
    seen.isOver = true;
    await creating;
  }
  return seen;
}

function servedBy({ port }: WebhookProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256);
      socket.destroy();
    });
    socket.once('error', () => resolve(undefined));
  });
}

/** A change of a configuration that means nothing: the webhooks look at the certificate. */
async function nudge(): Promise<void> {
  await lab.plane.kubectl(['annotate', 'mutatingwebhookconfiguration', 'skycap', '--overwrite', `t=${Math.random()}`]);
}

const exits = () => lab.webhooks.map(({ daemon }) => daemon.exited);

it.each([
  ['ahead', 2 * HOUR_MS],
  ['behind', -2 * HOUR_MS],
])('is trusted by the API server where the clocks of the webhooks are two hours %s', async (_, wallMs) => {
  const before = certificateOf(await inOrder());
  for (const file of clockFiles) await setClock(file, { wallMs });
  await lab.client.delete(SECRETS, REF);
  const made = new X509Certificate(certificateOf(await inOrder((read) => certificateOf(read) !== before)));
  // By the clock of the webhook.
  expect(Math.abs(made.validToDate.getTime() - 90 * DAY_MS - Date.now() - wallMs)).toBeLessThan(HOUR_MS / 2);
  for (const file of clockFiles) await setClock(file, {});
});

it('comes back within seconds after its Secret was deleted, by one webhook, and both use it', async () => {
  const before = certificateOf(await inOrder());
  const { all, without } = await underCreations(async () => {
    await lab.client.delete(SECRETS, REF);
    await inOrder((read) => certificateOf(read) !== before);
  });
  const { fingerprint256 } = new X509Certificate(certificateOf(await secret()));
  await eventually(async () => {
    expect(await Promise.all(lab.webhooks.map(servedBy))).toEqual([fingerprint256, fingerprint256]);
  });
  expect(exits()).toEqual([undefined, undefined]);
  // A creation that meets the change of authorities is admitted without an address, and the allocator gives one.
  expect(without).toBeLessThan(all / 2);
  process.stderr.write(`the Secret deleted: ${without} of ${all} creations had no address in the answer\n`);
});

it('is trusted again after somebody has written a foreign caBundle', async () => {
  const { authorities } = await makeContent({ names: ['stranger.svc'], now: new Date() });
  const value = Buffer.from(authorities.join('')).toString('base64');
  const patch = JSON.stringify([{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value }]);
  for (const kind of CONFIGURATIONS) await lab.plane.kubectl(['patch', kind, 'skycap', '--type=json', '-p', patch]);
  await inOrder();
});

it('and its authority are rotated without a restart and without a creation that goes without', async () => {
  const names = ['skycap-webhook.skycap-system.svc', '127.0.0.1'];
  const ago = (days: number) => ({ names, now: new Date(Date.now() - days * DAY_MS) });
  // Two thirds of the authority's life are over.
  const old = await withNewServing(await makeContent(ago(740)), ago(10));
  await lab.client.replace(SECRETS, withContent(await secret(), old));
  const overlapping = await inOrder((read) => readContent(read)?.authorities.length === 2);
  expect(certificateOf(overlapping)).toBe(old.certificate);
  expect(readContent(overlapping)?.authorities[1]).toBe(old.authorities[0]);
  const seen = await underCreations(async () => {
    await nudge();
    for (const file of clockFiles) await setClock(file, { monotonicMs: 61_000 });
    await eventually(
      async () => {
        await nudge();
        expect(certificateOf(await secret())).not.toBe(old.certificate);
      },
      { everyMs: 200 },
    );
    const { fingerprint256 } = new X509Certificate(certificateOf(await secret()));
    await eventually(async () => {
      expect(await Promise.all(lab.webhooks.map(servedBy))).toEqual([fingerprint256, fingerprint256]);
    });
    // New connections of the API server meet the new certificate.
    for (const kind of CONFIGURATIONS) await lab.plane.kubectl(['annotate', kind, 'skycap', 'over=true']);
  });
  expect(seen).toMatchObject({ without: 0 });
  expect(seen.all).toBeGreaterThan(10);
  const { certificate = '', authorities = [] } = readContent(await secret()) ?? {};
  expect(authorities).toHaveLength(2);
  expect(new X509Certificate(certificate).checkIssued(new X509Certificate(authorities[0]!))).toBe(true);
  expect(exits()).toEqual([undefined, undefined]);
});

it('stays where the clock of one webhook jumps by an hour', async () => {
  const before = await inOrder();
  for (const wallMs of [HOUR_MS, -HOUR_MS]) {
    await setClock(clockFiles[0]!, { wallMs });
    const { all, without } = await underCreations(async () => {
      for (let i = 0; i < 5; i++) await nudge();
    });
    expect([all > 0, without]).toEqual([true, 0]);
  }
  await setClock(clockFiles[0]!, {});
  expect((await secret()).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
});
