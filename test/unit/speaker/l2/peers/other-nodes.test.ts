/** The other nodes, from their Speakers as the cache keeps them: the same array as long as nothing that counts has changed. */
import type { SpeakerObject, SpeakerSession } from '../../../../../lib/api/skycap/speaker-types.ts';
import { limitsAnnouncers } from '../../../../../lib/bgp/other-nodes.ts';
import { slimSpeaker } from '../../../../../speaker/cluster/trim-objects.ts';
import { OtherNodes } from '../../../../../speaker/l2/peers/other-nodes.ts';
import { aBgpConf, aBgpPeer, aNode, anEip, aSnapshot } from '../../../../support/speaker-builders.ts';

const session: SpeakerSession = {
  peer: 'router-1',
  neighborAddress: '192.0.2.1',
  neighborAs: 64513,
  localAs: 64512,
  state: 'Established',
  routesSent: 3,
  disabled: false,
};

function speaker(name: string, ...sessions: readonly SpeakerSession[]): SpeakerObject {
  const status = { sessions, announcedAddresses: sessions.length };
  return slimSpeaker({ apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata: { name }, status });
}

const nodes = new Map([
  ['a', aNode({ name: 'a' })],
  ['b', aNode({ name: 'b', spec: { unschedulable: true } })],
]);
const fleet = (speakers: readonly SpeakerObject[], live = ['a', 'b']) => ({
  speakers,
  node: (name: string) => nodes.get(name),
  live: new Set(live),
});
const snapshot = aSnapshot({
  nodeName: 'a',
  bgpPeers: [aBgpPeer('router-1', {}, { labels: { side: 'left' } })],
  bgpConfs: [aBgpConf({ families: [0], maintenance: { onCordon: true } })],
});

it('knows who lives, who is in maintenance and which routers each reaches', () => {
  const down = { ...session, state: 'Active' as const };
  const [b, ...more] = new OtherNodes().take(fleet([speaker('a', session), speaker('b', session, down)], []), snapshot);
  expect(more).toEqual([]);
  expect(b).toMatchObject({ node: { name: 'b' }, isLive: false, inMaintenance: true });
  expect(b?.sessions).toEqual([{ peer: 'router-1', labels: { side: 'left' }, families: [4] }]);
});

it('counts no session that is down or disabled, and none whose BgpPeer is gone', () => {
  const sessions = [
    { ...session, state: 'Active' as const },
    { ...session, disabled: true },
    { ...session, peer: 'gone' },
  ];
  expect(new OtherNodes().take(fleet([speaker('b', ...sessions)]), snapshot)[0]?.sessions).toEqual([]);
});

it('is the same array until something that counts is different', () => {
  const others = new OtherNodes();
  const before = others.take(fleet([speaker('b', session)]), snapshot);
  expect(others.take(fleet([speaker('b', { ...session, routesSent: 4 })]), snapshot)).toBe(before);
  expect(others.take(fleet([speaker('b', session)], []), snapshot)).not.toBe(before);
});

it('is asked for only while an Eip limits its announcers', () => {
  expect(limitsAnnouncers(aSnapshot())).toBe(false);
  expect(limitsAnnouncers(aSnapshot({ eips: [anEip('v4', { bgp: { announcers: 3 } })] }))).toBe(true);
});
