import { isOurs } from '../../../lib/api/service/parse-address-request.ts';
import { serviceOf, sliceOf, withReady } from '../../bench/objects.ts';

const CONTEXT = { isServedByAnother: false, unmarkedServices: 'always', defaultEipExists: true } as const;
const names = { name: 'web', namespace: 'bench', eip: 'pool' };

test('only one of the two kinds asks Skycap for an address, and neither costs a node port', () => {
  const ours = serviceOf('ours', names, {});
  const bare = serviceOf('bare', names, {});
  expect([ours, bare].map((service) => isOurs(service, CONTEXT))).toEqual([true, false]);
  const { loadBalancerClass, ...spec } = bare.spec!;
  expect([loadBalancerClass, spec]).toEqual(['example.com/bare', ours.spec]);
  expect(spec).toMatchObject({ allocateLoadBalancerNodePorts: false });
});

test('the slice is the Service’s, hidden from kube-proxy like it, and ready until it is told not to be', () => {
  const service = serviceOf('ours', names, {});
  const slice = sliceOf(service);
  expect(slice.metadata.labels).toMatchObject({ ...service.metadata.labels, 'kubernetes.io/service-name': 'web' });
  const readiness = [slice, withReady(slice, false)].map((one) => one.endpoints?.map((it) => it.conditions?.ready));
  expect(readiness).toEqual([[true], [false]]);
});
