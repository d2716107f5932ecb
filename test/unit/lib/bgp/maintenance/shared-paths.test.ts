/** Whether other nodes stay reachable by `nextHops: AllNodes` while a node is rebooted. */
import { nodeState } from '../../../../../lib/announce/node-state.ts';
import type { SpeakerSession } from '../../../../../lib/api/skycap/speaker-types.ts';
import { sharedPaths } from '../../../../../lib/bgp/maintenance/shared-paths.ts';
import { aBgpPeer, aNode, aSnapshot } from '../../../../support/speaker-builders.ts';

const UP: SpeakerSession = {
  peer: 'router-1',
  neighborAddress: '192.0.2.1',
  neighborAs: 64513,
  localAs: 64512,
  state: 'Established',
  routesSent: 1,
  disabled: false,
};
const inMaintenance = aNode({ metadata: { name: 'node-2', annotations: { 'skycap.io/maintenance': 'true' } } });

test.each<[string, 'Self' | 'AllNodes', string, ReturnType<typeof aNode>, boolean]>([
  ['a session of another node', 'AllNodes', 'node-2', aNode({ name: 'node-2' }), true],
  ['a session of the node itself', 'AllNodes', 'node-1', aNode({ name: 'node-2' }), false],
  ['a session of a node in maintenance', 'AllNodes', 'node-2', inMaintenance, false],
  ['a session with its own path alone', 'Self', 'node-2', aNode({ name: 'node-2' }), false],
])('by %s', (_, nextHops, withSession, other, expected) => {
  const snapshot = aSnapshot({ bgpPeers: [aBgpPeer('router-1', { nextHops })] });
  const isShared = sharedPaths(snapshot, [aNode(), other], new Map([[withSession, { sessions: [UP] }]]));
  expect(isShared(nodeState('node-3', aNode({ name: 'node-3' })))).toBe(expected);
});
