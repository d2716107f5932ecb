/** Before the password of one of two routers is changed: see step2. */
import { aBgpPeer, aSnapshot } from '../../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({
  bgpPeers: [
    aBgpPeer('a', { conf: { authPassword: 'old' } }),
    aBgpPeer('b', { conf: { neighborAddress: '192.0.2.2', authPassword: 'same' } }),
  ],
});
