import { parseProtocols } from '../../../../../lib/api/eip/protocols.ts';

it.each([
  ['bgp', ['bgp']],
  ['layer2', ['layer2']],
  ['layer2, bgp', ['layer2', 'bgp']],
])('%s', (text, expected) => {
  expect([...parseProtocols(text)]).toEqual(expected);
});

it.each(['vip', 'bgp,', 'bgp;layer2', 'BGP'])('%s is refused with the words that are possible', (text) => {
  expect(() => parseProtocols(text)).toThrow('write bgp, layer2, or both with a comma between them');
});
