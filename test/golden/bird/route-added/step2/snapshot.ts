/** One line more in one static protocol, and another fingerprint; the session is the same. */
import { aService, aSnapshot } from '../../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({
  services: [aService({ name: 'a', ips: ['198.51.100.1'] }), aService({ name: 'b', ips: ['198.51.100.2'] })],
});
