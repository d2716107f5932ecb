/** Which edits reset sessions, as BIRD was seen to do. */
import type { BgpConfObject, BgpPeerObject } from '../../../../../lib/api/bgp/bgp-types.ts';
import { parseBgpConf } from '../../../../../lib/api/bgp/parse-bgp-conf.ts';
import { parseBgpPeer } from '../../../../../lib/api/bgp/parse-bgp-peer.ts';
import { bgpConfResets, bgpPeerResets } from '../../../../../lib/api/bgp/session-resets.ts';
import type { Parsed } from '../../../../../lib/api/problem.ts';
import { aBgpConf, aBgpPeer } from '../../../../support/speaker-builders.ts';

function valid<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error('Cannot go on: the object is invalid');
  return parsed.value;
}

type PeerSpec = BgpPeerObject['spec'];

it.each<[string, PeerSpec, PeerSpec, string | undefined]>([
  ['nothing', {}, {}, undefined],
  [
    'the same in other words',
    {},
    { timers: { config: { holdTime: '15' } }, gracefulRestart: { restartTime: 60 } },
    undefined,
  ],
  ['a description', {}, { conf: { description: 'd' } }, undefined],
  ['the nodes', {}, { nodeSelector: { matchLabels: { a: 'b' } } }, undefined],
  ['BFD on', {}, { bfd: { enabled: true } }, undefined],
  ['timers of BFD', { bfd: { enabled: true } }, { bfd: { enabled: true, detectMultiplier: 5 } }, undefined],
  ['what has no effect', {}, { conf: { allowOwnAs: 1 }, transport: { tcpMss: 1400 } }, undefined],
  ['the hold time', {}, { timers: { config: { holdTime: '30' } } }, 'spec.timers'],
  ['the router', {}, { conf: { neighborAddress: '192.0.2.2' } }, 'spec.conf'],
  ['a password', { conf: { authPassword: 'old' } }, { conf: { authPassword: 'new' } }, 'spec.conf.authPassword'],
  [
    'a port and the AS number',
    {},
    { conf: { localAs: 5 }, transport: { remotePort: 1790 } },
    'spec.conf.localAs, spec.transport',
  ],
  ['families', {}, { afiSafis: [{ config: { family: { afi: 'AFI_IP' } } }] }, 'spec.afiSafis'],
  ['the next hops', {}, { nextHops: 'AllNodes' }, 'spec.nextHops'],
  ['a session that is down', { conf: { adminDown: true } }, { conf: { adminDown: true, localAs: 5 } }, undefined],
])('of a BgpPeer: %s', (_, old, now, fields) => {
  const [before, after] = [old, now].map((spec) => valid(parseBgpPeer(aBgpPeer('router-1', spec))));
  const resets = bgpPeerResets(before!, after!);
  expect(resets.map((sentence) => sentence.split(': ')[0])).toEqual(fields === undefined ? [] : [fields]);
  expect(resets.join()).not.toMatch(/old|new/);
});

type ConfSpec = BgpConfObject['spec'];

it.each<[string, ConfSpec, ConfSpec, string | undefined]>([
  ['nothing', { listenPort: 179 }, { useMultiplePaths: true }, undefined],
  ['the AS number', {}, { as: 5 }, 'spec.as'],
  ['where to listen', {}, { listenAddresses: ['192.0.2.0/24'] }, 'spec.listenAddresses'],
  ['graceful restart', {}, { gracefulRestart: { helperOnly: true } }, 'spec.gracefulRestart'],
])('of a BgpConf: %s', (_, old, now, fields) => {
  const [before, after] = [old, now].map((spec) => valid(parseBgpConf(aBgpConf(spec))));
  const resets = bgpConfResets(before!, after!).map((sentence) => sentence.split(': ')[0]);
  expect(resets).toEqual(fields === undefined ? [] : [fields]);
});
