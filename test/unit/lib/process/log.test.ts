import { KubeError } from '../../../../lib/kube/errors.ts';
import { logSink } from '../../../support/log-sink.ts';

it('writes a constant message with fields, ISO time, and no pid or host name', () => {
  const { log, lines } = logSink('speaker');
  log.info({ service: 'web/shop' }, 'route announced');
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      component: 'speaker',
      service: 'web/shop',
      msg: 'route announced',
    },
  ]);
});

it('shows an error that says it all without its stack, and one that does not with it', () => {
  const { log, lines } = logSink();
  const fields = { statusCode: 403, reason: 'Forbidden', statusMessage: 'no' };
  log.warn({ err: new KubeError('list services', fields) }, 'refused');
  log.warn({ err: new TypeError('x is undefined') }, 'a bug');
  log.warn({ err: new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'ECONNRESET' }) }) }, 'reset');
  log.warn({ err: 'just text' }, 'odd');
  expect(lines.map((line) => line.err)).toEqual([
    { type: 'KubeError', message: 'Cannot list services: no (403 Forbidden)', code: 403 },
    { type: 'TypeError', message: 'x is undefined', stack: expect.stringContaining('log.test.ts') },
    { type: 'Error', message: 'outer', code: 'ECONNRESET', cause: 'inner' },
    'just text',
  ]);
});
