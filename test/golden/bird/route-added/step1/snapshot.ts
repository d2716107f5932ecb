/** Before a Service is added: see step2. */
import { aService, aSnapshot } from '../../../../support/speaker-builders.ts';

export const snapshot = aSnapshot({ services: [aService({ name: 'a', ips: ['198.51.100.1'] })] });
