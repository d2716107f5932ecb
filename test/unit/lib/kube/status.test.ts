import { KubeError } from '../../../../lib/kube/errors.ts';
import { errorFieldsFor, errorFieldsForEvent } from '../../../../lib/kube/status.ts';

const STATUS = {
  kind: 'Status',
  code: 422,
  reason: 'Invalid',
  message: 'Service "x" is invalid',
  details: {
    causes: [{ field: 'spec.ports', reason: 'FieldValueRequired', message: 'Required value' }, 'not a cause'],
  },
};

it('takes code, reason, message and causes from a Status', () => {
  expect(errorFieldsFor(400, JSON.stringify(STATUS), '3')).toEqual({
    statusCode: 422,
    reason: 'Invalid',
    statusMessage: 'Service "x" is invalid',
    causes: [{ field: 'spec.ports', reason: 'FieldValueRequired', message: 'Required value' }],
    retryAfterSeconds: 3,
  });
});

it.each([
  ['an HTML page', '<html>bad gateway</html>', '<html>bad gateway</html>'],
  ['nothing', '', 'no explanation'],
  ['another object', '{"kind":"Pod"}', '{"kind":"Pod"}'],
  ['a list', '[1]', '[1]'],
  ['a long page', 'x'.repeat(5_000), 'x'.repeat(200)],
])('quotes %s', (_, body, statusMessage) => {
  expect(errorFieldsFor(502, body)).toEqual({
    statusCode: 502,
    reason: '',
    statusMessage,
    retryAfterSeconds: undefined,
  });
});

it('ignores a Retry-After that is no number of seconds', () => {
  expect(errorFieldsFor(429, '', 'Fri, 31 Dec 1999 23:59:59 GMT').retryAfterSeconds).toBeUndefined();
});

it.each([
  [{ code: 410, reason: 'Expired', message: 'too old' }, 410],
  [null, 500],
  ['text', 500],
  [{ message: 5 }, 500],
])('reads the object of an ERROR event: %j', (object, statusCode) => {
  expect(errorFieldsForEvent(object)).toMatchObject({ statusCode });
});

it('says what was asked and what was answered', () => {
  const error = new KubeError('create eipclaims "192.0.2.7"', errorFieldsFor(500, ''));
  expect(error.message).toBe('Cannot create eipclaims "192.0.2.7": no explanation (500)');
});
