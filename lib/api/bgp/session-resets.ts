/**
 * Names the edits of a BgpPeer or a BgpConf that reset sessions. BIRD resets a session if an end of the connection changes, or a value that both ends negotiated
 * (measured with 2.0.12 and 2.17.6). `docs/bgp.md` has the same in a column. PURE.
 */
import { jsonKey } from '../meta/json-key.ts';
import { type BgpConf, type BgpPeer, neighborText } from './bgp.ts';
import { GRACEFUL_RESTART } from './graceful-restart.ts';

type Row<T> = readonly [field: string, value: (of: T) => unknown];

const PEER: readonly Row<BgpPeer>[] = [
  ['spec.conf', ({ neighbor, neighborAs }) => [neighborText(neighbor), neighborAs]],
  ['spec.conf.localAs', ({ localAs }) => localAs],
  ['spec.conf.authPassword', ({ password, passwordRef }) => (passwordRef ? 'in a Secret' : password)],
  ['spec.conf.vrf', ({ vrf }) => vrf],
  ['spec.ebgpMultihop', ({ ebgpMultihopTtl }) => ebgpMultihopTtl],
  ['spec.ttlSecurity', ({ ttlSecurityHops }) => ttlSecurityHops],
  [
    'spec.timers',
    ({ holdTimeSeconds, keepaliveSeconds, connectRetrySeconds }) => [
      holdTimeSeconds,
      keepaliveSeconds,
      connectRetrySeconds,
    ],
  ],
  [
    'spec.transport',
    ({ passive, neighborPort, localAddress, bindInterface }) => [passive, neighborPort, localAddress, bindInterface],
  ],
  ['spec.gracefulRestart', ({ gracefulRestart = GRACEFUL_RESTART }) => gracefulRestart],
  ['spec.afiSafis', ({ families }) => families],
  ['spec.nextHops', ({ nextHops }) => nextHops],
];

const CONF: readonly Row<BgpConf>[] = [
  ['spec.as', ({ as }) => as],
  ['spec.asPerRack', ({ asPerRack }) => [...asPerRack].sort()],
  ['spec.routerId', ({ routerId }) => routerId],
  ['spec.listenPort', ({ listenPort }) => listenPort],
  ['spec.listenAddresses', ({ listenRanges }) => listenRanges],
  ['spec.families', ({ families }) => families],
  ['spec.gracefulRestart', ({ gracefulRestart }) => gracefulRestart],
];

/** @returns one sentence, or none. */
export function bgpPeerResets(old: BgpPeer, now: BgpPeer): string[] {
  if (old.disabled || now.disabled) return [];
  return told(changed(PEER, old, now), 'the session of each selected node');
}

export function bgpConfResets(old: BgpConf, now: BgpConf): string[] {
  return told(changed(CONF, old, now), 'the sessions that it concerns');
}

function told(fields: readonly string[], which: string): string[] {
  if (fields.length === 0) return [];
  return [`${fields.join(', ')}: the edit resets ${which}: routers lose their routes for some seconds`];
}

function changed<T>(rows: readonly Row<T>[], old: T, now: T): string[] {
  return rows.flatMap(([field, value]) => (jsonKey(value(old)) === jsonKey(value(now)) ? [] : [field]));
}
