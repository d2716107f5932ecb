/** Everything that users, administrators and accidents do to a cluster with Skycap in it, as steps of the model with the weight of each. */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Service } from '../../../lib/api/service/service.ts';
import type { ClaimHolder, EipClaim } from '../../../lib/api/skycap/claim.ts';
import { EIP_CLAIMS, EIPS, SERVICES } from '../../../lib/kube/resource.ts';
import { addressesIn, isHolderOf } from './agreement.ts';
import { type AtRest, isIn, rangesOf } from './rest.ts';
import { EIP_KEYS, type Run } from './run.ts';
import { REFUSED_LABEL } from './site.ts';
import { type Model, type Step, step, together } from './step.ts';
import { eipRoundTrip, lowestFirst, repeatedReview, shrinkRefused } from './trials.ts';
import { annotationsFor, portsFor, serviceFor, wishes } from './wish.ts';

const OPT_IN = 'lb.kubesphere.io/v1alpha1';
const NAMES = ['x/s0', 'x/s1', 'x/s2', 'x/s3', 'x/s4', 'y/t0', 'y/t1'];

/** One of the names, or of those that were generated. */
const slots = fc.nat(NAMES.length + 1);
const slotted = fc.record({ slot: slots, claimedRequest: wishes }, { noNullPrototype: true });
const signals = fc.constantFrom('SIGTERM' as const, 'SIGKILL' as const);
const eipKeys = fc.constantFrom(...EIP_KEYS);

function keyOf(run: Run, model: Model, slot: number): string {
  return NAMES[slot] ? `${run.prefix}${NAMES[slot]}` : (model.generated.at(-1) ?? `${run.prefix}${NAMES[0]}`);
}

function refOf(key: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}

function patch(run: Run, key: string, body: object): Promise<Service | undefined> {
  return run.attempt(() => run.site.client.patch(SERVICES, refOf(key), body, { type: 'merge' }));
}

const read = (run: Run, key: string) => run.attempt(() => run.site.client.get(SERVICES, refOf(key)));
const create = (run: Run, service: Service, dryRun = false) =>
  run.attempt(() => run.site.client.create(SERVICES, service, { dryRun }));
const remove = (run: Run, key: string) => run.attempt(() => run.site.client.delete(SERVICES, refOf(key)));

const creation = step('create', slotted, async (run, { slot, claimedRequest }, model) => {
  await create(run, serviceFor(run, keyOf(run, model, slot), claimedRequest));
});

const generation = step('create under a generated name', wishes, async (run, claimedRequest, model) => {
  const created = await create(run, serviceFor(run, `${run.prefix}x/g-`, claimedRequest));
  if (created) model.generated.push(`${created.metadata.namespace}/${created.metadata.name}`);
});

const deletion = step('delete', slots, async (run, slot, model) => {
  await remove(run, keyOf(run, model, slot));
});

const reannotation = step('re-annotate', slotted, async (run, { slot, claimedRequest }, model) => {
  const key = keyOf(run, model, slot);
  run.excuse(key);
  await patch(run, key, { metadata: { annotations: annotationsFor(run, claimedRequest) } });
});

const ports = step('change the ports of', slotted, async (run, { slot, claimedRequest }, model) => {
  const key = keyOf(run, model, slot);
  run.excuse(key);
  await patch(run, key, {
    spec: { ports: portsFor(claimedRequest.ports), externalTrafficPolicy: claimedRequest.policy },
  });
});

/** In either order, or at once. */
const swap = step(
  'let two request each other’s address',
  fc.tuple(slots, slots, fc.boolean()),
  async (run, [one, other, isAtOnce], model) => {
    const keys = [one, other].map((slot) => keyOf(run, model, slot));
    const services = await Promise.all(keys.map((key) => read(run, key)));
    const edits = keys.map((key, i) => async (): Promise<void> => {
      const [address] = addressesIn(services[1 - i] ?? { metadata: {} });
      if (!address) return;
      run.excuse(key);
      const eip = 'eip.openelb.kubesphere.io/v1alpha2';
      const annotations = { 'eip.openelb.kubesphere.io/v1alpha1': address, [eip]: null };
      await patch(run, key, { metadata: { annotations } });
    });
    if (isAtOnce) await Promise.all(edits.map((edit) => edit()));
    else for (const edit of edits) await edit();
  },
);

const replacement = step('replace without our marks', slotted, async (run, { slot, claimedRequest }, model) => {
  const key = keyOf(run, model, slot);
  const old = await read(run, key);
  if (!old) return;
  run.excuse(key);
  const { namespace, name, resourceVersion = '' } = { ...old.metadata };
  const { annotations = {} } = serviceFor(run, key, claimedRequest).metadata;
  const metadata = { ...refOf(key), namespace, name, resourceVersion, annotations };
  await run.attempt(() => run.site.client.replace(SERVICES, { ...old, metadata } as Service));
});

