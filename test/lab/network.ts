/** Carries out a network plan, runs programs in its namespaces, and takes everything down again. */
import { allNamespaces, type Layout, namespaceOf } from './layout.ts';
import { type IpBatch, type NetworkPlan, switchPort } from './network-plan.ts';
import { CommandError, type RunOptions, run, tryRun } from './shell.ts';

export async function buildNetwork(plan: NetworkPlan): Promise<void> {
  for (const namespace of plan.namespaces) await run('ip', ['netns', 'add', namespace]);
  await Promise.all(
    plan.sysctls.map(({ namespace, settings }) => inNamespace(namespace, ['sysctl', '-qw', ...settings])),
  );
  for (const step of plan.steps) await Promise.all(step.map(runBatch));
}

/** Runs a program with the network of the namespace and everything else of this machine. */
export async function inNamespace(
  namespace: string,
  command: readonly string[],
  options?: RunOptions,
): Promise<string> {
  const [program, ...args] = enterNamespace(namespace, command);
  return run(program, args, options);
}

/** The command that runs `command` with the network of the namespace. */
export function enterNamespace(namespace: string, command: readonly string[]): [string, ...string[]] {
  return ['nsenter', `--net=${namespacePath(namespace)}`, '--', ...command];
}

export function namespacePath(namespace: string): string {
  return `/run/netns/${namespace}`;
}

/** Pulls out or puts back the machine's network cable. */
export async function setCable(layout: Layout, machine: string, state: 'up' | 'down'): Promise<void> {
  await run('ip', ['-n', namespaceOf(layout, 'lan'), 'link', 'set', switchPort(machine), state]);
}

/** The lab's namespaces that exist. */
export async function presentNamespaces(layout: Layout): Promise<string[]> {
  const known = new Set(allNamespaces(layout));
  const { stdout } = await tryRun('ip', ['netns', 'list']);
  const names = stdout.split('\n').map((line) => line.split(' ')[0] ?? '');
  return names.filter((name) => known.has(name));
}

/** Removes the namespaces and, with them, every link in them. A process in a namespace keeps it alive, so end the processes first. */
export async function removeNetwork(layout: Layout): Promise<void> {
  await tryRun('ip', ['link', 'delete', layout.hostLink.interface]);
  await removeNamespaces(await presentNamespaces(layout));
}

export async function removeNamespaces(namespaces: readonly string[]): Promise<void> {
  for (const namespace of namespaces) await run('ip', ['netns', 'delete', namespace]);
}

/** The ids of the processes whose network is the namespace. */
export async function processesIn(namespace: string): Promise<number[]> {
  const { stdout } = await tryRun('ip', ['netns', 'pids', namespace]);
  return stdout.split('\n').filter(Boolean).map(Number);
}

export async function runBatch(batch: IpBatch): Promise<void> {
  const where = batch.namespace ? ['-n', batch.namespace] : [];
  // A batch cannot switch the family between its lines, so there are two, the links' first.
  const ipv6 = batch.lines.filter((line) => line.startsWith('-6 ')).map((line) => line.slice(3));
  const rest = batch.lines.filter((line) => !line.startsWith('-6 '));
  for (const [family, lines] of [
    [[], rest],
    [['-6'], ipv6],
  ] as const) {
    if (lines.length === 0) continue;
    const args = [...where, ...family, '-batch', '-'];
    const result = await tryRun('ip', args, { input: `${lines.join('\n')}\n` });
    // `ip` names the line that it refused by number only.
    if (result.code !== 0) throw new CommandError(['ip', ...args, ...lines], result);
  }
}
