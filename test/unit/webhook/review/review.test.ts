/** The wire: what cannot be read is a value with a sentence, and every answer is a whole AdmissionReview. */
import fc from 'fast-check';
import { decodeReview, encodeAnswer, shorten } from '../../../../webhook/review/review.ts';

const request = {
  uid: 'r1',
  kind: { group: '', version: 'v1', kind: 'Service' },
  operation: 'CREATE',
  name: 'front',
  namespace: 'shop',
  object: { metadata: { name: 'front' } },
  oldObject: null,
  dryRun: true,
  userInfo: { username: 'kim' },
};
const review = (differs: object = {}, of: object = {}) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { ...request, ...differs },
  ...of,
});

describe('decodeReview', () => {
  it('reads what the API server sends', () => {
    expect(decodeReview(review())).toEqual({
      ok: true,
      request: {
        uid: 'r1',
        kind: 'Service',
        operation: 'CREATE',
        name: 'front',
        namespace: 'shop',
        object: { metadata: { name: 'front' } },
        dryRun: true,
        userName: 'kim',
      },
    });
  });

  it('takes what is left out as empty: the name under generateName, the namespace of a cluster-scoped object', () => {
    const { name, namespace, dryRun, userInfo, ...rest } = request;
    expect(decodeReview({ ...review(), request: rest })).toMatchObject({
      ok: true,
      request: { name: '', namespace: '', dryRun: false, userName: '' },
    });
  });

  it.each([
    ['nothing', undefined, '', 'the body is not an AdmissionReview'],
    ['a text', 'x', '', 'the body is not an AdmissionReview'],
    ['a list', [], '', 'the body is not an AdmissionReview'],
    ['another kind', review({}, { kind: 'Status' }), 'r1', 'the body is not an AdmissionReview'],
    [
      'the version that is gone',
      review({}, { apiVersion: 'admission.k8s.io/v1beta1' }),
      'r1',
      'the AdmissionReview is of version "admission.k8s.io/v1beta1", not "admission.k8s.io/v1"',
    ],
    ['no request', review({}, { request: null }), '', 'the AdmissionReview has no request with a uid'],
    ['no uid', review({ uid: '' }), '', 'the AdmissionReview has no request with a uid'],
    ['an operation of its own', review({ operation: 'EAT' }), 'r1', 'the request has the unknown operation "EAT"'],
    ['no object', review({ object: null }), 'r1', 'the request has no object'],
    ['an object without metadata', review({ object: { spec: {} } }), 'r1', 'the request has no object'],
    ['an update without the old object', review({ operation: 'UPDATE' }), 'r1', 'the request has no oldObject'],
  ])('refuses %s', (_, body, uid, problem) => {
    expect(decodeReview(body)).toEqual({ ok: false, uid, problem });
  });

  it('takes a deletion, which has no object', () => {
    expect(decodeReview(review({ operation: 'DELETE', object: null }))).toMatchObject({ ok: true });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        decodeReview(a);
        decodeReview(review({ object: a, oldObject: b, userInfo: b, kind: a, uid: b, operation: 'UPDATE' }));
      }),
    );
  });
});

describe('encodeAnswer', () => {
  const response = (answer: Parameters<typeof encodeAnswer>[1]) =>
    (encodeAnswer('r1', answer) as { response: Record<string, unknown> }).response;

  it('carries the patch as base64 of JSON', () => {
    const patch = [{ op: 'add', path: '/metadata/annotations', value: { a: 'ü' } }];
    const { patch: encoded, ...rest } = response({ allowed: true, patch });
    expect(rest).toEqual({ uid: 'r1', allowed: true, patchType: 'JSONPatch' });
    expect(JSON.parse(Buffer.from(String(encoded), 'base64').toString())).toEqual(patch);
  });

  it('has no patch and no warnings where there are none', () => {
    expect(response({ allowed: true, patch: [], warnings: [] })).toEqual({ uid: 'r1', allowed: true });
  });

  it('says why it refuses in the field that the API server reads', () => {
    expect(
      response({ allowed: false, refusal: 'Invalid', message: 'spec.x: no', auditAnnotations: { a: 'b' } }),
    ).toEqual({
      uid: 'r1',
      allowed: false,
      status: { code: 422, reason: 'Invalid', message: 'spec.x: no' },
      auditAnnotations: { a: 'b' },
    });
  });

  it('shortens a warning to what the API server shows, and all of them to what it keeps', () => {
    const warnings = response({ allowed: true, warnings: Array.from({ length: 40 }, () => '🐢'.repeat(300)) })
      .warnings as string[];
    for (const warning of warnings) expect([...warning]).toHaveLength(256);
    expect(warnings.join('').length).toBeLessThanOrEqual(4096);
  });
});

it('shorten cuts between characters, never within one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, longest) => {
      const short = shorten(text, longest);
      expect([...short].length).toBeLessThanOrEqual(longest);
      expect(short.isWellFormed()).toBe(true);
      if ([...text].length <= longest) expect(short).toBe(text);
    }),
  );
});
