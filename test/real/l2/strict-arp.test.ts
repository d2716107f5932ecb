/** kube-proxy in IPVS mode without strictARP, as its interface shows it: the finding agrees with the kernel's own answers on the wire. */
import { strictArpFindings } from '../../../lib/preflight/node/strict-arp.ts';
import { readArpSettings } from '../../../speaker/cluster/arp-settings.ts';
import { inNamespace, ip } from '../../support/namespaces.ts';
import { Segment } from './support/segment.ts';

const ADDRESS = '192.0.2.77';

it('the finding is there while the node answers ARP for an address of kube-ipvs0', async () => {
  await using lan = new Segment();
  const reasons = () =>
    inNamespace(lan.node, () =>
      strictArpFindings(readArpSettings(['eth0']), ['eth0'], 'n1').map(({ reason }) => reason),
    );
  expect([await lan.resolve(ADDRESS), reasons()]).toEqual([undefined, []]);

  ip('-n', lan.node, 'link', 'add', 'kube-ipvs0', 'type', 'veth', 'peer', 'name', 'other');
  ip('-n', lan.node, 'address', 'add', `${ADDRESS}/32`, 'dev', 'kube-ipvs0');
  expect([await lan.resolve(ADDRESS), reasons()]).toEqual([lan.mac(lan.node), ['StrictArpOff']]);

  ip('netns', 'exec', lan.node, 'sysctl', '-qw', 'net.ipv4.conf.all.arp_ignore=1');
  expect([await lan.resolve(ADDRESS), reasons()]).toEqual([undefined, []]);
});
