/** What a claim remembers of a Service's wish. */
import { askedFor } from '../../../../../lib/api/service/address-request.ts';
import { addr, addressRequest } from '../../ipam/builders.ts';

it('says which Eips, addresses and protocol a Service asks for, and nothing where any will do', () => {
  expect(askedFor(addressRequest())).toBeUndefined();
  expect(
    askedFor(addressRequest({ ports: [], sharingKey: 'k', externalTrafficPolicy: 'Local', families: [4, 6] })),
  ).toBeUndefined();
  const all = addressRequest({ eipNames: ['web', 'six'], addresses: [addr('198.51.100.7')], protocol: 'layer2' });
  expect(askedFor(all)).toBe('Eip web, Eip six, 198.51.100.7, protocol layer2');
});

it('is no longer than an EipClaim has room for', () => {
  expect(askedFor(addressRequest({ eipNames: ['a'.repeat(1000)] }))).toHaveLength(512);
});
