/** Prints the demonstration for the person who ran `npm run lab`. */
import * as demo from './demo.ts';
import type { Lab } from './lab.ts';
import type { Progress } from './progress.ts';

const REQUESTS = 30;

/** Runs the demonstration's steps and prints each result. */
export async function showDemonstration(lab: Lab, progress: Progress, print: (text: string) => void): Promise<void> {
  const examples = await demo.readExamples(lab);
  await progress.step('examples: an Eip, a BgpConf, a BgpPeer and three pods', () => demo.applyExamples(lab, examples));
  await progress.step('BGP sessions with the router', () => demo.waitForSessions(lab));

  const created = await demo.createService(lab, demo.exampleService(examples, 'web'));
  const [address] = created.addresses;
  print('');
  print(`The API server's answer to creating the Service "web", after ${created.milliseconds.toFixed(0)} ms:`);
  for (const warning of created.warnings) print(`  Warning: ${warning}`);
  for (const [key, value] of Object.entries(created.service.metadata.annotations ?? {})) print(`  ${key}: ${value}`);
  if (!address) throw new Error('Cannot show the demonstration: the create call answered without an address');

  const status = await demo.waitForStatus(lab, created.service, created.addresses);
  const route = await demo.waitForRoute(lab, address, lab.nodes.length);
  print(
    `Its status had the address after another ${status.toFixed(0)} ms. The router forwards to it by ${route?.nextHops.length} nodes.`,
  );

  const spread = await demo.request(lab, address, REQUESTS);
  const shares = [...spread.perNode].map(([node, count]) => `${node} ${count}`).join(', ');
  print(
    `${REQUESTS} requests from the client behind the router: ${shares}${spread.failures.length ? `; failed: ${spread.failures}` : ''}.`,
  );

  await lab.apply(...examples.services);
  await demo.waitForReports(lab);
  await showState(lab, print);
}

/** Prints the objects that a user would look at. */
export async function showState(lab: Lab, print: (text: string) => void): Promise<void> {
  const show = async (title: string, output: Promise<string>) => print(`\n$ ${title}\n${(await output).trimEnd()}`);
  for (const kinds of ['eip', 'bgppeer', 'svc', 'speakers'])
    await show(`kubectl get ${kinds}`, lab.kubectl(['get', kinds]));
  for (const family of ['-4', '-6']) {
    const command = ['ip', family, 'route', 'show', 'proto', 'bgp'];
    await show(`${command.join(' ')}    # on the router`, lab.router.exec(command));
  }
}

/** The next commands to try. */
export function usage(lab: Lab): string {
  return `
The lab is up. In another terminal:
  npm run lab -- skycap status           problems, pools and nodes
  npm run lab -- skycap explain web      the walk of a packet to the Service web
  npm run lab -- skycap explain node/n1  what a node announces, and what not
  npm run lab -- kubectl get svc         any kubectl command
  npm run lab -- exec client curl …      a program on client, router, n1, n2 or n3
  npm run lab -- reload                  after an edit: build, load and restart Skycap
  npm run lab -- down                    take it down; Ctrl-C here does the same
  export KUBECONFIG=${lab.kubeconfig}
  logs: ${lab.layout.state}`;
}
