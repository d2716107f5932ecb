/** The preflight at a real API server, with the rights of the allocator: other load balancers and definitions of another version are named where people look. */
import type { Condition, KubeObject } from '../../../lib/api/meta/object.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import { CRDS } from '../../../lib/kube/crd.ts';
import { LEASES, microTime } from '../../../lib/kube/election/lease.ts';
import { EIPS, SERVICES } from '../../../lib/kube/resource.ts';
import type { CrdWithSchema } from '../../../lib/preflight/crds/missing-fields.ts';
import { CILIUM_POOLS, METALLB_POOLS } from '../../../lib/preflight/rivals/foreign-resources.ts';
import { createForeign, createForeignKind } from '../../support/foreign-kinds.ts';
import { AllocatorLab, eventually, type Replica } from './harness.ts';

let lab: AllocatorLab;
let replica: Replica;

beforeAll(async () => {
  lab = await AllocatorLab.start();
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

const DEFAULT = { annotations: { 'eip.openelb.kubesphere.io/is-default-eip': 'true' } };
const IS_CLOUDS = { finalizers: ['service.kubernetes.io/load-balancer-cleanup'] };

async function preflightOf(eip: string): Promise<Condition | undefined> {
  return (await lab.eipStatus(eip)).conditions?.find(({ type }) => type === 'Preflight');
}
const wordsOf = async (eip: string) => {
  const found = await preflightOf(eip);
  return found && `${found.status} ${found.reason}: ${found.message}`;
};
const findings = () => replica.registry.getSingleMetricAsString('skycap_preflight_findings');

async function patchCrd(change: (crd: CrdWithSchema) => unknown): Promise<void> {
  const crd = await lab.admin.get(CRDS, { name: 'eips.network.kubesphere.io' });
  await lab.admin.replace(CRDS, change(crd as CrdWithSchema) as KubeObject);
}

const withoutBgp = (crd: CrdWithSchema): CrdWithSchema => {
  const versions = (crd.spec?.versions ?? []).map((version) => {
    const { bgp: _, ...rest } = version.schema?.openAPIV3Schema?.properties?.spec?.properties ?? {};
    const root = version.schema?.openAPIV3Schema;
    const spec = { ...root?.properties?.spec, properties: rest };
    const properties = { ...root?.properties, spec };
    return { ...version, schema: { openAPIV3Schema: { ...root, properties } } };
  });
  return { ...crd, spec: { ...crd.spec, versions } };
};

test('pools of others and a cloud controller are told on the Eips that they concern, and Skycap serves', async () => {
  const { admin } = lab;
  await createForeignKind(admin, METALLB_POOLS);
  await createForeignKind(admin, CILIUM_POOLS);
  await lab.namespace('metallb-system');
  const metadata = { namespace: 'metallb-system', name: 'main' };
  await createForeign(admin, METALLB_POOLS, { metadata, ...{ spec: { addresses: ['192.0.2.128/25'] } } } as KubeObject);
  const cilium = { metadata: { name: 'blue' }, spec: { blocks: [{ cidr: '198.51.100.0/24' }], disabled: true } };
  await createForeign(admin, CILIUM_POOLS, cilium as KubeObject);
  await lab.namespace('shop');
  const foreign = { metadata: { namespace: 'shop', name: 'cloud', ...IS_CLOUDS }, spec: portsOf('LoadBalancer') };
  await admin.create(SERVICES, foreign as Service);
  await lab.eip('general', '192.0.2.0/24', {}, DEFAULT);
  await lab.eip('second', '198.51.100.0/30', { namespaces: ['shop'] });
  await lab.eip('alone', '203.0.113.0/30', { namespaces: ['shop'] });
  replica = await lab.replica();

  await eventually(async () => {
    expect(await wordsOf('general')).toMatch(
      /^False PoolOfAnother: IPAddressPool metallb-system\/main of MetalLB.*192\.0\.2\.128/,
    );
    expect(await wordsOf('general')).toMatch(/a cloud controller or servicelb of k3s .*Service shop\/cloud/);
    expect(await wordsOf('second')).toMatch(/^False PoolOfAnother: CiliumLoadBalancerIPPool blue of Cilium/);
  });
  expect(await preflightOf('alone')).toBeUndefined();
  expect(await findings()).toMatch(/reason="PoolOfAnother"\} 2/);
  await lab.create('shop/web', { 'lb.kubesphere.io/v1alpha1': 'openelb' });
  await eventually(async () => expect((await lab.service('shop/web')).status?.loadBalancer?.ingress).toHaveLength(1));
}, 60_000);

test('a condition ends with its cause, and the definition of an older version and a running OpenELB are told', async () => {
  const { admin } = lab;
  await lab.stop(replica);
  await admin.delete(METALLB_POOLS, { namespace: 'metallb-system', name: 'main' });
  await admin.delete(CILIUM_POOLS, { name: 'blue' });
  await lab.namespace('openelb-system');
  const lease = { holderIdentity: 'openelb-controller-0', leaseDurationSeconds: 60, renewTime: microTime(Date.now()) };
  await admin.create(LEASES, { metadata: { namespace: 'openelb-system', name: 'openelb-controller' }, spec: lease });
  await patchCrd(withoutBgp);
  replica = await lab.replica();

  await eventually(async () => {
    expect(await wordsOf('second')).toMatch(
      /^False OpenElbRunning: .*\. the definition is of another version and lacks spec\.bgp:/,
    );
  });
  const about = async () =>
    (await lab.events('default')).items.filter(({ regarding }) => regarding.name === 'eips.network.kubesphere.io');
  await eventually(async () => expect(await about()).toMatchObject([{ reason: 'CrdOutdated', type: 'Warning' }]));
  expect(replica.log.lines.map(({ msg }) => msg)).toContain('preflight finding');
  await eventually(async () => expect((await admin.get(EIPS, { name: 'alone' })).status?.ready).toBe(true));
}, 60_000);

function portsOf(type: 'LoadBalancer') {
  return { type, ports: [{ port: 80 }], selector: { app: 'none' } };
}
