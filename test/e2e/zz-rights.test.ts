/**
 * Each component works with exactly the RBAC in manifests/: a request of Skycap's that the API server refused fails the run. Named so that it
 * comes last, when the other files have had every component do its work.
 */
import { readFile } from 'node:fs/promises';
import { eventsIn, forbiddenIn } from '../lab/audit.ts';
import { Lab } from '../lab/lab.ts';

const COMPONENTS = ['skycap-webhook', 'skycap-allocator', 'skycap-speaker'];

test('no request of Skycap’s accounts was refused by RBAC, in the whole run', async () => {
  const lab = await Lab.attach();
  try {
    const log = await readFile(lab.layout.auditLog, 'utf8');
    const users = new Set(eventsIn(log).map((event) => event.user.username));
    for (const name of COMPONENTS) expect(users).toContain(`system:serviceaccount:skycap-system:${name}`);
    expect(forbiddenIn(log).map(({ user, verb, requestURI }) => `${user.username} ${verb} ${requestURI}`)).toEqual([]);
  } finally {
    await lab.detach();
  }
});
