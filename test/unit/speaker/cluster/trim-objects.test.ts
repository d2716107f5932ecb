/** Cutting off what nobody reads must not change any decision. */

import { nodeState } from '../../../../lib/announce/node-state.ts';
import { sameTrimmed, trimNode, trimSlice } from '../../../../lib/announce/trim-objects.ts';
import type { EndpointSlice, Service } from '../../../../lib/api/service/service.ts';
import { makePlan } from '../../../../lib/bgp/plan.ts';
import { slimService } from '../../../../speaker/cluster/trim-objects.ts';
import {
  aNode,
  anEip,
  anEndpoint,
  aService,
  aSlice,
  aSnapshot,
  DRAINING,
  READY,
} from '../../../support/speaker-builders.ts';

const service: Service = {
  ...aService({ policy: 'Local' }),
  spec: {
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    ports: [{ port: 80 }],
    selector: { app: 'web' },
    clusterIP: '10.96.0.9',
  },
};
const slice: EndpointSlice = aSlice([anEndpoint('node-1', DRAINING), anEndpoint('node-2'), anEndpoint(null, READY)]);

it('keeps every decision', () => {
  expect(makePlan(aSnapshot({ services: [slimService(service)], slices: [trimSlice(slice)] }))).toEqual(
    makePlan(aSnapshot({ services: [service], slices: [slice] })),
  );
});

it('keeps who decides on the route of a shared address, and how', () => {
  const eips = [anEip('v4', { bgp: { allowServiceOverrides: { communities: true, peers: true } } })];
  const annotations = { 'skycap.io/bgp-communities': '65000:1', 'skycap.io/bgp-peers': 'router-1' };
  const services = [
    aService({ name: 'a', createdAt: '2026-01-02T00:00:00Z' }),
    aService({ name: 'b', createdAt: '2026-01-01T00:00:00Z', annotations }),
  ];
  const planned = makePlan(aSnapshot({ eips, services: services.map(slimService) }));
  expect(planned).toEqual(makePlan(aSnapshot({ eips, services })));
  expect(JSON.stringify(planned.kind === 'plan' && planned.plan.bgp.routes)).toContain('"peers":["router-1"]');
});

it.each([
  ['cordoned', aNode({ name: 'n', spec: { unschedulable: true } })],
  ['in maintenance', aNode({ name: 'n', metadata: { name: 'n', annotations: { 'skycap.io/maintenance': 'true' } } })],
  [
    'taken out of service',
    aNode({ name: 'n', spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] } }),
  ],
  [
    'excluded',
    aNode({ name: 'n', metadata: { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } } }),
  ],
])('a node that is %s is so still', (_, node) => {
  expect(nodeState('n', trimNode(node))).toEqual(nodeState('n', node));
  expect(nodeState('n', node)).not.toEqual(nodeState('n', aNode({ name: 'n' })));
});

it('lets go of the rest', () => {
  const annotated = {
    ...service,
    metadata: { ...service.metadata, uid: 'u', resourceVersion: '7', annotations: { big: 'x'.repeat(1000) } },
  };
  expect(JSON.stringify(slimService(annotated))).not.toMatch(/annotations|ports|selector|clusterIP/);
  expect(slimService(annotated).metadata).toMatchObject({
    name: 'web',
    namespace: 'default',
    uid: 'u',
    resourceVersion: '7',
  });
  expect(trimSlice({ ...slice, endpoints: null }).endpoints).toEqual([]);
});

it('a condition, an annotation or a port of a Service is no change; what is decided by is', () => {
  const at = (resourceVersion: string, over: Partial<Service>): Service =>
    slimService({ ...service, metadata: { ...service.metadata, resourceVersion }, ...over });
  const condition = { type: 'skycap.io/Announced', status: 'True', reason: 'x', message: 'x', lastTransitionTime: 'x' };
  const loadBalancer = service.status?.loadBalancer ?? {};
  const told = { status: { loadBalancer, conditions: [condition as never] } };
  expect(sameTrimmed(at('1', {}), at('2', told))).toBe(true);
  expect(sameTrimmed(at('1', {}), at('2', { spec: { ...service.spec, externalTrafficPolicy: 'Cluster' } }))).toBe(
    false,
  );
  expect(sameTrimmed(at('1', {}), at('2', { status: { loadBalancer: { ingress: [] } } }))).toBe(false);
  expect(sameTrimmed(at('1', {}), { ...at('2', {}), metadata: { ...service.metadata, uid: 'another' } })).toBe(false);
});
