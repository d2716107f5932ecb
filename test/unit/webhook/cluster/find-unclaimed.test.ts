/** Addresses that a Service publishes without a claim, as they are found when a webhook starts. */
import type { Service } from '../../../../lib/api/service/service.ts';
import type { KubeWatcher, ListPage } from '../../../../lib/kube/client.ts';
import { type Address, formatAddress } from '../../../../lib/net/address.ts';
import { findUnclaimed } from '../../../../webhook/cluster/find-unclaimed.ts';
import type { DoubtKind } from '../../../../webhook/cluster/unclaimed-addresses.ts';
import { claim, holder } from '../../lib/ipam/builders.ts';
import { clusterStateOf, eipObject, service, stored } from '../builders.ts';

const FOREIGN = { 'lb.kubesphere.io/v1alpha1': 'other' };
const CONDITION = { type: 'skycap.io/AddressAssigned', status: 'True', reason: 'Assigned', message: '' } as const;

const publishing = (one: Service, ...ips: string[]): Service => ({
  ...one,
  status: { ...one.status, loadBalancer: { ingress: ips.map((ip) => ({ ip })) } },
});

/** Answers with a page for each list of Services, and keeps what it was asked. */
class Pages implements Pick<KubeWatcher, 'list'> {
  readonly asked: object[] = [];
  readonly #pages: readonly (readonly Service[])[];

  constructor(...pages: readonly (readonly Service[])[]) {
    this.#pages = pages;
  }

  async list<T>(_: unknown, options: object = {}): Promise<ListPage<T>> {
    const items = (this.#pages[this.asked.length] ?? []) as unknown as readonly T[];
    this.asked.push(options);
    const isLast = this.asked.length >= this.#pages.length;
    return { items, resourceVersion: '1', ...(!isLast && { continue: `page-${this.asked.length}` }) };
  }
}

async function doubted(...pages: readonly (readonly Service[])[]): Promise<string[]> {
  const found: string[] = [];
  const { cluster } = clusterStateOf([eipObject('web', '198.51.100.0/24')], [claim('198.51.100.1', [holder('front')])]);
  const unclaimedAddresses = {
    reserveUntilClaimed: (
      address: Address,
      services: readonly { namespace: string; name: string }[],
      kind?: DoubtKind,
    ): void => {
      const names = services.map(({ namespace, name }) => `${namespace}/${name}`);
      found.push(`${formatAddress(address)} ${names}${kind === 'foreign' ? ' (foreign)' : ''}`);
    },
  };
  await findUnclaimed({ client: new Pages(...pages), cluster, unclaimedAddresses }, new AbortController().signal);
  return found;
}

it.each<[string, Service, string[]]>([
  ['ours by the annotation', publishing(service(), '198.51.100.7'), ['198.51.100.7 shop/front']],
  ['both families', publishing(service(), '2001:db8::1', '198.51.100.7'), ['198.51.100.7 shop/front']],
  ['given by OpenELB, and opted out since', publishing(stored(FOREIGN), '198.51.100.7'), ['198.51.100.7 shop/front']],
  [
    'given by a default Eip of before',
    publishing(
      {
        ...service(FOREIGN),
        status: { conditions: [{ ...CONDITION, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
      },
      '198.51.100.7',
    ),
    ['198.51.100.7 shop/front'],
  ],
  ['claimed', publishing(service(), '198.51.100.1'), []],
  [
    'claimed by another one that shares it',
    publishing({ ...service(), metadata: { ...service().metadata, name: 'back' } }, '198.51.100.1'),
    ['198.51.100.1 shop/back'],
  ],
  ['of no Eip', publishing(service(), '203.0.113.1'), []],
  [
    'of an Eip that is gone',
    publishing(stored({ 'skycap.io/addresses': '203.0.113.1' }), '203.0.113.1', '203.0.113.9'),
    ['203.0.113.1 shop/front'],
  ],
  ['of another load balancer', publishing(service(FOREIGN), '198.51.100.7'), ['198.51.100.7 shop/front (foreign)']],
  ['published by nobody, but marked', stored({ 'skycap.io/addresses': '198.51.100.7' }), []],
])('%s', async (_, one, expected) => {
  expect(await doubted([one])).toEqual(expected);
});

it('all pages are read', async () => {
  const [first, second] = ['198.51.100.7', '198.51.100.8'].map((ip) => publishing(service(), ip));
  expect(await doubted([first!], [], [second!])).toEqual(['198.51.100.7 shop/front', '198.51.100.8 shop/front']);
});
