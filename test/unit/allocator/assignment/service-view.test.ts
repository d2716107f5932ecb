/** What is gathered about a Service: whose it is, what it holds, and when nothing may be decided yet. */

import type { ClusterState } from '../../../../allocator/cluster/cluster-state.ts';
import type { Service } from '../../../../lib/api/service/service.ts';
import { remainingRequest, viewOf } from '../../../../lib/ipam/assignment/service-view.ts';
import type { KubeClient } from '../../../../lib/kube/client.ts';
import { announcedCondition } from '../../../../lib/reach/decide-announced.ts';
import { addressRequest, apiServer, claim, EIP_CRD, eipObject, handStores, holder, service } from '../builders.ts';
import { announcementsIn, lookAt, SETTINGS, worldOf } from '../decide.ts';

const web = eipObject('web', '10.0.0.0/30');
const byDefault = {
  type: 'skycap.io/ByDefault',
  status: 'True',
  reason: 'DefaultEip',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
} as const;
const unmarked = (differs: Parameters<typeof service>[0] = {}) =>
  service({ ...differs, metadata: { annotations: {}, ...differs.metadata } });
const { signal } = new AbortController();

describe('a Service without class and annotation', () => {
  const defaultWeb = eipObject('web', '10.0.0.0/30', {
    metadata: { annotations: { 'eip.openelb.kubesphere.io/is-default-eip': 'true' } },
  });

  test('is ours while there is a default Eip, and says so', () => {
    const stores = handStores();
    stores.eips.put(defaultWeb);
    expect(viewOf(unmarked(), worldOf(stores), SETTINGS)).toMatchObject({
      parsed: { kind: 'addressRequest' },
      isByDefault: true,
    });
    stores.eips.put(web);
    expect(viewOf(unmarked(), worldOf(stores), SETTINGS).parsed.kind).toBe('notOurs');
  });

  test('keeps its address when the Eip is the default no more', () => {
    const stores = handStores();
    stores.eips.put(web);
    stores.claims.put(claim('10.0.0.1', [holder('front')]));
    const of = unmarked({ published: ['10.0.0.1'], conditions: [byDefault] });
    expect(viewOf(of, worldOf(stores), SETTINGS).parsed.kind).toBe('addressRequest');
  });

  test('is let go where its annotation was removed: that is the user’s own wish', () => {
    const stores = handStores();
    stores.eips.put(web);
    stores.claims.put(claim('10.0.0.1', [holder('front')]));
    expect(viewOf(unmarked({ published: ['10.0.0.1'] }), worldOf(stores), SETTINGS).parsed.kind).toBe('notOurs');
  });

  test('is not ours where the setting says never', () => {
    const stores = handStores();
    stores.eips.put(defaultWeb);
    const view = viewOf(unmarked({ published: ['10.0.0.1'], conditions: [byDefault] }), worldOf(stores), {
      unmarkedServices: 'never',
    });
    expect(view.parsed.kind).toBe('notOurs');
  });
});

