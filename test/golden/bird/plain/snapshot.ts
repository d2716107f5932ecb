/** One router, three Services of two families: what most clusters have. */
import { anEip, aService, aSnapshot } from '../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({
  eips: [anEip('v4'), anEip('v6')],
  services: [
    aService({ name: 'ten', ips: ['198.51.100.10'] }),
    aService({ name: 'nine', ips: ['198.51.100.9'] }),
    aService({ name: 'dual', ips: ['2001:db8:100::7'], eip: 'v6' }),
  ],
});
