import { collectionPath, objectPath, queryString } from '../../../../../lib/kube/http/request-path.ts';
import { EIP_CLAIMS, NODES, SERVICES } from '../../../../../lib/kube/resource.ts';

it.each([
  ['core, all namespaces', collectionPath(SERVICES), '/api/v1/services'],
  ['core, one namespace', collectionPath(SERVICES, 'web'), '/api/v1/namespaces/web/services'],
  ['a cluster-scoped kind has no namespace', collectionPath(NODES, 'web'), '/api/v1/nodes'],
  ['a group', collectionPath(EIP_CLAIMS), '/apis/skycap.io/v1alpha1/eipclaims'],
  ['one object', objectPath(SERVICES, { name: 'a', namespace: 'web' }), '/api/v1/namespaces/web/services/a'],
  [
    'its status',
    objectPath(EIP_CLAIMS, { name: '192.0.2.7' }, 'status'),
    '/apis/skycap.io/v1alpha1/eipclaims/192.0.2.7/status',
  ],
  ['nothing climbs out', objectPath(NODES, { name: '../../x?y#z' }), '/api/v1/nodes/..%2F..%2Fx%3Fy%23z'],
])('%s', (_, path, expected) => {
  expect(path).toBe(expected);
});

it.each([
  ['an empty name', () => objectPath(NODES, { name: '' })],
  ['a dot', () => objectPath(NODES, { name: '.' })],
  ['two dots', () => objectPath(NODES, { name: '..' })],
  ['no namespace', () => objectPath(SERVICES, { name: 'a' })],
  ['an empty namespace', () => objectPath(SERVICES, { name: 'a', namespace: '' })],
])('refuses %s, which would address something else', (_, make) => {
  expect(make).toThrow(RangeError);
});

it('escapes parameters and leaves out those without a value', () => {
  expect(
    queryString({ labelSelector: 'a=b,!c', limit: 500, continue: undefined, fieldSelector: '', watch: true }),
  ).toBe('?labelSelector=a%3Db%2C%21c&limit=500&watch=true');
  expect(queryString({ a: undefined })).toBe('');
});
