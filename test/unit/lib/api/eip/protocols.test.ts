import { parseProtocols } from '../../../../../lib/api/eip/protocols.ts';

it.each([
  ['bgp', ['bgp']],
  ['layer2, bfd', ['layer2', 'bfd']],
  ['bgp,layer2,bfd', ['bgp', 'layer2', 'bfd']],
])('%s', (text, expected) => {
  expect([...parseProtocols(text)]).toEqual(expected);
});

it.each([
  ...['vip', 'bgp,', 'bgp;layer2', 'BGP'].map((text) => [
    text,
    'write some of bgp, layer2, bfd, with commas between them',
  ]),
  ['bfd', 'bfd announces no address; add bgp or layer2'],
])('%s is refused with the remedy', (text = '', message = '') => {
  expect(() => parseProtocols(text)).toThrow(message);
});
