/** Services that wait for each other's addresses: who moves where, and who lets go first. */
import {
  findExchange,
  firstToLeave,
  leftBy,
  type Mover,
  type Movers,
} from '../../../../allocator/assignment/exchange.ts';
import type { AddressRequest } from '../../../../lib/api/service/address-request.ts';
import type { ClaimHolder, EipClaim } from '../../../../lib/api/skycap/claim.ts';
import { buildPools } from '../../../../lib/ipam/pools/pools.ts';
import { formatAddress } from '../../../../lib/net/address.ts';
import { ledgerOf } from '../../lib/ipam/builders.ts';
import { addr, addressRequest, claim, eip, holder } from '../builders.ts';

const X = '10.0.0.0';
const Y = '10.0.0.1';
const Z = '10.0.0.2';
const TCP = (port: number) => ({ port, protocol: 'TCP' as const });

interface Waiter {
  /** Addresses that it has, those that it has reserved with a `?`. */
  readonly has: readonly string[];
  readonly addressRequest: Partial<AddressRequest>;
}

const asks = (...addresses: string[]): Partial<AddressRequest> => ({ addresses: addresses.map(addr) });

function cluster(waiters: Readonly<Record<string, Waiter>>, staying: Readonly<Record<string, ClaimHolder>> = {}) {
  const byAddress = new Map<string, ClaimHolder[]>();
  const put = (address: string, one: ClaimHolder) => byAddress.set(address, [...(byAddress.get(address) ?? []), one]);
  const entry = (name: string, { sharingKey, ports = [TCP(80)] }: Partial<AddressRequest>): ClaimHolder =>
    holder(name, { ports, ...(sharingKey && { sharingKey }) });
  for (const [name, waiter] of Object.entries(waiters)) {
    for (const address of waiter.has) {
      const { uid, ...unbound } = entry(name, waiter.addressRequest);
      if (address.endsWith('?')) put(address.slice(0, -1), { ...unbound, waiting: true });
      else put(address, { ...unbound, uid: uid! });
    }
  }
  for (const [address, one] of Object.entries(staying)) put(address, one);
  const claims: EipClaim[] = [...byAddress].map(([address, holders]) => claim(address, holders));
  const ledger = ledgerOf(...claims);
  const pools = buildPools([
    eip('web', '10.0.0.0/30'),
    eip('a', '10.0.1.0'),
    eip('b', '10.0.2.0'),
    eip('six', '2001:db8::/120'),
  ]);
  const movers = Object.entries(waiters).map(
    ([name, waiter]): Mover => ({
      key: `shop/${name}`,
      addressRequest: addressRequest(waiter.addressRequest),
      holder: entry(name, waiter.addressRequest),
      chooseInput: {
        pools,
        taken: ledger,
        namespaceLabels: {},
        held: ledger.heldBy('shop', name),
        established: waiter.has.filter((address) => !address.endsWith('?')).map(addr),
        isSelf: (one) => one.name === name,
        published: [],
        former: [],
      },
    }),
  );
  const all: Movers = { of: ({ name }) => movers.find(({ key }) => key === `shop/${name}`), all: () => movers };
  return { movers, all };
}

/** `a→10.0.0.1 b→10.0.0.0`, from the first one's view; `first: …` where one is to let go. */
function told(waiters: Readonly<Record<string, Waiter>>, staying: Readonly<Record<string, ClaimHolder>> = {}): string {
  const { movers, all } = cluster(waiters, staying);
  const moves = findExchange(movers[0]!, all);
  if (!moves) return 'nothing';
  const lines = moves.map(
    ({ mover, given }) => `${mover.key.slice(5)}→${given.map(({ address }) => formatAddress(address))}`,
  );
  const first = firstToLeave(moves);
  const left = first && moves.find(({ mover }) => mover === first);
  return [
    ...lines,
    ...(left ? [`first: ${left.mover.key.slice(5)} leaves ${leftBy(left).map(formatAddress)}`] : []),
  ].join(' ');
}

