/** The word that was meant: named where one is near, and none where it could be any. */
import { didYouMean } from '../../../../../lib/api/service/did-you-mean.ts';

it.each<[string, string[], string | undefined]>([
  ['wbe', ['web', 'db'], 'web'],
  ['Web', ['web', 'wib'], 'web'],
  [' web', ['web'], 'web'],
  ['web-fronts', ['web-front', 'db'], 'web-front'],
  ['wbe-frontt', ['web-front'], 'web-front'],
  ['xyz-front', ['web-front'], undefined],
  ['a', ['b'], undefined],
  ['ab', ['ac'], undefined],
  ['web3', ['web1', 'web2'], undefined],
  ['production', ['web', 'db'], undefined],
  ['', ['web'], undefined],
  ['x'.repeat(10_000), ['web'], undefined],
])('%j among %j: %j', (word, known, meant) => {
  expect(didYouMean(word, known)).toBe(meant);
});
