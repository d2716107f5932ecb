/** Nothing is configured: BIRD runs and does nothing. */
import { aService, aSnapshot } from '../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({ services: [aService()], bgpConfs: [] });
