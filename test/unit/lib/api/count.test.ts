import { addressesText, countText, toCount } from '../../../../lib/api/count.ts';

test.each([
  [0n, 0, '0', '0 addresses'],
  [1n, 1, '1', '1 address'],
  [2n ** 53n - 1n, 9007199254740991, '9007199254740991', '9007199254740991 addresses'],
  [2n ** 53n, 9007199254740991, 'more than 9007199254740991', 'more than 9007199254740991 addresses'],
  [2n ** 128n, 9007199254740991, 'more than 9007199254740991', 'more than 9007199254740991 addresses'],
])('%s is the same in status and in sentences', (addresses, count, text, sentence) => {
  expect([toCount(addresses), countText(addresses), addressesText(addresses)]).toEqual([count, text, sentence]);
});
