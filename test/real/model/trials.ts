/** Steps that wait for rest first and can then say exactly what has to come of something. */
import fc from 'fast-check';
import type { ClaimHolder } from '../../../lib/api/skycap/claim.ts';
import { EIPS, SERVICES } from '../../../lib/kube/resource.ts';
import { addressOf, formatAddress } from '../../../lib/net/address.ts';
import { eventually } from '../../support/eventually.ts';
import { addressesIn, conditionOf, isHolderOf } from './agreement.ts';
import { type AtRest, isIn, rangesOf } from './rest.ts';
import { EIP_KEYS } from './run.ts';
import { step } from './step.ts';
import { serviceFor, type Wish } from './wish.ts';

const PLAIN: Wish = {
  eip: 'a',
  requested: undefined,
  sharing: 'no',
  ports: [80],
  families: 'single',
  policy: 'Cluster',
};
const ADDRESSES = 'skycap.io/addresses';
const NAMED = 'eip.openelb.kubesphere.io/v1alpha2';
let uids = 0;

/** Of what is free, the lowest is given; a dry run and every webhook say the same. */
export const lowestFirst = step('expect the lowest free address', fc.constantFrom(...EIP_KEYS), async (run, key) => {
  await run.untilAtRest();
  const claimedRequest: Wish = { ...PLAIN, eip: key, families: key === 'six' ? 'six' : 'single' };
  const service = serviceFor(run, `${run.prefix}x/lowest-${++uids}`, claimedRequest);
  const ask = async (dryRun: boolean): Promise<string | undefined> =>
    (await run.site.client.create(SERVICES, service, { dryRun })).metadata.annotations?.[ADDRESSES];
  const lowest = await eventually(
    async () => {
      // Anew each time: who would like a second family takes it when it likes.
      const expected = lowestFree(await run.look(), run.eipName(key));
      if (expected === undefined) return undefined;
      // The webhooks' caches follow, and one may just be starting, or still leave addresses to the other; what is right once is right from then on.
      expectSame(await ask(true), expected, 'a dry run');
      for (const which of [0, 1]) {
        const { metadata } = await run.site.review(which, service, `lowest-${uids}`, true);
        expectSame(metadata.annotations?.[ADDRESSES], expected, `a dry run of webhook ${which}`);
      }
      return expected;
    },
    { withinMs: 60_000 },
  );
  if (lowest === undefined) return;
  const given = await ask(false);
  const isTaken = (await run.claims()).some(
    ({ spec }) => spec.address === lowest && !spec.holders.some(({ name }) => name === service.metadata.name),
  );
  if (given !== undefined && !isTaken) expectSame(given, lowest, 'a creation');
});

/** Of an Eip that gives addresses, while nothing is about to be let go. */
function lowestFree({ eips, claims, services }: AtRest, name: string): string | undefined {
  const eip = eips.find(({ metadata }) => metadata.name === name);
  const range = rangesOf(eips)?.get(name);
  const isStored = (holder: ClaimHolder) => services.some((service) => isHolderOf(service, holder));
  const isInMotion = !claims.every(({ spec }) => spec.holders.every(isStored));
  if (!range || eip?.spec?.disable || isInMotion) return undefined;
  let value = range.first;
  const isTaken = () => claims.some(({ spec }) => spec.address === formatAddress(addressOf(range.family, value)));
  while (value <= range.last && isTaken()) value++;
  return value > range.last ? undefined : formatAddress(addressOf(range.family, value));
}