const retyping = step(
  'retype',
  fc.tuple(slots, fc.constantFrom('ClusterIP', 'LoadBalancer')),
  async (run, [slot, type], model) => {
    const key = keyOf(run, model, slot);
    run.excuse(key);
    await patch(run, key, { spec: { type, ...(type === 'ClusterIP' && { externalTrafficPolicy: null }) } });
  },
);

const optingOut = step(
  'opt out or in',
  fc.tuple(slots, fc.constantFrom(null, 'other', 'openelb')),
  async (run, [slot, value], model) => {
    const key = keyOf(run, model, slot);
    run.excuse(key);
    await patch(run, key, { metadata: { annotations: { [OPT_IN]: value } } });
  },
);

/** No excuse for these: they ask for nothing. */
const touching = step('touch', slots, async (run, slot, model) => {
  await patch(run, keyOf(run, model, slot), { metadata: { labels: { touched: String(performance.now() | 0) } } });
});

const stripping = step('strip our marks', slots, async (run, slot, model) => {
  const annotations = { 'skycap.io/addresses': null, 'skycap.io/claim': null, 'skycap.io/waiting-since': null };
  const labels = { 'eip.openelb.kubesphere.io/v1alpha2': null };
  await patch(run, keyOf(run, model, slot), { metadata: { annotations, labels } });
});

const forgery = step('forge our marks', fc.tuple(slots, fc.nat(9)), async (run, [slot, number], model) => {
  const key = keyOf(run, model, slot);
  const address = run.rangesOf('a')[0].replace(/0\/29$/, String(number));
  const annotations = { 'skycap.io/addresses': address, 'skycap.io/claim': 'x', 'skycap.io/waiting-since': 'long' };
  run.forging(key, annotations['skycap.io/claim']);
  await patch(run, key, { metadata: { annotations, labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'x' } } });
});

const recreation = step('delete and create again', slots, async (run, slot, model) => {
  const key = keyOf(run, model, slot);
  const old = await read(run, key);
  if (!old) return;
  const { annotations = {} } = old.metadata;
  run.forging(key, annotations['skycap.io/claim']);
  await remove(run, key);
  const { ports: stored, type = 'ClusterIP' } = old.spec ?? {};
  const spec = { type, ports: portsFor((stored ?? []).map(({ port }) => port)) };
  await create(run, { metadata: { ...refOf(key), annotations }, spec } as Service);
});

const dryRun = step('create in a dry run', slotted, async (run, { slot, claimedRequest }) => {
  const service = serviceFor(run, `${run.prefix}x/dry-${slot}`, claimedRequest);
  const shown = await create(run, service, true);
  if (shown?.metadata.annotations?.['skycap.io/claim']) run.violated('a dry run shows the token of a claim');
  if ((await run.claims()).some(({ spec }) => spec.holders.some(({ name }) => name === service.metadata.name))) {
    run.violated('a dry run has claimed an address');
  }
});

const dryUpdate = step('re-annotate in a dry run', slotted, async (run, { slot, claimedRequest }, model) => {
  const body = { metadata: { annotations: annotationsFor(run, claimedRequest) } };
  const options = { type: 'merge', dryRun: true } as const;
  await run.attempt(() => run.site.client.patch(SERVICES, refOf(keyOf(run, model, slot)), body, options));
});

const refusal = step(
  'create what is refused after admission',
  slotted,
  async (run, { slot, claimedRequest }, model) => {
    const stored = await create(
      run,
      serviceFor(run, keyOf(run, model, slot), claimedRequest, { [REFUSED_LABEL]: 'yes' }),
    );
    if (stored) run.violated('the policy of the test did not refuse');
  },
);

/** As a tenant whose quota is used up, with a controller that tries again and again under new names. */
const refusedFlood = step(
  'create many that are refused after admission',
  fc.tuple(fc.integer({ min: 2, max: 9 }), wishes),
  async (run, [count, claimedRequest]) => {
    const refused = async (i: number): Promise<void> => {
      const name = i % 3 ? `y/f${performance.now() | 0}-${i}` : 'y/f-';
      const stored = await create(
        run,
        serviceFor(run, `${run.prefix}${name}`, claimedRequest, { [REFUSED_LABEL]: 'yes' }),
      );
      if (stored) run.violated('the policy of the test did not refuse');
    };
    await Promise.all(Array.from({ length: count }, (_, i) => refused(i)));
  },
);

