/** Services that were probably meant for Skycap reach the webhook and are told so; each is stored as it was written. Through a real API server. */
import type { Service } from '../../../../lib/api/service/service.ts';
import { service } from '../harness.ts';
import { EIP, Mutating } from '../mutating.ts';

let mutating: Mutating;
beforeAll(async () => {
  mutating = await Mutating.start();
}, 180_000);
afterAll(() => mutating.lab[Symbol.asyncDispose]());

const OPT_IN = 'lb.kubesphere.io/v1alpha1';
let count = 0;

function plain(
  annotations: Record<string, string>,
  spec: Service['spec'] = {},
  labels: Record<string, string> = {},
): Service {
  const one = service(`near-${count++}`, {}, spec);
  return { ...one, metadata: { ...one.metadata, annotations, labels } };
}

it.each<[string, Service, RegExp]>([
  [
    'the opt-in in another case',
    plain({ [OPT_IN]: 'OpenELB' }),
    /"OpenELB" does not make the Service Skycap's; write openelb/,
  ],
  [
    'the opt-in as a label',
    plain({}, {}, { [OPT_IN]: 'openelb' }),
    /label lb\.kubesphere\.io\/v1alpha1 asks for nothing/,
  ],
  [
    'as a label, of another class',
    plain({}, { loadBalancerClass: 'example.com/x' }, { [OPT_IN]: 'openelb' }),
    /write it as an annotation/,
  ],
  [
    'the class in another case',
    plain({}, { loadBalancerClass: 'skycap.io/LB' }),
    /is not Skycap's, which is skycap\.io\/lb/,
  ],
  ['a class of OpenELB', plain({}, { loadBalancerClass: 'openelb' }), /is not Skycap's, which is skycap\.io\/lb/],
  ['an Eip without the opt-in', plain({ [EIP]: 'web' }), /has no effect, since the Service does not ask for Skycap/],
  [
    'another version of a key, of another class',
    plain({ 'eip.openelb.kubesphere.io/v1alpha3': 'web' }, { loadBalancerClass: 'example.com/x' }),
    /did you mean eip\.openelb\.kubesphere\.io\/v1alpha2\?/,
  ],
])('%s', async (_, one, words) => {
  const answer = await mutating.create(one);
  expect(answer.warnings.join('\n')).toMatch(words);
  expect(answer.warnings).toHaveLength(1);
  expect(answer.text).toBe('nothing');
  expect(answer.object.metadata.annotations ?? {}).toEqual(one.metadata.annotations);
});

it.each<[string, Service]>([
  [
    'MetalLB',
    plain({ 'metallb.universe.tf/address-pool': 'web' }, { loadBalancerClass: 'metallb.universe.tf/metallb' }),
  ],
  ['unmarked', plain({ 'kubesphere.io/creator': 'admin' })],
])('nothing is said to one of another: %s', async (_, one) => {
  expect((await mutating.create(one)).warnings).toEqual([]);
});

it('an update that leaves it as it was says nothing again', async () => {
  const { object, warnings } = await mutating.create(plain({ [OPT_IN]: 'true' }));
  expect(warnings).toHaveLength(1);
  const path = `/api/v1/namespaces/default/services/${object.metadata.name}`;
  const send = (annotations: Record<string, string>) =>
    mutating.lab.send('PUT', path, {
      ...object,
      metadata: { ...object.metadata, resourceVersion: undefined, annotations },
    });
  expect((await send({ [OPT_IN]: 'true', a: 'b' })).warnings).toEqual([]);
  const mended = await send({ [OPT_IN]: 'openelb', a: 'b' });
  expect(mended.warnings.join('\n')).toMatch(/^assigned 198\.51\.100\./);
});
