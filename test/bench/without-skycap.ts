/**
 * The lab's cluster with Skycap taken out of it: no process, no webhook and no admission policy of Skycap's. All objects stay, so that the cluster
 * with 10,000 Services can be measured with Skycap and without.
 */
import { installSkycap, SKYCAP_NAMESPACE, waitForSkycap } from '../lab/install.ts';
import type { Lab } from '../lab/lab.ts';
import { eventually } from '../lab/poll.ts';
import { skycapProcesses } from './processes.ts';

const ADMISSION = [
  'mutatingwebhookconfiguration',
  'validatingwebhookconfiguration',
  'validatingadmissionpolicybinding',
  'validatingadmissionpolicy',
].join();
const DEADLINE_MS = 120_000;

export async function takeSkycapAway(lab: Lab): Promise<void> {
  await lab.kubectl(['delete', ADMISSION, '-l', 'app.kubernetes.io/part-of=skycap']);
  await lab.kubectl(['-n', SKYCAP_NAMESPACE, 'scale', 'deployment', '--all', '--replicas=0']);
  await lab.kubectl(['-n', SKYCAP_NAMESPACE, 'delete', 'daemonset', '--all', '--wait=false']);
  await eventually(async () => (await skycapProcesses(lab.layout)).length === 0, {
    what: 'no process of Skycap',
    deadlineMs: DEADLINE_MS,
    intervalMs: 250,
  });
}

export async function bringSkycapBack(lab: Lab): Promise<void> {
  await installSkycap(lab);
  await waitForSkycap(lab);
}
