/** An edit of every field of a BgpPeer and a BgpConf, and whether BIRD ends the session for it. */
import type { BgpConfObject, BgpPeerObject } from '../../../../lib/api/bgp/bgp-types.ts';
import { NODE } from './lan.ts';

export type PeerSpec = NonNullable<BgpPeerObject['spec']>;
export type ConfSpec = NonNullable<BgpConfObject['spec']>;

/** Fields, the spec before and after, and what the edit does. `asked`: it ends the session, as its author wants, and without a warning. */
export type Row<T> = readonly [fields: string, before: T, after: T, resets: boolean | 'asked'];

const timers = (config: NonNullable<NonNullable<PeerSpec['timers']>['config']>): PeerSpec => ({ timers: { config } });
const restart = (gracefulRestart: PeerSpec['gracefulRestart']): PeerSpec => ({ gracefulRestart });
const bfd = (over: object): PeerSpec => ({ bfd: { enabled: true, ...over } });
const family = (rest: object): PeerSpec => ({
  afiSafis: [
    { config: { family: { afi: 'AFI_IP', safi: 'SAFI_UNICAST' }, enabled: true }, ...rest },
    { config: { family: { afi: 'AFI_IP6', safi: 'SAFI_UNICAST' }, enabled: true } },
  ],
});
/** Each field that has no effect, or none on a session. */
const IDLE: PeerSpec = {
  conf: {
    peerGroup: 'g',
    allowOwnAs: 1,
    routeFlapDamping: true,
    removePrivateAs: 'all',
    replacePeerAs: true,
    sendCommunity: 1,
  },
  transport: { mtuDiscovery: true, tcpMss: 1400 },
} as PeerSpec;

export const PEER_ROWS: readonly Row<PeerSpec>[] = [
  ['conf.neighborAddress', {}, { conf: { neighborAddress: '192.0.2.9' } }, true],
  ['conf.neighborInterface', {}, { conf: { neighborAddress: 'fe80::1', neighborInterface: 'eth0' } }, true],
  ['conf.neighborPrefix', {}, { conf: { neighborAddress: '', neighborPrefix: '198.18.0.0/24' } }, true],
  ['conf.peerAs', {}, { conf: { peerAs: 64_999 } }, true],
  ['conf.dynamicPeerAs', {}, { conf: { peerAs: 0, dynamicPeerAs: 'external' } }, true],
  ['conf.localAs', {}, { conf: { localAs: 64_555 } }, true],
  ['conf.authPassword', {}, { conf: { authPassword: 'hush' } }, true],
  ['conf.adminDown', {}, { conf: { adminDown: true } }, 'asked'],
  ['conf.description', {}, { conf: { description: 'the left one' } }, false],
  ['conf.vrf', {}, { conf: { vrf: 'red' } }, true],
  ['ebgpMultihop.enabled', {}, { ebgpMultihop: { enabled: true, multihopTtl: 5 } }, true],
  [
    'ebgpMultihop.multihopTtl',
    { ebgpMultihop: { enabled: true, multihopTtl: 5 } },
    { ebgpMultihop: { enabled: true, multihopTtl: 6 } },
    true,
  ],
  ['ttlSecurity.enabled, ttlSecurity.ttlMin', {}, { ttlSecurity: { enabled: true, ttlMin: 254 } }, true],
  ['bfd.enabled', {}, bfd({}), false],
  ['bfd.receiveIntervalMilliseconds', bfd({}), bfd({ receiveIntervalMilliseconds: 300 }), false],
  ['bfd.transmitIntervalMilliseconds', bfd({}), bfd({ transmitIntervalMilliseconds: 300 }), false],
  ['bfd.detectMultiplier, bfd.passiveMode', bfd({}), bfd({ detectMultiplier: 5, passiveMode: true }), false],
  ['timers.config.holdTime', {}, timers({ holdTime: '30' }), true],
  [
    'timers.config.keepaliveInterval',
    timers({ holdTime: '30' }),
    timers({ holdTime: '30', keepaliveInterval: '7' }),
    true,
  ],
  ['timers.config.connectRetry', {}, timers({ connectRetry: '33' }), true],
  ['timers.config.minimumAdvertisementInterval', {}, timers({ minimumAdvertisementInterval: '9' }), false],
  ['transport.passiveMode', {}, { transport: { passiveMode: true } }, true],
  ['transport.remotePort', {}, { transport: { remotePort: 1790 } }, true],
  ['transport.localAddress', {}, { transport: { localAddress: NODE.v4 } }, true],
  ['transport.bindInterface', {}, { transport: { bindInterface: 'eth0' } }, true],
  ['gracefulRestart.restartTime', {}, restart({ restartTime: 90 }), true],
  ['gracefulRestart.helperOnly', {}, restart({ helperOnly: true }), true],
  ['gracefulRestart.longlivedEnabled', {}, restart({ longlivedEnabled: true }), true],
  [
    'gracefulRestart.staleRoutesTime',
    restart({ longlivedEnabled: true }),
    restart({ longlivedEnabled: true, staleRoutesTime: 90 }),
    true,
  ],
  [
    'gracefulRestart.notificationEnabled, gracefulRestart.deferralTime',
    {},
    restart({ notificationEnabled: true, deferralTime: 9 }),
    false,
  ],
  [
    'afiSafis[].config.family.afi, afiSafis[].config.family.safi, afiSafis[].config.enabled',
    {},
    { afiSafis: [{ config: { family: { afi: 'AFI_IP', safi: 'SAFI_UNICAST' } } }] },
    true,
  ],
  [
    'afiSafis[].addPaths.config.sendMax',
    family({}),
    family({ addPaths: { config: { sendMax: 8, receive: true } } }),
    false,
  ],
  ['nodeSelector', {}, { nodeSelector: { matchLabels: { side: 'left' } } }, false],
  ['nextHops', {}, { nextHops: 'AllNodes' }, true],
  ['conf.allowOwnAs and the like', {}, IDLE, false],
];

export const CONF_ROWS: readonly Row<ConfSpec>[] = [
  ['as', {}, { as: 64_520 }, true],
  ['asPerRack', {}, { asPerRack: { east: 64_530 } }, true],
  ['routerId', {}, { routerId: '192.0.2.99' }, true],
  ['listenPort', {}, { listenPort: 1790 }, true],
  ['listenAddresses', {}, { listenAddresses: ['192.0.2.0/24'] }, true],
  ['families', {}, { families: [0] }, true],
  ['gracefulRestart.*', {}, { gracefulRestart: { restartTime: 90 } }, true],
  [
    'maintenance.drainSeconds, maintenance.minimumNodes, maintenance.onCordon, policy, useMultiplePaths',
    {},
    {
      maintenance: { drainSeconds: 5, minimumNodes: 2, onCordon: true },
      policy: 'bgp-policy',
      useMultiplePaths: true,
    },
    false,
  ],
];
