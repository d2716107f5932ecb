/**
 * Network namespaces that a test makes, named by the id of its process, so that what a killed test left behind is known and removed by the next one.
 * Needs root; traffic stays inside them.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import koffi from 'koffi';

const PREFIX = 'skt-';
const CLONE_NEWNET = 0x4000_0000;

export function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Makes one of the name `skt-<pid>-<name>`. @throws with a sentence where the machine lacks something. */
export function addNamespace(name: string): string {
  if (process.getuid?.() !== 0) throw new Error('Cannot make network namespaces: run these tests as root');
  removeStale();
  const full = `${PREFIX}${process.pid}-${name}`;
  ip('netns', 'add', full);
  return full;
}

/**
 * Calls `act` with this thread in the namespace: sockets that it opens and threads that it starts stay there.
 *
 * @param act does all at once; what it does later is done outside.
 */
export function inNamespace<T>(name: string, act: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    enter(`/run/netns/${name}`);
    return act();
  } finally {
    setns(home);
    closeSync(home);
  }
}

const setnsOfLibc = koffi.load(null).func('int setns(int fd, int kind)');

function enter(path: string): void {
  const fd = openSync(path, 'r');
  try {
    setns(fd);
  } finally {
    closeSync(fd);
  }
}

function setns(fd: number): void {
  if (setnsOfLibc(fd, CLONE_NEWNET) !== 0) throw new Error(`Cannot enter a network namespace: errno ${koffi.errno()}`);
}

function removeStale(): void {
  for (const line of ip('netns', 'list').split('\n')) {
    const [name, pid] = /^skt-(\d+)-\w+/.exec(line) ?? [];
    if (name && pid && !existsSync(`/proc/${pid}`)) ip('netns', 'delete', name);
  }
}
