/**
 * The model as a property: any sequence of steps leaves what design §4 promises. Used by `model.test.ts` and `npm run test:soak -- model`.
 *
 * Nothing is shrunk: with processes of our own and their timing in it, a shorter sequence that does not fail proves nothing. What is printed of a run that fails
 * is all that happened in it, and what each process logged about it; seed and path run it again.
 */
import fc from 'fast-check';
import { EIP_CLAIMS, SERVICES } from '../../../lib/kube/resource.ts';
import { eventually } from '../../support/eventually.ts';
import { Run } from './run.ts';
import { GRACE_SECONDS, type Site } from './site.ts';
import type { Model } from './step.ts';
import { steps } from './steps.ts';

export const STEPS_PER_RUN = 40;
/** Runs that go on at a time: each waits most of its time, and they disturb each other as tenants of one cluster do. */
export const LANES = 4;
/** Of each the last lines are shown. */
const LINES_SHOWN = 400;

export interface Progress {
  runs: number;
  steps: number;
}

export interface Sequences {
  /** Of the first lane; each of the others has the next. */
  readonly seed: number;
  /** Of one lane. */
  readonly runs: number;
  /** No run begins later than this. */
  readonly withinMs?: number;
  /** Of a failure that is to be run again; then there is one lane. */
  readonly path?: string | undefined;
}

/** @throws what a run found, with the seed and path that run it again. When one has, the others end soon. */
export async function assertModel(site: Site, progress: Progress, sequences: Sequences): Promise<void> {
  const { seed, runs, path, withinMs = Number.POSITIVE_INFINITY } = sequences;
  const endMs = performance.now() + withinMs;
  const stop = new AbortController();
  const property = modelProperty(site, progress, () => stop.signal.aborted || performance.now() > endMs);
  const lanes = Array.from({ length: path === undefined ? LANES : 1 }, async (_, lane) => {
    const parameters = {
      numRuns: runs,
      seed: seed + lane,
      endOnFailure: true,
      includeErrorInReport: true,
      ...(path !== undefined && { path }),
    };
    try {
      await fc.assert(property, parameters);
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  });
  const ends = await Promise.allSettled(lanes);
  const faults = site.faults();
  const failed = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  if (faults.length > 0) failed.push(new Error(faults.join('\n')));
  if (failed.length > 0) throw failed.length === 1 ? failed[0] : new AggregateError(failed, failed.join('\n\n'));
}

function modelProperty(site: Site, progress: Progress, isOver: () => boolean) {
  const sequences = fc.array(steps, { minLength: STEPS_PER_RUN, maxLength: STEPS_PER_RUN });
  return fc.asyncProperty(sequences, fc.nat(2), async (sequence, farewell) => {
    if (isOver()) return;
    const run = await Run.open(site, ++progress.runs);
    try {
      const model: Model = { generated: [] };
      await fc.asyncModelRun(() => ({ model, real: run }), sequence);
      await run.untilAtRest(true);
      await leave(run, farewell);
      progress.steps += sequence.length;
    } catch (error) {
      const lines = site.linesAbout(run.prefix).slice(-LINES_SHOWN);
      const message = error instanceof Error ? error.message : String(error);
      throw new Error([message, ...run.log.slice(-LINES_SHOWN), ...lines].join('\n'), { cause: error });
    } finally {
      await run.remove();
    }
  });
}

/** No claim outlives its Service, whatever was done: to be called after the last run. */
export async function untilNoClaims(site: Site): Promise<void> {
  await eventually(
    async () => {
      const left = (await site.client.list(EIP_CLAIMS)).items.map(
        ({ spec }) => `${spec.address} of ${spec.holders.map(({ namespace, name }) => `${namespace}/${name}`)}`,
      );
      if (left.length > 0) throw new Error(`Cannot see all claims released: ${left.join(', ')} are left`);
    },
    { withinMs: GRACE_SECONDS * 1000 + 60_000, everyMs: 250 },
  );
}

/** Annotation, type or Service removed, in an order that changes: each way frees the address. */
async function leave(run: Run, farewell: number): Promise<void> {
  run.note('farewell');
  const services = await run.services();
  await Promise.all(
    services.map(async ({ metadata: { namespace = '', name = '' } }, i) => {
      const ref = { namespace, name };
      run.excuse(`${namespace}/${name}`);
      const patch = (body: object) => run.attempt(() => run.site.client.patch(SERVICES, ref, body, { type: 'merge' }));
      const annotations = { 'lb.kubesphere.io/v1alpha1': null };
      switch ((i + farewell) % 3) {
        case 0:
          return run.attempt(() => run.site.client.delete(SERVICES, ref));
        case 1:
          return patch({ spec: { type: 'ClusterIP', externalTrafficPolicy: null } });
        default:
          return patch({ metadata: { annotations }, spec: { loadBalancerIP: null } });
      }
    }),
  );
  await run.untilReleased();
}