/** Something between us and the storage took its time, as a webhook after us may: by then the claim may have given way. */
const lateStore = step(
  'create what is stored late',
  fc.record(
    { slot: slots, claimedRequest: wishes, delayMs: fc.integer({ min: 0, max: 5_000 }) },
    { noNullPrototype: true },
  ),
  async (run, { slot, claimedRequest, delayMs }, model) => {
    const key = keyOf(run, model, slot);
    const review = run.site.review(slot, serviceFor(run, key, claimedRequest), `late-${performance.now()}`);
    // A webhook that is just being ended.
    const reviewed = await review.catch(() => undefined);
    if (!reviewed) return;
    run.forging(key, reviewed.metadata.annotations?.['skycap.io/claim']);
    const store = async (): Promise<void> => {
      await sleep(delayMs);
      run.note(`stored late: ${key}`);
      await run.attempt(() => run.site.storing.create(SERVICES, reviewed));
    };
    run.beside(store());
  },
);

const eipCreation = step('create Eip', eipKeys, (run, key) => run.createEip(key));
const eipDeletion = step('delete Eip', fc.tuple(eipKeys, fc.boolean()), (run, [key, releases]) =>
  run.deleteEip(key, releases),
);

const eipRecreation = step(
  'delete and create Eip',
  fc.tuple(eipKeys, fc.nat(7), fc.boolean()),
  async (run, [key, choice, releases]) => {
    await run.deleteEip(key, releases);
    // Half of the time as it was.
    await run.createEip(key, choice > 3 ? 0 : choice + 1);
  },
);

const eipEdit = step('edit Eip', fc.tuple(eipKeys, fc.nat(4)), async (run, [key, choice]) => {
  const ranges = run.rangesOf(key);
  const body = { spec: { address: ranges[choice % ranges.length] } };
  run.editing();
  await run.attempt(() => run.site.client.patch(EIPS, { name: run.eipName(key) }, body, { type: 'merge' }));
});

const disabling = step('disable Eip', fc.tuple(eipKeys, fc.boolean()), async (run, [key, disable]) => {
  await run.attempt(() =>
    run.site.client.patch(EIPS, { name: run.eipName(key) }, { spec: { disable } }, { type: 'merge' }),
  );
});

/**
 * What is promised of a claim that somebody deletes by hand, whatever goes on meanwhile: who published the address keeps it, with all who shared it, where an Eip has
 * it. An address that is not published yet may go to another.
 */
async function deleteByHand(run: Run, { metadata, spec }: EipClaim, { services, eips }: AtRest): Promise<void> {
  const isPublished = (holder: ClaimHolder): boolean => {
    const service = services.find((one) => isHolderOf(one, holder));
    return service !== undefined && addressesIn(service).includes(spec.address);
  };
  const isOfEip = [...(rangesOf(eips)?.values() ?? [])].some((range) => isIn(range, spec.address));
  run.unclaiming(spec, (holder) => isOfEip && isPublished(holder));
  const { name = '', uid = '', resourceVersion = '' } = metadata;
  await run.attempt(() => run.site.client.delete(EIP_CLAIMS, { name }, { uid, resourceVersion }));
}

const claimDeletion = step('delete a claim by hand', fc.nat(20), async (run, choice) => {
  const state = await run.look();
  const claim = state.claims[choice % Math.max(state.claims.length, 1)];
  if (claim) await deleteByHand(run, claim, state);
});

const allClaimsDeletion = step('delete all claims by hand', fc.constant(undefined), async (run) => {
  const state = await run.look();
  await Promise.all(state.claims.map((claim) => deleteByHand(run, claim, state)));
});

const webhookRestart = step('end a webhook', fc.tuple(fc.nat(1), signals), (run, [which, signal]) =>
  run.site.restartWebhook(which, signal),
);
const allocatorRestart = step('end an allocator', fc.tuple(fc.nat(1), signals), (run, [which, signal]) =>
  run.site.restartAllocator(which, signal),
);
const rest = step('wait for rest', fc.constant(undefined), async (run) => void (await run.untilAtRest()));

const weighted = (...of: readonly (readonly [number, fc.Arbitrary<Step>])[]): fc.Arbitrary<Step> =>
  fc.oneof(...of.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** What users do, and may do at the same time. */
const everyday = weighted(
  [24, creation],
  [3, generation],
  [9, deletion],
  [7, reannotation],
  [5, ports],
  [4, swap],
  [4, replacement],
  [4, retyping],
  [4, optingOut],
  [3, touching],
  [3, stripping],
  [2, forgery],
  [3, recreation],
  [3, dryRun],
  [2, dryUpdate],
  [2, refusal],
  [3, refusedFlood],
  [3, lateStore],
  [4, eipCreation],
  [3, disabling],
  [4, eipEdit],
  [1, eipDeletion],
  [2, eipRecreation],
  [2, claimDeletion],
  [1, allClaimsDeletion],
);

export const steps: fc.Arbitrary<Step> = weighted(
  [240, everyday],
  [60, together(everyday)],
  [12, rest],
  [4, lowestFirst],
  [3, eipRoundTrip],
  [3, shrinkRefused],
  [3, repeatedReview],
  [4, webhookRestart],
  [3, allocatorRestart],
);
