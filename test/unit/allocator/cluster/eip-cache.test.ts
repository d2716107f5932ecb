/** What the deletion of an Eip does: a user's, one that asks for the release of the addresses, and that of the CRD, which is nobody's wish. */

import type { ClusterState } from '../../../../allocator/cluster/cluster-state.ts';
import { viewOf } from '../../../../lib/ipam/assignment/service-view.ts';
import type { Crd } from '../../../../lib/kube/crd.ts';
import { addr, apiServer, claim, EIP_CRD, eipObject, handStores, holder, service } from '../builders.ts';
import { announcementsIn, lookAt, SETTINGS, worldOf } from '../decide.ts';

const RELEASE = { 'skycap.io/release-addresses': 'true' };
const { signal } = new AbortController();
const web = eipObject('web', '10.0.0.0/30');
const releasing = eipObject('web', '10.0.0.0/30', { metadata: { annotations: RELEASE } });
const other = eipObject('other', '10.9.0.0/30');
const of = service({ published: ['10.0.0.1'] });

function site() {
  const stores = handStores();
  const made = claim('10.0.0.1', [holder('front')]);
  stores.eips.put(web, other);
  stores.claims.put({ ...made, spec: { ...made.spec, eipUid: 'uid-web' } });
  const cluster = worldOf(stores);
  return { stores, cluster, confirm: (...objects: readonly Crd[]) => confirmed(cluster, apiServer(...objects)) };
}

function confirmed(cluster: ClusterState, client: ReturnType<typeof apiServer>): Promise<boolean> {
  const { unsure } = viewOf(of, cluster, SETTINGS);
  return cluster.eips.confirm(unsure?.kind === 'eips' ? unsure.names : [], client, signal);
}

test('a Service stays with the address of an Eip that is gone, though another would serve it, until it asks for something else', async () => {
  const { stores, cluster, confirm } = site();
  stores.eips.remove(web);
  expect(await confirm(EIP_CRD)).toBe(true);
  expect(lookAt(of, cluster, stores)).toMatchObject({
    assignment: {
      hasAddress: true,
      reason: 'KeepsFormerAddress',
      message: 'keeps 10.0.0.1 from Eip web: Eip web is gone; create it again, or have the Service name another',
    },
    decision: { ingress: [{ ip: '10.0.0.1' }] },
  });
  const asks = service({
    published: ['10.0.0.1'],
    annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb', 'eip.openelb.kubesphere.io/v1alpha2': 'other' },
  });
  expect(lookAt(asks, cluster, stores).decision.ingress).toEqual([{ ip: '10.9.0.0', ipMode: 'VIP' }]);
});

test.each([
  ['the Eip made again as it was', '10.0.0.0/30', 'Assigned'],
  ['the Eip made again with other addresses', '10.7.0.0/30', 'KeepsFormerAddress'],
])('%s', async (_, address, reason) => {
  const { stores, cluster } = site();
  const again = eipObject('web', address, { metadata: { uid: 'uid-again' } });
  stores.eips.remove(web).put(again);
  expect(await confirmed(cluster, apiServer(EIP_CRD, again))).toBe(true);
  expect(lookAt(of, cluster, stores)).toMatchObject({
    view: { unsure: undefined },
    assignment: { reason, hasAddress: true },
    decision: { ingress: [{ ip: '10.0.0.1' }] },
  });
});

test('an Eip deleted with the annotation takes its addresses along', async () => {
  const { stores, cluster, confirm } = site();
  stores.eips.remove(releasing);
  expect(lookAt(of, cluster, stores).view.unsure).toEqual({ kind: 'eips', names: ['web'] });
  expect(await confirm(EIP_CRD)).toBe(true);
  expect(lookAt(of, cluster, stores).decision.ingress).toEqual([{ ip: '10.9.0.0', ipMode: 'VIP' }]);
});

test.each(['false', 'yes', ''])('the annotation with the value %j releases nothing', async (value) => {
  const { stores, cluster, confirm } = site();
  stores.eips.remove(
    eipObject('web', '10.0.0.0/30', { metadata: { annotations: { 'skycap.io/release-addresses': value } } }),
  );
  expect(await confirm(EIP_CRD)).toBe(true);
  expect(lookAt(of, cluster, stores).assignment?.reason).toBe('KeepsFormerAddress');
});