test.each<[string, Readonly<Record<string, Waiter>>, Readonly<Record<string, ClaimHolder>>, string]>([
  ['two', { a: { has: [X], addressRequest: asks(Y) }, b: { has: [Y], addressRequest: asks(X) } }, {}, `a→${Y} b→${X}`],
  [
    'two of which one has not reserved its place',
    { a: { has: [X, `${Y}?`], addressRequest: asks(Y) }, b: { has: [Y], addressRequest: asks(X) } },
    {},
    `a→${Y} b→${X}`,
  ],
  [
    'two that have reserved theirs: the first by name lets go',
    { b: { has: [Y, `${X}?`], addressRequest: asks(X) }, a: { has: [X, `${Y}?`], addressRequest: asks(Y) } },
    {},
    `b→${X} a→${Y} first: a leaves ${X}`,
  ],
  [
    'three',
    {
      a: { has: [X], addressRequest: asks(Y) },
      b: { has: [Y], addressRequest: asks(Z) },
      c: { has: [Z], addressRequest: asks(X) },
    },
    {},
    `a→${Y} b→${Z} c→${X}`,
  ],
  [
    'who is in the way waits for something that nobody leaves',
    { a: { has: [X], addressRequest: asks(Y) }, b: { has: [Y], addressRequest: asks(Z) } },
    { [Z]: holder('stays') },
    'nothing',
  ],
  [
    'who is in the way waits for nothing',
    { a: { has: [X], addressRequest: asks(Y) } },
    { [Y]: holder('stays') },
    'nothing',
  ],
  [
    'a third stays where one of them would go',
    { a: { has: [X], addressRequest: asks(Y) }, b: { has: [Y], addressRequest: asks(X) } },
    { [X]: holder('stays', { ports: [TCP(80)] }) },
    'nothing',
  ],
  [
    'a third stays that the one who comes may share with',
    {
      a: { has: [X], addressRequest: asks(Y) },
      b: { has: [Y], addressRequest: { ...asks(X), sharingKey: 'k' } },
    },
    { [X]: holder('stays', { ports: [TCP(81)], sharingKey: 'k' }) },
    `a→${Y} b→${X}`,
  ],
  [
    'two share the place of one',
    {
      a: { has: [X], addressRequest: asks(Y) },
      b: { has: [Y], addressRequest: { ...asks(X), sharingKey: 'k' } },
      c: { has: [Y], addressRequest: { ...asks(X), sharingKey: 'k', ports: [TCP(81)] } },
    },
    {},
    `a→${Y} b→${X} c→${X}`,
  ],
  [
    'another one wants the same place, and has nothing that anybody wants',
    {
      a: { has: [X], addressRequest: asks(Y) },
      other: { has: [Z], addressRequest: asks(Y) },
      b: { has: [Y], addressRequest: asks(X) },
    },
    {},
    `a→${Y} b→${X}`,
  ],
  [
    'in both families',
    {
      a: { has: [X, '2001:db8::1'], addressRequest: { ...asks(Y, '2001:db8::2'), families: [4, 6] } },
      b: { has: [Y, '2001:db8::2'], addressRequest: { ...asks(X, '2001:db8::1'), families: [4, 6] } },
    },
    {},
    `a→${Y},2001:db8::2 b→${X},2001:db8::1`,
  ],
  [
    'in one of two families',
    {
      a: { has: [X, '2001:db8::1'], addressRequest: { ...asks(Y, '2001:db8::1'), families: [4, 6] } },
      b: { has: [Y, '2001:db8::2'], addressRequest: { ...asks(X, '2001:db8::2'), families: [4, 6] } },
    },
    {},
    `a→${Y},2001:db8::1 b→${X},2001:db8::2`,
  ],
  [
    'one would leave one family of two only, and is in the way in the other',
    {
      a: { has: [X, '2001:db8::1'], addressRequest: { ...asks(Y, '2001:db8::2'), families: [4, 6] } },
      b: { has: [Y, '2001:db8::2'], addressRequest: { ...asks(X, '2001:db8::2'), families: [4, 6] } },
    },
    {},
    'nothing',
  ],
  [
    'one gets nothing in the other family, and keeps what it has there',
    {
      a: {
        has: [X, '2001:db8::1', `${Y}?`],
        addressRequest: { ...asks(Y, '2001:db8::9'), families: [4, 6], need: 'any' },
      },
      b: { has: [Y, `${X}?`], addressRequest: asks(X) },
    },
    { '2001:db8::9': holder('stays') },
    `a→${Y} b→${X} first: a leaves ${X}`,
  ],
  [
    'of full Eips, by name',
    {
      a: { has: ['10.0.1.0'], addressRequest: { eipNames: ['b'] } },
      b: { has: ['10.0.2.0'], addressRequest: { eipNames: ['a'] } },
    },
    {},
    'a→10.0.2.0 b→10.0.1.0',
  ],
])('%s', (_, waiters, staying, expected) => {
  expect(told(waiters, staying)).toBe(expected);
});

test('whoever looks finds the same exchange, and the same one lets go', () => {
  const places = [X, Y, Z, '10.0.0.3'];
  const ring = Object.fromEntries(
    places.map((place, i) => {
      const next = places[(i + 1) % places.length]!;
      return [`s${i}`, { has: [place, `${next}?`], addressRequest: asks(next) }];
    }),
  );
  const { movers, all } = cluster(ring);
  expect(movers.map((mover) => firstToLeave(findExchange(mover, all) ?? [])?.key)).toEqual(places.map(() => 'shop/s0'));
});
