/** What a process takes of the machine, from proc(5): memory and processor time, seen from outside and so without its help. */
import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import type { Layout } from '../lab/layout.ts';
import { readRecord } from '../lab/processes.ts';

export interface SkycapProcess {
  readonly pid: number;
  readonly component: 'webhook' | 'allocator' | 'speaker' | 'bird';
  /** Such as `n1`. */
  readonly node: string;
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const PROGRAMS: readonly (readonly [RegExp, SkycapProcess['component']])[] = [
  [/\/app\/webhook\.js/, 'webhook'],
  [/\/app\/allocator\.js/, 'allocator'],
  [/\/app\/speaker\.js/, 'speaker'],
  [/^bird /, 'bird'],
];

/** The processes of Skycap's pods in the lab, found by their cgroups. */
export async function skycapProcesses(layout: Layout): Promise<SkycapProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => processInLab(layout, pid)));
  return found.filter((one) => one !== undefined);
}

async function processInLab(layout: Layout, pid: number): Promise<SkycapProcess | undefined> {
  const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const command = (await read('cmdline')).replaceAll('\0', ' ');
  const component = PROGRAMS.find(([pattern]) => pattern.test(command))?.[1];
  if (!component) return undefined;
  const node = new RegExp(`:/${layout.cgroup}/(n\\d+)/`, 'm').exec(await read('cgroup'))?.[1];
  if (!node) return undefined;
  return { pid, component, node };
}

/** @returns bytes; 0 for a process that is gone. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** User and system time of all its threads up to now. */
export async function cpuMs(pid: number): Promise<number> {
  const fields = statFields(await readFile(`/proc/${pid}/stat`, 'utf8'));
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** Of the API server and of Skycap's programs, each added up over the lab's machines. */
export async function cpuByProgram(layout: Layout): Promise<Map<string, number>> {
  const apiServer = await readRecord(layout.pids, 'kube-apiserver');
  const sums = new Map([['API server', apiServer ? await cpuMs(apiServer.pid) : 0]]);
  for (const { component, pid } of await skycapProcesses(layout)) {
    sums.set(component, (sums.get(component) ?? 0) + (await cpuMs(pid)));
  }
  return sums;
}

/** From the third on: the command's name, in parentheses, may hold anything. */
function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
