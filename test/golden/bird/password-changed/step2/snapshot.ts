/** Only the session of that router changes. */
import { aBgpPeer, aSnapshot } from '../../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({
  bgpPeers: [
    aBgpPeer('a', { conf: { authPassword: 'new' } }),
    aBgpPeer('b', { conf: { neighborAddress: '192.0.2.2', authPassword: 'same' } }),
  ],
});
