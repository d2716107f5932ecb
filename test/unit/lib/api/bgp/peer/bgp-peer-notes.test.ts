/** The fields of a BgpPeer that have no effect: each is named. */
import type { BgpPeerObject } from '../../../../../../lib/api/bgp/bgp-types.ts';
import { bgpPeerNotes } from '../../../../../../lib/api/bgp/peer/bgp-peer-notes.ts';
import { aBgpPeer } from '../../../../../support/speaker-builders.ts';

type Spec = NonNullable<BgpPeerObject['spec']>;

describe('bgpPeerNotes()', () => {
  const field = (sentence: string) => sentence.split(': ')[0];
  it.each<[string, Spec, string[], string[]]>([
    ['nothing set', {}, [], []],
    [
      'what has an effect',
      {
        conf: { localAs: 1, authPassword: 'x', adminDown: true, description: 'd', peerType: 1, vrf: 'red' },
        transport: { remotePort: 1, passiveMode: true, mtuDiscovery: true, remoteAddress: '192.0.2.1' },
        gracefulRestart: { enabled: true, restartTime: 120, helperOnly: true },
        afiSafis: [{ config: {} }, { mpGracefulRestart: { config: { enabled: true } } }],
      },
      [],
      [],
    ],
    [
      'values that ask for nothing',
      {
        conf: { removePrivateAs: 'NONE', allowOwnAs: 0, replacePeerAs: false },
        timers: { config: { minimumAdvertisementInterval: '30' } },
        gracefulRestart: {},
        afiSafis: [{ addPaths: { config: { sendMax: 1 } } }],
      },
      [],
      [],
    ],
    [
      'what somebody asked for and does not get',
      {
        conf: { peerGroup: 'g' },
        timers: { config: { minimumAdvertisementInterval: '5' } },
        transport: { remoteAddress: '10.0.0.1', tcpMss: 1400 },
        gracefulRestart: { notificationEnabled: true },
      },
      [
        'spec.conf.peerGroup',
        'spec.timers.config.minimumAdvertisementInterval',
        'spec.transport.remoteAddress',
        'spec.transport.tcpMss',
        'spec.gracefulRestart.notificationEnabled',
      ],
      [],
    ],
    [
      'what has nothing to do',
      {
        conf: { allowOwnAs: 1, replacePeerAs: true, removePrivateAs: 'ALL', routeFlapDamping: true, sendCommunity: 3 },
        afiSafis: [{ addPaths: { config: { sendMax: 10, receive: true } } }],
        gracefulRestart: { deferralTime: 5, mode: 'm', staleRoutesTime: 9 },
      },
      [],
      [
        'spec.conf.allowOwnAs',
        'spec.conf.routeFlapDamping',
        'spec.conf.sendCommunity',
        'spec.conf.replacePeerAs',
        'spec.conf.removePrivateAs',
        'spec.afiSafis[].addPaths.config.sendMax',
        'spec.afiSafis[].addPaths.config.receive',
        'spec.gracefulRestart.deferralTime',
        'spec.gracefulRestart.staleRoutesTime',
        'spec.gracefulRestart.mode',
      ],
    ],
  ])('%s', (_, spec, missing, idle) => {
    const notes = bgpPeerNotes(aBgpPeer('x', spec));
    expect(notes.missing.map(field)).toEqual(missing);
    expect(notes.idle.map(field)).toEqual(idle);
  });
});
