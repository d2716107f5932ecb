/**
 * The model as a property: any sequence of steps leaves what design §4 promises. Used by the test of CI and by the soak.
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
/** Of each the last lines are shown. */
const LINES_SHOWN = 400;

export interface Progress {
  runs: number;
  steps: number;
}

export function modelProperty(site: Site, progress: Progress = { runs: 0, steps: 0 }) {
  const sequences = fc.array(steps, { minLength: STEPS_PER_RUN, maxLength: STEPS_PER_RUN });
  return fc.asyncProperty(sequences, fc.nat(2), async (sequence, farewell) => {
    const run = await Run.open(site, ++progress.runs);
    try {
      const model: Model = { generated: [] };
      await fc.asyncModelRun(() => ({ model, real: run }), sequence);
      await run.untilAtRest();
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
