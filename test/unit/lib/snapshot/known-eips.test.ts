/** What a node remembers of Eips that are gone or were edited: an address that is published goes on being announced as it was. */
import type { EipObject } from '../../../../lib/api/eip/eip-types.ts';
import type { Service } from '../../../../lib/api/service/service.ts';
import { makePlan } from '../../../../lib/bgp/plan.ts';
import { announcementsIn } from '../../../../lib/bgp/routes.ts';
import { usesLayer2 } from '../../../../lib/layer2/layer2-candidate.ts';
import { KnownEips } from '../../../../lib/snapshot/known-eips.ts';
import type { Snapshot } from '../../../../lib/snapshot/snapshot.ts';
import { layer2Addresses } from '../../../support/layer2-builders.ts';
import { anEip, aService, aSnapshot } from '../../../support/speaker-builders.ts';

const IP = '198.51.100.1';
const web = aService({ eip: 'web', ips: [IP] });
const bgp = anEip('web', { address: '198.51.100.0/24' });
const layer2 = anEip('web', { address: '198.51.100.0/24', protocol: 'layer2', interface: 'eth0' });
/** Made again: another object under the name. */
const again = (spec: EipObject['spec']): EipObject => {
  const made = anEip('web', spec);
  return { ...made, metadata: { ...made.metadata, uid: 'uid-again' } };
};

/** What is announced of the address after each of these states, one after the other. */
function announced(
  ...states: readonly { readonly eips: readonly EipObject[]; readonly services?: readonly Service[] }[]
) {
  const knownEips = new KnownEips();
  const snapshots = states.map(({ eips, services = [web] }) => aSnapshot({ eips, services, knownEips }));
  return snapshots.map(how);
}

function how(snapshot: Snapshot): string {
  const planned = makePlan(snapshot);
  const reason =
    planned.kind === 'plan' ? announcementsIn(planned.announcements).find(({ text }) => text === IP)?.reason : 'hold';
  const on = layer2Addresses(snapshot).get(IP);
  return on ? `layer2 by ${on.eip.name}` : `bgp ${reason}`;
}

it.each<[string, EipObject[][], string[]]>([
  ['deleted', [[bgp], []], ['bgp Announced', 'bgp Announced']],
  ['of layer 2 and deleted', [[layer2], []], ['layer2 by web', 'layer2 by web']],
  ['deleted and made again', [[bgp], [], [bgp]], ['bgp Announced', 'bgp Announced', 'bgp Announced']],
  [
    'made again with another protocol: that one counts',
    [[bgp], [again({ address: '198.51.100.0/24', protocol: 'layer2' })]],
    ['bgp Announced', 'layer2 by web'],
  ],
  [
    'made again with other addresses, which it counts for alone',
    [[layer2], [again({ address: '203.0.113.0/24' })]],
    ['layer2 by web', 'layer2 by web/0'],
  ],
  [
    'edited so that it can’t be read, and mended',
    [[bgp], [anEip('web', { address: 'nonsense' })], [bgp]],
    ['bgp Announced', 'bgp Announced', 'bgp Announced'],
  ],
  ['shrunk', [[bgp], [anEip('web', { address: '198.51.100.128/25' })]], ['bgp Announced', 'bgp Announced']],
  ['gone before the speaker started', [[]], ['bgp EipNotFound']],
  [
    'gone, and another Eip has the address by now',
    [[bgp], [], [anEip('heir', { address: '198.51.100.0/30', protocol: 'layer2' })]],
    ['bgp Announced', 'bgp Announced', 'layer2 by heir'],
  ],
])('an address of an Eip that is %s', (_, states, expected) => {
  expect(announced(...states.map((eips) => ({ eips })))).toEqual(expected);
});

it('an Eip is forgotten with the last of its addresses that is published, and layer 2 ends with it', () => {
  const knownEips = new KnownEips();
  const take = (eips: readonly EipObject[], services: readonly Service[]) =>
    aSnapshot({ eips, services, knownEips }).eips;
  take([layer2], [web]);
  const gone = take([], [web]);
  expect([usesLayer2(gone), take([], [web])]).toEqual([true, gone]);
  expect(usesLayer2(take([], []))).toBe(false);
  expect(announced({ eips: [bgp] }, { eips: [] }, { eips: [], services: [] }, { eips: [] })).toEqual([
    'bgp Announced',
    'bgp Announced',
    'bgp undefined',
    'bgp EipNotFound',
  ]);
});

it.each<[string, EipObject, EipObject[], string]>([
  ['is announced as before', bgp, [], 'bgp Announced'],
  ['is announced as before on layer 2', layer2, [], 'layer2 by web'],
  ['made again: that one counts', layer2, [bgp], 'bgp Announced'],
])('what a speaker knew of an Eip that is gone it knows when it is started again: %s', (_, before, after, expected) => {
  const known = new KnownEips();
  aSnapshot({ eips: [before], services: [web], knownEips: known });
  expect(known.formerTexts).toEqual([]);
  aSnapshot({ eips: [], services: [web], knownEips: known });
  const told = known.formerTexts;
  expect(told).toHaveLength(1);
  const restarted = new KnownEips(() => told);
  expect(how(aSnapshot({ eips: after, services: [web], knownEips: restarted }))).toBe(expected);
  expect(restarted.formerTexts).toEqual(after.length > 0 ? [] : told);
  const unpublished = new KnownEips(() => told);
  aSnapshot({ eips: [], services: [], knownEips: unpublished });
  expect(unpublished.formerTexts).toEqual([]);
});

it('what is told of Eips and can’t be read is passed over', () => {
  const texts = [
    '',
    'null',
    '[]',
    '{}',
    '{"metadata":{"name":1}}',
    '{"metadata":{"name":"web"},"spec":{"address":"nonsense"}}',
  ];
  const known = new KnownEips(() => texts);
  expect(how(aSnapshot({ eips: [], services: [web], knownEips: known }))).toBe('bgp EipNotFound');
  expect(known.formerTexts).toEqual([]);
});
