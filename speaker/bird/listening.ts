/**
 * The sockets on a port of the node, from /proc. The speaker is in the node's network namespace, so /proc/net lists every socket of the node. /proc lists only the
 * processes of the speaker's own container: a process elsewhere is known by its address and its user.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Family } from '../../lib/net/address.ts';

export interface Listener {
  /** `0.0.0.0` and `::` stand for all. */
  readonly address: string;
  readonly inode: string;
  readonly uid: number;
  /** `nginx (pid 123)`, where /proc shows it. */
  readonly process?: string;
}

/** A table of sockets in /proc/net. */
export type SocketTable = 'tcp' | 'tcp6' | 'udp' | 'udp6';

/** Linux's numbers of the states `TCP_LISTEN`, and `TCP_CLOSE` for a UDP socket that has no peer. */
const [LISTEN, UNCONNECTED] = ['0A', '07'];

/** @param net the folder of the network namespace. */
export async function listenersOn(
  port: number,
  tables: readonly SocketTable[] = ['tcp', 'tcp6'],
  net = '/proc/net',
  proc = '/proc',
): Promise<readonly Listener[]> {
  const found = await Promise.all(
    tables.map(async (table) => {
      const text = await readFile(`${net}/${table}`, 'utf8').catch(() => '');
      return parseListeners(text, port, table.startsWith('udp') ? UNCONNECTED : LISTEN);
    }),
  );
  const listeners = found.flat();
  const processes =
    listeners.length > 0 ? await processesOf(new Set(listeners.map(({ inode }) => inode)), proc) : undefined;
  return listeners.map((listener) => {
    const process = processes?.get(listener.inode);
    return process === undefined ? listener : { ...listener, process };
  });
}

/** @param text of a table (Linux `proc_net_tcp`; the tables of UDP have the same columns). */
export function parseListeners(text: string, port: number, listening = LISTEN): readonly Listener[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , uid = '', , inode = ''] = line.trim().split(/\s+/);
    const [digits = '', portDigits = ''] = local.split(':');
    if (state !== listening || Number.parseInt(portDigits, 16) !== port) return [];
    return [{ address: addressText(digits), inode, uid: Number(uid) }];
  });
}

/** The table has words of four bytes, each in the machine's byte order. IPv4 addresses and the unspecified address are spelled out. */
function addressText(digits: string): string {
  if (/^0+$/.test(digits)) return digits.length === 8 ? '0.0.0.0' : '::';
  if (digits.length !== 8) return 'an IPv6 address';
  return [6, 4, 2, 0].map((at) => Number.parseInt(digits.slice(at, at + 2), 16)).join('.');
}

/**
 * Whether BIRD could open the UDP port: every process that has the port allows others, as BIRD does (SO_REUSEADDR). The socket is closed at once, but a packet that
 * arrives meanwhile is lost.
 */
export async function canShareUdpPort(port: number, family: Family): Promise<boolean> {
  const socket = createSocket({ type: `udp${family}`, reuseAddr: true, ipv6Only: family === 6 });
  try {
    socket.bind(port, family === 6 ? '::' : '0.0.0.0');
    await once(socket, 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  } finally {
    socket.close();
  }
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

/** A process chooses its own name. */
function printable(name: string): string {
  return name.replace(/[^\w./:@-]/g, '?') || 'a process';
}
