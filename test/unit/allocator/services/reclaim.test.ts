/** What a Service claims again of what it publishes: alone, or beside others who have it. */
import { reclaimsFor } from '../../../../allocator/services/reclaim.ts';
import type { HeldAddress } from '../../../../lib/ipam/choice/held-address.ts';
import { buildPools } from '../../../../lib/ipam/pools/pools.ts';
import { formatAddress } from '../../../../lib/net/address.ts';
import { ledgerOf } from '../../lib/ipam/builders.ts';
import { addr, claim, eip, holder, service } from '../builders.ts';

const pools = buildPools([eip('web', '10.0.0.0/24')]);
const ledger = ledgerOf(claim('10.0.0.1', [holder('back')]), claim('10.0.0.2', [holder('front')]));
const held = { address: addr('10.0.0.2') } as HeldAddress;

test.each<[string, readonly string[], readonly HeldAddress[], string[]]>([
  ['nobody has a claim on it', ['10.0.0.9'], [], ['10.0.0.9 alone']],
  ['another one has, who publishes it, too', ['10.0.0.1'], [], ['10.0.0.1 beside others']],
  ['it has a claim on it itself', ['10.0.0.2'], [held], []],
  ['no Eip has it, and nobody a claim', ['192.0.2.1'], [], []],
  ['it holds what it publishes, and somebody else has written what others have', ['10.0.0.2', '10.0.0.1'], [held], []],
])('%s', (_, published, heldAddresses, expected) => {
  const found = reclaimsFor(service({ published }), heldAddresses, pools, (address) => ledger.claimOf(address));
  expect(found.map(({ address, isHeld }) => `${formatAddress(address)} ${isHeld ? 'beside others' : 'alone'}`)).toEqual(
    expected,
  );
});

describe('another controller has written an address where another one was given', () => {
  const given = service({
    published: ['10.0.0.1', '10.0.0.9'],
    annotations: { 'skycap.io/addresses': '10.0.0.2' },
    conditions: [
      {
        type: 'skycap.io/AddressAssigned',
        status: 'True',
        reason: 'Assigned',
        message: '10.0.0.2 from Eip web',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  });
  const found = (heldAddresses: readonly HeldAddress[]) =>
    reclaimsFor(given, heldAddresses, pools, (address) => ledger.claimOf(address)).map(({ address }) =>
      formatAddress(address),
    );

  test('it is not claimed, be it free or what others have', () => {
    expect(found([{ ...held, isEstablished: true }])).toEqual([]);
  });

  test('but it is where nothing else is known to be its own', () => {
    expect(found([held])).toEqual(['10.0.0.1', '10.0.0.9']);
    expect(found([])).toEqual(['10.0.0.1', '10.0.0.9']);
  });
});
