import { parseMarked } from '../../../../../lib/api/service/marked-addresses.ts';
import { formatAddress } from '../../../../../lib/net/address.ts';

test.each<[string, string | undefined, string[]]>([
  ['none', undefined, []],
  ['both families', '198.51.100.7,2001:db8::7', ['198.51.100.7', '2001:db8::7']],
  ['by hand, with what is none', ' 198.51.100.7 , nonsense,', ['198.51.100.7']],
  ['a list without end: no more than could have been given', '::,'.repeat(100_000), ['::', '::', '::', '::']],
])('%s', (_, text, expected) => {
  expect(parseMarked(text).map(formatAddress)).toEqual(expected);
});
