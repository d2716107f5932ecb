/** What is known of a node by its BFD session: only Up → Down is a loss. */
import type { BfdState } from '../../../../../speaker/bird/session/bfd-sessions.ts';
import { nextPeerState, type PeerState, seenBy, UNKNOWN_PEER } from '../../../../../speaker/l2/peers/peer-state.ts';

const after = (...said: readonly (BfdState | undefined)[]): PeerState => said.reduce(nextPeerState, UNKNOWN_PEER);

it.each<[string, readonly (BfdState | undefined)[], boolean]>([
  ['never asked', [], false],
  ['never up: a firewall', ['Down', 'Init', 'Down'], false],
  ['up', ['Down', 'Init', 'Up'], false],
  ['up, then down', ['Up', 'Down'], true],
  ['down for long', ['Up', 'Down', 'Down', 'Init', 'Down'], true],
  ['up again', ['Up', 'Down', 'Up'], false],
  ['lost once more', ['Up', 'Down', 'Up', 'Down'], true],
  ["the session is gone, since this node's link is down", ['Up', undefined], false],
  ['and comes again without being up', ['Up', undefined, 'Down'], false],
  ['lost, then gone', ['Up', 'Down', undefined, 'Down'], false],
  ['shut down at this end', ['Up', 'AdminDown'], false],
])('%s', (_, said, isLost) => {
  expect(after(...said).isLost).toBe(isLost);
});

it.each<[string, readonly PeerState[], string]>([
  ['nobody watches', [], 'unknown'],
  ['none was ever up', [after('Down'), after()], 'unknown'],
  ['one is up', [after('Down'), after('Up')], 'yes'],
  ['one was up', [after('Up', 'Down'), after('Down')], 'no'],
  ["one was up, and this node's link is down", [after('Up', undefined)], 'no'],
  ['BIRD can not be asked', [UNKNOWN_PEER, UNKNOWN_PEER], 'unknown'],
])('seen by watchers: %s', (_, watchers, expected) => {
  expect(seenBy(watchers)).toBe(expected);
});
