/**
 * What must hold at the end of the whole run, in each of its labs. Named so that it comes last, when the other files have had every component do its work, thousands of
 * Services have gone, and most of the grace period for what they left is over.
 */
import { readFile } from 'node:fs/promises';
import type { ClaimHolder, EipClaim } from '../../lib/api/skycap/claim.ts';
import { eventsIn, forbiddenIn } from '../lab/audit.ts';
import { Lab } from '../lab/lab.ts';
import { eventually } from '../lab/poll.ts';
import { isLabInUse } from './support/lab-use.ts';
import { type LabService, publishedOf } from './support/scene.ts';
import { labOfWorker, testLabs } from './support/test-lab.ts';

const COMPONENTS = ['skycap-webhook', 'skycap-allocator', 'skycap-speaker'];
/** `SKYCAP_CLAIM_GRACE_SECONDS`, and a moment for the work. */
const GRACE_MS = 75_000;

/** The longest file that may still run in the other lab. */
const OTHERS_DONE_MS = 300_000;

describe.each(testLabs())('%s', (name) => {
  let lab: Lab;
  beforeAll(async () => {
    if (name !== labOfWorker()) {
      const what = `no test in the lab ${name}`;
      await eventually(async () => !(await isLabInUse(name)), { what, deadlineMs: OTHERS_DONE_MS, intervalMs: 1_000 });
    }
    lab = await Lab.attach(name);
  }, OTHERS_DONE_MS + 10_000);
  afterAll(() => lab?.detach());

  test('no request of Skycap’s accounts was refused by RBAC', async () => {
    const log = await readFile(lab.layout.auditLog, 'utf8');
    const users = new Set(eventsIn(log).map((event) => event.user.username));
    for (const name of COMPONENTS) expect(users).toContain(`system:serviceaccount:skycap-system:${name}`);
    expect(forbiddenIn(log).map(({ user, verb, requestURI }) => `${user.username} ${verb} ${requestURI}`)).toEqual([]);
  });

  test('no claim is left of what went, after the grace period', async () => {
    const items = async <T>(path: string): Promise<readonly T[]> => (await lab.api.get<{ items: T[] }>(path)).items;
    const leftOver = async (): Promise<string[]> => {
      const services = await items<LabService>('/api/v1/services');
      const publishes = ({ uid, namespace, name, token }: ClaimHolder, address: string): boolean =>
        services.some((service) => {
          const { metadata } = service;
          const isOfName = metadata.namespace === namespace && metadata.name === name;
          const isHolder = uid ? uid === metadata.uid : isOfName && token === metadata.annotations?.['skycap.io/claim'];
          return isHolder && publishedOf(service).includes(address);
        });
      const claims = await items<EipClaim>('/apis/skycap.io/v1alpha1/eipclaims');
      return claims.flatMap(({ spec: { address, holders } }) =>
        holders
          .filter((holder) => !publishes(holder, address))
          .map(({ namespace, name, uid, since }) => `${address} ${namespace}/${name} ${uid} since ${since}`),
      );
    };
    const nothingIsLeft = async (): Promise<boolean> => {
      expect(await leftOver()).toEqual([]);
      return true;
    };
    await eventually(nothingIsLeft, {
      what: 'every claim held by a Service that publishes the address',
      deadlineMs: GRACE_MS,
      intervalMs: 500,
    });
  }, 120_000);
});
