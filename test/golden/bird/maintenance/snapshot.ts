/** The node is in maintenance: one address is announced elsewhere already, the other is still announced, with GRACEFUL_SHUTDOWN. */
import { aService, aSnapshot } from '../../../support/speaker-builders.ts';

export const snapshot = {
  ...aSnapshot({
    services: [aService({ name: 'ten', ips: ['198.51.100.10'] }), aService({ name: 'nine', ips: ['198.51.100.9'] })],
  }),
  maintenance: {
    isDraining: false,
    withdrawn: new Set(['198.51.100.9']),
    kept: [{ text: '198.51.100.10', services: ['default/ten'] }],
    drainsUntilMs: 0,
  },
};
