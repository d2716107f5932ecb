/** The judge of the fault tests has to be judged too: each rule, and what it must let pass. */

import type { Service } from '../../../lib/api/service/service.ts';
import type { EipClaim } from '../../../lib/api/skycap/claim.ts';
import { type Happened, violationsIn } from '../../support/history-rules.ts';
import { claim, holder } from '../allocator/builders.ts';

const NOTHING = { services: [], claims: [] };

function service(
  name: string,
  published: string,
  more: { port?: number; promised?: string; uid?: string } = {},
): Service {
  const { port = 80, promised, uid = `uid-${name}` } = more;
  return {
    metadata: { namespace: 'shop', name, uid, ...(promised && { annotations: { 'skycap.io/addresses': promised } }) },
    spec: { type: 'LoadBalancer', ports: [{ port }] },
    status: { loadBalancer: { ingress: published ? [{ ip: published }] : [] } },
  };
}

const held = (address: string, ...names: string[]): EipClaim =>
  claim(
    address,
    names.map((name) => holder(name)),
  );

/** In order; `-` before an object that is deleted. */
function violations(
  ...objects: readonly (Service | EipClaim | readonly ['-', Service | EipClaim])[]
): readonly string[] {
  const events = objects.map((entry, i): Happened => {
    const [object, deleted] = Array.isArray(entry) ? [entry[1], true] : [entry as Service | EipClaim, false];
    const kind = 'kind' in object && object.kind === 'EipClaim' ? 'claim' : 'service';
    return { kind, object, deleted, revision: BigInt(i) };
  });
  return violationsIn(NOTHING, events);
}

const ADDRESS = '10.0.0.1';
const front = service('front', ADDRESS);
const frontHolds = held(ADDRESS, 'front');

test.each<[string, readonly string[], readonly string[]]>([
  [
    'claim, publication, deletion, release',
    violations(service('front', ''), frontHolds, front, ['-', front], ['-', frontHolds]),
    [],
  ],
  [
    'the next one gets what was released',
    violations(frontHolds, front, ['-', front], ['-', frontHolds], held(ADDRESS, 'back'), service('back', ADDRESS)),
    [],
  ],
  ['published without a claim', violations(front), ['0: 10.0.0.1 is published by shop/front and held by nobody']],
  [
    'released while published',
    violations(frontHolds, front, ['-', frontHolds]),
    ['2: 10.0.0.1 is published by shop/front and held by nobody'],
  ],
  [
    'another one’s claim',
    violations(held(ADDRESS, 'back'), front),
    ['1: 10.0.0.1 is published by shop/front and held by shop/back'],
  ],
  [
    'held by two that do not share',
    violations(held(ADDRESS, 'front', 'back')),
    ['0: 10.0.0.1 is held by front and back'],
  ],
  [
    'retyped and back before it was published, with another address than was promised first',
    violations(
      service('front', '', { promised: '10.0.0.9' }),
      { ...service('front', ''), spec: { type: 'ClusterIP', ports: [{ port: 80 }] } },
      service('front', ''),
      frontHolds,
      front,
    ),
    [],
  ],
  [
    'moved to what it had asked for when that was taken',
    violations(frontHolds, front, held('10.0.0.2', 'front'), {
      ...service('front', '10.0.0.2'),
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }], loadBalancerIP: '10.0.0.2' },
    }),
    [],
  ],
  ['emptied', violations(frontHolds, front, service('front', '')), ['2: shop/front published 10.0.0.1, now nothing']],
  [
    'changed with the wish',
    violations(frontHolds, front, service('front', ADDRESS, { port: 81 }), service('front', '', { port: 81 })),
    [],
  ],
  [
    'promised and kept',
    violations(
      frontHolds,
      service('front', '', { promised: ADDRESS }),
      service('front', ADDRESS, { promised: ADDRESS }),
    ),
    [],
  ],
  [
    'promised and another published',
    violations(frontHolds, service('front', '', { promised: '10.0.0.2' }), front),
    ['2: shop/front was promised 10.0.0.2 and publishes 10.0.0.1'],
  ],
  [
    'made again under its name, with another address',
    violations(
      frontHolds,
      front,
      ['-', front],
      held('10.0.0.2', 'front'),
      service('front', '10.0.0.2', { uid: 'new' }),
    ),
    [],
  ],
])('%s', (_, found, expected) => {
  expect(found).toEqual(expected);
});