/** An Eip that is made again gives each Service the address that it had. */
export const eipRoundTrip = step(
  'delete an Eip and make it again',
  fc.tuple(fc.constantFrom(...EIP_KEYS), fc.boolean()),
  async (run, [key, isNoticed]) => {
    const before = await run.untilAtRest();
    const name = run.eipName(key);
    if (!before.eips.some(({ metadata }) => metadata.name === name)) return;
    const range = rangesOf([{ metadata: { name }, spec: { address: run.rangesOf(key)[0] } }])?.get(name);
    const loyal = before.services.filter(
      (service) =>
        service.metadata.annotations?.[NAMED] === name &&
        conditionOf(service)?.reason === 'Assigned' &&
        addressesIn(service).every((address) => isIn(range, address)),
    );
    await run.deleteEip(key);
    if (isNoticed) {
      await eventually(
        async () => {
          if ((await run.eips()).some(({ metadata }) => metadata.name === name)) return;
          const uids = loyal.map(({ metadata: { uid } }) => uid);
          const told = (await run.services()).filter(({ metadata: { uid } }) => uids.includes(uid)).map(conditionOf);
          const others = told.filter((condition) => condition?.reason !== 'KeepsFormerAddress');
          if (others.length > 0) throw new Error(`Cannot see all told that the Eip is gone: ${others.length} are not`);
        },
        { withinMs: 60_000 },
      );
    }
    await run.createEip(key);
    const after = await run.untilAtRest();
    for (const service of loyal) {
      const again = after.services.find(({ metadata }) => metadata.uid === service.metadata.uid);
      const { name: serviceName } = service.metadata;
      expectSame(
        again && addressesIn(again).join(),
        addressesIn(service).join(),
        `after the Eip came back, ${serviceName}`,
      );
    }
  },
);

/**
 * An Eip cannot be edited so that it leaves out an address in use; the message names who uses it. Services may exchange addresses after all was at rest, so each try looks
 * for a live address anew.
 */
export const shrinkRefused = step('shrink an Eip under a live address', fc.constant(undefined), async (run) => {
  const name = run.eipName('a');
  await eventually(
    async () => {
      const { eips, services } = await run.untilAtRest();
      const range = rangesOf(eips)?.get(name);
      const live = services.find((service) => addressesIn(service).some((address) => isIn(range, address)));
      const address = live && addressesIn(live).find((one) => isIn(range, one));
      if (!range || !address) return;
      const other = formatAddress(addressOf(4, address.endsWith('.0') ? range.last : range.first));
      if (other === address) return;
      const edit = { spec: { address: other } };
      const refusal = await run.site.client.patch(EIPS, { name }, edit, { type: 'merge', dryRun: true }).then(
        () => 'accepted',
        (error: Error) => error.message,
      );
      if (!refusal.includes('spec.address') || !refusal.includes(`${live.metadata.namespace}/${live.metadata.name}`)) {
        throw new Error(`Cannot see the shrinking of ${name} to ${other} refused for ${address}: ${refusal}`);
      }
    },
    { withinMs: 60_000 },
  );
});

/** One creation reviewed three times: by the other webhook with the first one's patch, and anew as the API server repeats a call. */
export const repeatedReview = step(
  'review one creation three times',
  fc.tuple(fc.nat(1), fc.boolean()),
  async (run, [which, isStored]) => {
    await run.untilAtRest();
    await eventually(
      async () => {
        const uid = `review-${++uids}`;
        const service = serviceFor(run, `${run.prefix}y/${uid}`, PLAIN);
        const first = await run.site.review(which, service, uid);
        const second = await run.site.review(which + 1, first, uid);
        const third = await run.site.review(which, service, uid);
        const [address, again, anew] = [first, second, third].map(({ metadata }) => metadata.annotations?.[ADDRESSES]);
        run.note(`  reviews ${uid}: ${address} ${again} ${anew}`);
        expectSame(again, address, `the second review of ${uid}`);
        expectSame(anew, address, `the third review of ${uid}`);
        if (!isStored || address === undefined) return;
        const stored = await run.site.client.create(SERVICES, second);
        expectSame(stored.metadata.annotations?.[ADDRESSES], address, `the creation of ${uid}`);
      },
      // One that is just starting, or has not heard of an edit yet, is no fault: what it claims is let go after the grace period.
      { withinMs: 60_000, everyMs: 500 },
    );
  },
);

function expectSame(actual: string | undefined, expected: string | undefined, what: string): void {
  if (actual !== expected)
    throw new Error(`Cannot agree: ${what} gives ${actual ?? 'nothing'}, not ${expected ?? 'nothing'}`);
}
