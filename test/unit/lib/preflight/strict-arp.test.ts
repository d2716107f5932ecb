/** kube-proxy in IPVS mode without strictARP, by the settings of the node's kernel. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArpSettings, strictArpFindings } from '../../../../lib/preflight/node/strict-arp.ts';
import { readArpSettings } from '../../../../speaker/cluster/arp-settings.ts';

test.each<[string, ArpSettings, RegExp | undefined]>([
  ['no IPVS', { hasIpvs: false, arpIgnore: {} }, undefined],
  ['strictARP, which sets all', { hasIpvs: true, arpIgnore: { all: 1, eth0: 0, eth1: 0 } }, undefined],
  ['each interface by itself', { hasIpvs: true, arpIgnore: { all: 0, eth0: 2, eth1: 8 } }, undefined],
  ['nothing set', { hasIpvs: true, arpIgnore: {} }, /answers ARP on eth0, eth1 for/],
  ['one interface is loose', { hasIpvs: true, arpIgnore: { all: 0, eth0: 1, eth1: 0 } }, /answers ARP on eth1 for/],
  ['a value that hides link-local addresses only', { hasIpvs: true, arpIgnore: { all: 3 } }, /on eth0, eth1/],
])('%s', (_, settings, message) => {
  const findings = strictArpFindings(settings, ['eth0', 'eth1'], 'n1');
  expect(findings.map(({ reason }) => reason)).toEqual(message ? ['StrictArpOff'] : []);
  if (message) expect(findings[0]?.message).toMatch(message);
});

test('no interface of layer 2, no finding', () => {
  expect(strictArpFindings({ hasIpvs: true, arpIgnore: {} }, [], 'n1')).toEqual([]);
});

test('reads the interface of kube-proxy and the settings from /proc', () => {
  const proc = mkdtempSync(join(tmpdir(), 'arp-settings-'));
  try {
    const put = (path: string, text: string) => {
      mkdirSync(join(proc, path, '..'), { recursive: true });
      writeFileSync(join(proc, path), text);
    };
    put('net/dev', 'Inter-|   Receive\n face |bytes\n    lo: 0 0\n  eth0: 1 2\n');
    expect(readArpSettings(['eth0'], proc)).toEqual({ hasIpvs: false, arpIgnore: {} });
    put('net/dev', '    lo: 0 0\n  eth0: 1 2\nkube-ipvs0: 0 0\n');
    put('sys/net/ipv4/conf/all/arp_ignore', '0\n');
    put('sys/net/ipv4/conf/eth0/arp_ignore', '1\n');
    expect(readArpSettings(['eth0', 'gone'], proc)).toEqual({
      hasIpvs: true,
      arpIgnore: { all: 0, eth0: 1, gone: 0 },
    });
  } finally {
    rmSync(proc, { recursive: true });
  }
});
