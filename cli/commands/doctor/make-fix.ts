/** Makes a change that a finding proposes, after a question. */
import type { KubeClient } from '../../../lib/kube/client.ts';
import { KubeError } from '../../../lib/kube/errors.ts';
import type { Finding, Fix } from '../../../lib/preflight/finding.ts';
import type { Session } from '../../session/session.ts';

export type FixResult = 'fixed' | 'declined' | 'failed';

export async function makeFixes(
  findings: readonly Finding[],
  session: Pick<Session, 'client' | 'confirm' | 'say' | 'signal'>,
  isConfirmed: boolean,
): Promise<ReadonlyMap<Finding, FixResult>> {
  const results = new Map<Finding, FixResult>();
  for (const finding of findings) {
    if (finding.fix) results.set(finding, await makeFix(finding.fix, session, isConfirmed));
  }
  return results;
}

async function makeFix(
  { action, request }: Fix,
  { client, confirm, say, signal }: Pick<Session, 'client' | 'confirm' | 'say' | 'signal'>,
  isConfirmed: boolean,
): Promise<FixResult> {
  const sentence = `${action[0]?.toUpperCase()}${action.slice(1)}`;
  if (!isConfirmed && !(await confirm(`${sentence}?`))) {
    say(`Left alone: ${action}. Answer y, or give --yes.`);
    return 'declined';
  }
  try {
    await send(request, client, signal);
    say(`Done: ${action}.`);
    return 'fixed';
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    say(`${sentence}: ${error.message}.`);
    return 'failed';
  }
}

async function send(request: Fix['request'], client: KubeClient, signal: AbortSignal): Promise<void> {
  const { resource, ref } = request;
  if (request.verb === 'delete') await client.delete(resource, ref, { uid: request.uid, signal });
  else await client.patch(resource, ref, request.body, { type: 'merge', signal });
}
