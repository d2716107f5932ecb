/** The requests that write the condition `skycap.io/Announced` of a Service: beside the address where that can be, and alone else. */

import { announcedPatch, servicePatch } from '../../../../allocator/services/service-patch.ts';
import { withManagedMetadata } from '../../../../lib/api/service/managed-metadata.ts';
import { announcedCondition } from '../../../../lib/reach/decide-announced.ts';
import { DOWN, speaker, UP } from '../../lib/reach/builders.ts';
import { handStores, NOW_MS, service } from '../builders.ts';
import { announcementsIn, lookAt, worldOf } from '../decide.ts';

type Patch = { readonly status?: { readonly conditions?: readonly { readonly type: string }[] } } | undefined;
const typesIn = (patch: unknown) => ((patch as Patch)?.status?.conditions ?? []).map(({ type }) => type);
const site = (protocol: 'bgp' | 'layer2') => {
  const stores = handStores();
  stores.eips.put({
    metadata: { name: 'web', uid: 'u' },
    spec: { address: '198.51.100.0/24', protocol, interface: 'e' },
  });
  stores.speakers.put(speaker('a', { sessions: [UP] }));
  stores.bgpConfs.put({ metadata: { name: 'default' }, spec: { as: 64512 } });
  return { stores, cluster: worldOf(stores) };
};

it('that gives the address says by whom it is announced by BGP', () => {
  const { stores, cluster } = site('bgp');
  const { decision } = lookAt(service(), cluster, stores);
  expect(typesIn(servicePatch(service(), decision, NOW_MS))).toEqual([
    'skycap.io/AddressAssigned',
    'skycap.io/Announced',
  ]);
});

it('that gives an address of layer 2 leaves out what nobody can know yet', () => {
  const { stores, cluster } = site('layer2');
  const { decision } = lookAt(service(), cluster, stores);
  expect(decision.announced).toBe('as it is');
  expect(typesIn(servicePatch(service(), decision, NOW_MS))).toEqual(['skycap.io/AddressAssigned']);
});

it('is not made for who announces alone, but by the one whose business that is', () => {
  const { stores, cluster } = site('bgp');
  const { decision } = lookAt(service(), cluster, stores);
  const { annotations = {}, labels = {} } = withManagedMetadata(service(), decision.managedMetadata).metadata;
  const standing = service({
    annotations,
    labels,
    published: decision.ingress.map(({ ip }) => ip!),
    conditions: decision.verdicts.map((one) => ({ ...one, lastTransitionTime: '2026-01-02T00:00:00Z' })),
  });
  expect(servicePatch(standing, decision, NOW_MS)).toBeUndefined();
  const verdict = announcedCondition(announcementsIn(cluster).findingsOf(standing))!;
  const patch = announcedPatch(standing, verdict, NOW_MS) as { status: { conditions: [object] } };
  expect(patch).toMatchObject({ metadata: { uid: 'uid-front', resourceVersion: '1' } });
  expect(typesIn(patch)).toEqual(['skycap.io/Announced']);
  const told = { ...standing, status: { ...standing.status, conditions: patch.status.conditions as never } };
  expect(announcedPatch(told, verdict, NOW_MS + 60_000)).toBeUndefined();
});

it('says what is so of our addresses, and nothing of what another controller wrote', () => {
  const { stores, cluster } = site('bgp');
  const given = lookAt(service(), cluster, stores).decision.ingress.map(({ ip }) => ip!);
  const annotations = { 'skycap.io/addresses': given.join(',') };
  const said = (published: readonly string[]) =>
    announcedCondition(announcementsIn(cluster).findingsOf(service({ annotations, published })))?.message;
  expect(said(['203.0.113.7', ...given])).toBe(`${given[0]} by bgp, see Eip web`);
  expect(said(['203.0.113.7'])).toMatch(new RegExp(`^${given[0]} is not in the Service's status`));
  expect(
    announcedCondition(announcementsIn(cluster).findingsOf(service({ published: ['203.0.113.7'] }))),
  ).toBeUndefined();
});

it('leaves to time that nobody announces what was announced', () => {
  const { stores, cluster } = site('bgp');
  stores.speakers.put(speaker('a', { sessions: [DOWN] }));
  const told = {
    type: 'skycap.io/Announced',
    status: 'True',
    reason: 'Announced',
    message: '',
    lastTransitionTime: 'x',
  };
  expect(lookAt(service(), cluster, stores).decision.announced).toMatchObject({ reason: 'SessionsDown' });
  expect(lookAt(service({ conditions: [told as never] }), cluster, stores).decision.announced).toBe('as it is');
});

it('takes the condition away with the address', () => {
  const conditions = [
    { type: 'skycap.io/Announced', status: 'True', reason: 'Announced', message: '', lastTransitionTime: 'x' },
  ] as const;
  const decision = {
    managedMetadata: lookAtNothing().managedMetadata,
    ingress: [],
    addresses: [],
    verdicts: [],
    events: [],
  };
  expect(servicePatch(service({ conditions: [...conditions] }), decision, NOW_MS)).toMatchObject({
    status: { conditions: [{ $patch: 'delete', type: 'skycap.io/Announced' }] },
  });
});

function lookAtNothing() {
  const stores = handStores();
  return lookAt(service(), worldOf(stores), stores).decision;
}