describe('a Service without class and annotation that another load balancer serves', () => {
  const defaultWeb = eipObject('web', '10.0.0.0/30', {
    metadata: { annotations: { 'eip.openelb.kubesphere.io/is-default-eip': 'true' } },
  });
  const leftAlone = { ...byDefault, status: 'False', reason: 'ServedByAnother' } as const;
  const withHost = (of: Service): Service => ({
    ...of,
    status: { ...of.status, loadBalancer: { ingress: [{ hostname: 'lb.example.com' }] } },
  });
  const given = { 'skycap.io/addresses': '10.0.0.1', 'skycap.io/claim': 'token-front' };

  test.each<[string, Service, boolean]>([
    ['by an address', unmarked({ published: ['192.0.2.9'] }), true],
    ['by a host name', withHost(unmarked()), true],
    ['which was so when we looked last', withHost(unmarked({ conditions: [leftAlone] })), true],
    ['while it waited for us', withHost(unmarked({ conditions: [byDefault] })), true],
    ['by an address of an Eip: OpenELB, before us', unmarked({ published: ['10.0.0.2'] }), false],
    ['beside an address of an Eip', unmarked({ published: ['192.0.2.9', '10.0.0.2'] }), false],
    ['which gave it up', unmarked({ conditions: [leftAlone] }), false],
    ['and that asks for us', withHost(service()), false],
    [
      'and that we gave an address, which the other one took out',
      withHost(unmarked({ conditions: [byDefault], metadata: { annotations: given } })),
      false,
    ],
  ])('%s', (_, of, isLeftAlone) => {
    const stores = handStores();
    stores.eips.put(defaultWeb);
    const { view, decision } = lookAt(of, worldOf(stores), stores);
    expect([view.isLeftAlone, view.parsed.kind]).toEqual([isLeftAlone, isLeftAlone ? 'notOurs' : 'addressRequest']);
    if (!isLeftAlone) return;
    expect(decision.verdicts).toMatchObject([
      { type: 'skycap.io/ByDefault', status: 'False', reason: 'ServedByAnother' },
    ]);
    expect(decision.ingress).toEqual(of.status?.loadBalancer?.ingress);
  });

  test('whose create call was answered with an address is ours', () => {
    const stores = handStores();
    stores.eips.put(defaultWeb);
    const { name: _, uid: __, ...unbound } = holder('front');
    stores.claims.put(claim('10.0.0.1', [unbound]));
    const of = withHost(unmarked({ metadata: { annotations: given } }));
    expect(viewOf(of, worldOf(stores), SETTINGS)).toMatchObject({
      isLeftAlone: false,
      parsed: { kind: 'addressRequest' },
    });
  });

  test('is not told of where nobody would take it', () => {
    const of = unmarked({ published: ['192.0.2.9'] });
    expect(viewOf(of, worldOf(handStores()), SETTINGS)).toMatchObject({
      isLeftAlone: false,
      parsed: { kind: 'notOurs' },
    });
    const always = { unmarkedServices: 'always' } as const;
    expect(viewOf(of, worldOf(handStores()), always)).toMatchObject({ isLeftAlone: true, parsed: { kind: 'notOurs' } });
  });
});

describe('while the status is contested', () => {
  const announced = {
    type: 'skycap.io/Announced',
    status: 'True',
    reason: 'Announced',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  } as const;

  function contested(): { cluster: ClusterState; of: Service } {
    const stores = handStores();
    stores.eips.put(eipObject('web', '10.0.0.0/30', { metadata: { labels: { 'openelb.kubesphere.io/cni': 'x' } } }));
    const of = service({ annotations: { 'skycap.io/addresses': '10.0.0.1' }, conditions: [announced] });
    return { cluster: worldOf(stores), of };
  }

  test('it is said that the address is announced only while it is published, though it is not there now', () => {
    const { cluster, of } = contested();
    const said = () => announcedCondition(announcementsIn(cluster).findingsOf(of));
    expect(said()?.reason).toBe('NotPublished');
    cluster.rewriteBackoff.wrote('shop/front', { ingress: '10.0.0.1' });
    cluster.rewriteBackoff.wrote('shop/front', { ingress: '10.0.0.1' }, '"rival"');
    expect(said()).toMatchObject({
      status: 'Unknown',
      reason: 'StatusContested',
      message: expect.stringContaining('10.0.0.1'),
    });
    expect(said()?.message).toContain('only while it stands in status.loadBalancer, which "rival" writes over');
    cluster.rewriteBackoff.reset();
    expect(said()?.reason).toBe('NotPublished');
  });
});