describe.each([
  ['absent', []],
  ['being deleted', [{ ...EIP_CRD, metadata: { ...EIP_CRD.metadata, deletionTimestamp: '2026-02-01T00:00:00Z' } }]],
  ['not established', [{ ...EIP_CRD, status: { conditions: [{ type: 'Established', status: 'False' }] } }]],
  ['new, and without a status', [{ ...EIP_CRD, status: {} }]],
] as const)('while the CRD is %s', (_, crds) => {
  test('nothing is decided of a Service that has an address, nor of one that waits', async () => {
    const { stores, cluster, confirm } = site();
    stores.eips.remove(web);
    expect(await confirm(...crds)).toBe(false);
    expect(viewOf(of, cluster, SETTINGS).unsure?.kind).toBe('eips');
    const waiting = service({
      name: 'waiting',
      annotations: { ...of.metadata.annotations, 'eip.openelb.kubesphere.io/v1alpha2': 'other' },
    });
    expect(viewOf(waiting, cluster, SETTINGS).unsure).toEqual({ kind: 'eips', names: [] });
  });

  test('one that leaves is let go all the same', async () => {
    const { stores, cluster, confirm } = site();
    stores.eips.remove(web);
    await confirm(...crds);
    const leaving = service({ published: ['10.0.0.1'], annotations: { 'lb.kubesphere.io/v1alpha1': 'other' } });
    expect(lookAt(leaving, cluster, stores)).toMatchObject({ view: { unsure: undefined }, decision: { ingress: [] } });
  });
});

test('what went with the CRD before is not released, whatever the Eip said', async () => {
  const { stores, cluster, confirm } = site();
  stores.eips.remove(releasing);
  const again = { ...EIP_CRD, metadata: { ...EIP_CRD.metadata, creationTimestamp: '2026-02-01T00:00:00Z' } };
  expect(await confirm(again)).toBe(true);
  expect(await confirmed(cluster, apiServer(again))).toBe(true);
  expect(lookAt(of, cluster, stores).assignment?.reason).toBe('KeepsFormerAddress');
});

test('all who wait for the CRD ask as one', async () => {
  const { stores, cluster } = site();
  stores.eips.remove(web);
  let asked = 0;
  const counting = {
    get: (...args: Parameters<ReturnType<typeof apiServer>['get']>) => {
      asked++;
      return apiServer().get(...args);
    },
  } as ReturnType<typeof apiServer>;
  for (let i = 0; i < 100; i++) expect(await cluster.eips.confirm(['web'], counting, signal)).toBe(false);
  expect(asked).toBe(3);
});

test('an address whose claim went too is claimed again under the name of the Eip that is gone; what is another controller’s is not', async () => {
  const { stores, cluster, confirm } = site();
  stores.eips.remove(web);
  stores.claims.remove(claim('10.0.0.1', []));
  await confirm(EIP_CRD);
  const bare = service({
    published: ['10.0.0.1', '203.0.113.9'],
    annotations: { ...of.metadata.annotations, 'skycap.io/addresses': '10.0.0.1' },
    labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'web' },
  });
  await cluster.eips.confirm(['web'], apiServer(EIP_CRD), signal);
  expect(lookAt(bare, cluster, stores).assignment).toMatchObject({
    reason: 'KeepsFormerAddress',
    uses: [{ eipName: 'web' }],
  });
  expect([...stores.claims.values()].map(({ spec }) => `${spec.address} ${spec.eip}`)).toEqual(['10.0.0.1 web']);
});

test('who announces an address of an Eip that is gone is said as before, for as long as a Service publishes one of its addresses', async () => {
  const { stores, cluster, confirm } = site();
  stores.services.put(of);
  stores.eips.remove(web);
  await confirm(EIP_CRD);
  expect(announcementsIn(cluster).announcedOf(of, [addr('10.0.0.1')])?.reason).toBe('NoSpeaker');
  expect(cluster.eips.announcing(addr('10.0.0.1'))?.name).toBe('web');
  stores.services.remove(of);
  stores.eips.remove(other);
  expect(cluster.eips.announcing(addr('10.0.0.1'))).toBeUndefined();
});

test('the claim of a published address that is deleted may have gone with its CRD; one that is released is published by nobody', () => {
  const { stores, cluster } = site();
  const [made] = stores.claims.values();
  stores.claims.remove(made!);
  expect(cluster.eips.isInDoubt).toBe(false);
  stores.claims.put(made!);
  stores.services.put({ ...of, metadata: { ...of.metadata, labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'web' } } });
  stores.claims.remove(made!);
  expect(cluster.eips.isInDoubt).toBe(true);
});
