/**
 * Who listens on a TCP port of the node, from /proc: it is the node's own as far as sockets go, since the speaker is in its network namespace. The processes in it
 * are those of the speaker's own pod (there is no hostPID), so a holder elsewhere is told by its address and its user.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface Listener {
  /** `0.0.0.0` and `::` stand for all. */
  readonly address: string;
  readonly inode: string;
  readonly uid: number;
  /** `nginx (pid 123)`, where /proc shows it. */
  readonly process?: string;
}

/** RFC 9293 §3.3.2 in the numbers of Linux (`TCP_LISTEN`). */
const LISTEN = '0A';

/** @param net where the network namespace in question is told of. */
export async function listenersOn(port: number, net = '/proc/net', proc = '/proc'): Promise<readonly Listener[]> {
  const texts = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`${net}/${name}`, 'utf8').catch(() => '')));
  const listeners = texts.flatMap((text) => parseListeners(text, port));
  const processes =
    listeners.length > 0 ? await processesOf(new Set(listeners.map(({ inode }) => inode)), proc) : undefined;
  return listeners.map((listener) => {
    const process = processes?.get(listener.inode);
    return process === undefined ? listener : { ...listener, process };
  });
}

/** @param text of /proc/net/tcp or tcp6 (Linux `proc_net_tcp`). */
export function parseListeners(text: string, port: number): readonly Listener[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , uid = '', , inode = ''] = line.trim().split(/\s+/);
    const [digits = '', portDigits = ''] = local.split(':');
    if (state !== LISTEN || Number.parseInt(portDigits, 16) !== port) return [];
    return [{ address: addressText(digits), inode, uid: Number(uid) }];
  });
}

/** Words of four bytes, each in the machine's order; only what stands for all, and IPv4, is spelled out. */
function addressText(digits: string): string {
  if (/^0+$/.test(digits)) return digits.length === 8 ? '0.0.0.0' : '::';
  if (digits.length !== 8) return 'an IPv6 address';
  return [6, 4, 2, 0].map((at) => Number.parseInt(digits.slice(at, at + 2), 16)).join('.');
}

async function processesOf(inodes: ReadonlySet<string>, proc: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const pids = (await readdir(proc).catch(() => [])).filter((name) => /^[0-9]+$/.test(name));
  for (const pid of pids) {
    for (const fd of await readdir(`${proc}/${pid}/fd`).catch(() => [])) {
      const [, inode] = /^socket:\[([0-9]+)\]$/.exec(await readlink(`${proc}/${pid}/fd/${fd}`).catch(() => '')) ?? [];
      if (inode === undefined || !inodes.has(inode)) continue;
      const name = await readFile(`${proc}/${pid}/comm`, 'utf8').catch(() => '');
      found.set(inode, `${printable(name.trim())} (pid ${pid})`);
    }
  }
  return found;
}

/** A process may name itself as it likes. */
function printable(name: string): string {
  return name.replace(/[^\w./:@-]/g, '?') || 'a process';
}