describe('nothing is decided', () => {
  test('while the Eip of a claim is not in the cache and was not asked for', async () => {
    const stores = handStores();
    stores.claims.put(claim('10.0.0.1', [holder('front')]));
    const cluster = worldOf(stores);
    const of = service({ published: ['10.0.0.1'] });
    expect(viewOf(of, cluster, SETTINGS).unsure).toEqual({ kind: 'eips', names: ['web'] });
    expect(await cluster.eips.confirm(['web'], apiServer(EIP_CRD, web), signal)).toBe(false);
    expect(viewOf(of, cluster, SETTINGS).unsure).toEqual({ kind: 'eips', names: ['web'] });
    expect(await cluster.eips.confirm(['web'], apiServer(EIP_CRD), signal)).toBe(true);
    expect(viewOf(of, cluster, SETTINGS)).toMatchObject({ unsure: undefined, pinned: [{ eip: 'unusable' }] });
    stores.eips.put(web);
    expect(viewOf(of, cluster, SETTINGS).heldAddresses).toMatchObject([{ eip: 'usable', eipName: 'web' }]);
  });

  test('while another Eip has the name of the one that gave the address, and it may be the older one', async () => {
    const stores = handStores();
    const made = claim('10.0.0.1', [holder('front')]);
    stores.claims.put({ ...made, spec: { ...made.spec, eipUid: 'uid-web' } });
    const again = eipObject('web', '10.9.0.0/30', { metadata: { uid: 'uid-again' } });
    stores.eips.put(again);
    const cluster = worldOf(stores);
    const of = service({ published: ['10.0.0.1'] });
    expect(viewOf(of, cluster, SETTINGS).unsure).toEqual({ kind: 'eips', names: ['web'] });
    // The cache is behind.
    expect(await cluster.eips.confirm(['web'], apiServer(EIP_CRD, web), signal)).toBe(false);
    expect(viewOf(of, cluster, SETTINGS).unsure).toEqual({ kind: 'eips', names: ['web'] });
    expect(await cluster.eips.confirm(['web'], apiServer(EIP_CRD, again), signal)).toBe(true);
    expect(viewOf(of, cluster, SETTINGS)).toMatchObject({ unsure: undefined, pinned: [{ eip: 'unusable' }] });
    const accounts = ['10.0.0.1', '10.9.0.1'].map((address) => {
      const one = claim(address, []);
      return cluster.eips.accountOf({ ...one, spec: { ...one.spec, eipUid: 'uid-web' } });
    });
    expect(accounts).toEqual([undefined, 'web']);
  });

  test('while the API server can’t say whether the Eip is there', async () => {
    const cluster = worldOf(handStores());
    const broken = { get: () => Promise.reject(new Error('500')) } as unknown as KubeClient;
    await expect(cluster.eips.confirm(['web'], broken, signal)).rejects.toThrow('500');
    expect(cluster.eips.existence({ eip: 'web' })).toBe('unknown');
  });

  test('while the namespace is not in the cache', () => {
    const stores = handStores();
    const of = service({ metadata: { namespace: 'new' } });
    expect(viewOf(of, worldOf(stores), SETTINGS).unsure).toEqual({ kind: 'behind' });
  });

  test('while another one is claiming the published address: a sharer waits until it can join', () => {
    const stores = handStores();
    stores.eips.put(web);
    const cluster = worldOf(stores);
    const of = service({ published: ['10.0.0.1'] });
    const release = cluster.ledger.reserve({ family: 4, value: 0x0a000001n });
    expect(viewOf(of, cluster, SETTINGS).unsure).toEqual({ kind: 'behind' });
    release();
    expect(viewOf(of, cluster, SETTINGS).unsure).toBeUndefined();
  });
});

test('an address that another Service publishes is given to nobody, though its claim was deleted', () => {
  const stores = handStores();
  stores.eips.put(web);
  const back = service({
    name: 'back',
    published: ['10.0.0.0'],
    labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'web' },
  });
  stores.services.put(back);
  const { decision } = lookAt(service(), worldOf(stores), stores);
  expect(decision.ingress).toEqual([{ ip: '10.0.0.1', ipMode: 'VIP' }]);
  expect(lookAt(back, worldOf(stores), stores).decision.ingress).toEqual([{ ip: '10.0.0.0', ipMode: 'VIP' }]);
});

test('an Eip that is being deleted gives nothing new', () => {
  const stores = handStores();
  stores.eips.put(eipObject('web', '10.0.0.0/30', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }));
  expect(lookAt(service(), worldOf(stores), stores).assignment).toMatchObject({
    hasAddress: false,
    reason: 'EipDeleting',
    waitsFor: ['web'],
  });
});

test.each([['x'.repeat(129)], ['"; }'], ['']])('an annotation that is no token (%j) is passed over', (token) => {
  const stores = handStores();
  stores.eips.put(web);
  const of = service({ annotations: { 'skycap.io/claim': token } });
  expect(worldOf(stores).tokenOf(of)).toBeUndefined();
  expect(lookAt(of, worldOf(stores), stores).decision.ingress).toEqual([{ ip: '10.0.0.0', ipMode: 'VIP' }]);
});

test('pinned families are not chosen for, and the others must all be had', () => {
  const pinned = { address: { family: 4, value: 1n } } as never;
  expect(remainingRequest(addressRequest(), [])).toEqual(addressRequest());
  expect(remainingRequest(addressRequest(), [pinned])).toBeUndefined();
  expect(remainingRequest(addressRequest({ families: [4, 6], need: 'any' }), [pinned])).toMatchObject({
    families: [6],
    need: 'all',
  });
});
