/** Services whose annotations for BGP change who gets their routes, or have no effect: what the conditions say. */

import { ReachWatch } from '../../../../allocator/announced/reach-watch.ts';
import { servicePatch } from '../../../../allocator/services/service-patch.ts';
import { Announcers } from '../../../../lib/reach/announcers.ts';
import { announcedCondition } from '../../../../lib/reach/decide-announced.ts';
import { DOWN, node, speaker, UP } from '../../lib/reach/builders.ts';
import { addr, eipObject, handStores, NOW_MS, service } from '../builders.ts';
import { announcementsIn, lookAt, worldOf } from '../decide.ts';

const [LEFT, RIGHT] = ['left', 'right'].map((peer) => ({ ...UP, peer }));
const ADDRESS = '198.51.100.1';

function site(bgp: object = { allowServiceOverrides: { communities: true, peers: true } }) {
  const stores = handStores();
  stores.bgpConfs.put({ metadata: { name: 'default' }, spec: { as: 64512 } });
  stores.nodes.put(node('a'));
  stores.speakers.put(speaker('a', { sessions: [LEFT!, { ...DOWN, peer: 'right' }] }));
  stores.eips.put(eipObject('web', '198.51.100.0/24', { spec: { bgp } }));
  const cluster = worldOf(stores);
  const put = (name: string, annotations: Readonly<Record<string, string>>, createdAt = '2026-01-01T00:00:00Z') => {
    const of = service({
      name,
      annotations: { 'skycap.io/addresses': ADDRESS, ...annotations },
      labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'web' },
      metadata: { creationTimestamp: createdAt },
      published: [ADDRESS],
    });
    stores.services.put(of);
    return of;
  };
  const announced = (of: ReturnType<typeof put>): string => {
    const { status, reason, message } = announcedCondition(announcementsIn(cluster).findingsOf(of))!;
    return `${status} ${reason}: ${message}`;
  };
  const overrides = (of: ReturnType<typeof put>) => announcementsIn(cluster).routeOverridesOf(of, [addr(ADDRESS)]);
  return { stores, cluster, put, announced, overrides };
}

it('a Service is announced where a BgpPeer that it names has a session, and nowhere else', () => {
  const { put, announced } = site();
  expect(announced(put('all', {}))).toBe(`True Announced: ${ADDRESS} by bgp, see Eip web`);
  expect(announced(put('all', { 'skycap.io/bgp-peers': 'left' }))).toMatch(/^True/);
  expect(announced(put('all', { 'skycap.io/bgp-peers': 'right' }))).toMatch(/^False SessionsDown: .*no session/);
  expect(announced(put('all', { 'skycap.io/bgp-peers': 'other' }))).toMatch(
    /^False NoSessions: .*with a router that is to get it, by spec.bgp.peers of Eip web or skycap.io\/bgp-peers/,
  );
});

it('where the Eip does not allow it the annotation changes nothing, and a condition says so', () => {
  const { put, announced, overrides } = site({});
  const of = put('web', { 'skycap.io/bgp-peers': 'right' });
  expect(announced(of)).toMatch(/^True/);
  expect(overrides(of)).toMatchObject({
    type: 'skycap.io/RouteOverrides',
    status: 'False',
    reason: 'OverrideNotAllowed',
    message: expect.stringContaining('set its spec.bgp.allowServiceOverrides.peers: true'),
  });
});

it('of Services that share the address the oldest decides for all, and the others are told', () => {
  const { put, announced, overrides } = site();
  const young = put('a', { 'skycap.io/bgp-peers': 'right' }, '2026-01-02T00:00:00Z');
  expect(announced(young)).toMatch(/^False SessionsDown/);
  const old = put('b', { 'skycap.io/bgp-peers': 'left' });
  expect([announced(young), announced(old)]).toEqual(Array(2).fill(`True Announced: ${ADDRESS} by bgp, see Eip web`));
  expect(overrides(young)).toMatchObject({ reason: 'OlderServiceDecides', message: expect.stringContaining('shop/b') });
  expect(overrides(old)).toBeUndefined();
});

it('with every session a Service that names its BgpPeers is looked at, and others as before', () => {
  const { stores, cluster, put } = site();
  put('chosen', { 'skycap.io/bgp-peers': 'right' });
  const watch = new ReachWatch(cluster, new Announcers(stores));
  const look = () => [...watch.look().services].sort().join();
  look();
  stores.speakers.put(speaker('a', { sessions: [LEFT!, RIGHT!] }));
  expect(look()).toBe('shop/chosen');
  put('chosen', {});
  stores.speakers.put(speaker('a', { sessions: [LEFT!] }));
  expect(look()).toBe('');
});

it('the condition comes with an Event, and goes with its cause', () => {
  const { stores, cluster } = site({});
  const of = service({ annotations: { 'skycap.io/bgp-communities': '65000:1' } });
  const { decision } = lookAt(of, cluster, stores);
  expect(decision.events.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
    'Normal AssignIP',
    'Warning OverrideNotAllowed',
  ]);
  const told = service({
    annotations: { 'skycap.io/bgp-communities': '65000:1' },
    conditions: decision.verdicts.map((verdict) => ({ ...verdict, lastTransitionTime: '2026-01-02T00:00:00Z' })),
  });
  expect(lookAt(told, cluster, stores).decision.events.map(({ reason }) => reason)).not.toContain('OverrideNotAllowed');
  const mended = service({ conditions: told.status!.conditions! });
  const patch = servicePatch(mended, lookAt(mended, cluster, stores).decision, NOW_MS);
  expect(patch?.status?.conditions).toContainEqual({ $patch: 'delete', type: 'skycap.io/RouteOverrides' });
});
