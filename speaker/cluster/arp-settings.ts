/** The settings of the node's kernel on which ARP answers of the kernel itself depend. */
import { readFileSync } from 'node:fs';
import type { ArpSettings } from '../../lib/preflight/node/strict-arp.ts';

const IPVS_INTERFACE = 'kube-ipvs0';

/** @param proc the folder of the network namespace's settings. */
export function readArpSettings(interfaces: readonly string[], proc = '/proc'): ArpSettings {
  const hasIpvs = new RegExp(`^\\s*${IPVS_INTERFACE}:`, 'm').test(textOf(`${proc}/net/dev`));
  if (!hasIpvs) return { hasIpvs, arpIgnore: {} };
  const entries = ['all', ...interfaces].map((name): [string, number] => [
    name,
    Number(textOf(`${proc}/sys/net/ipv4/conf/${name}/arp_ignore`)) || 0,
  ]);
  return { hasIpvs, arpIgnore: Object.fromEntries(entries) };
}

/** Empty if the file can't be read: an interface may go meanwhile. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
