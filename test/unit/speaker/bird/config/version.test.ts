/** BIRD's version, from the two places where it is said. */
import { parseBirdVersion, saysAuthentication } from '../../../../../speaker/bird/config/version.ts';

it.each([
  ['BIRD version 2.0.12\n', '2.0.12', false],
  ['BIRD 2.0.12 ready.', '2.0.12', false],
  ['BIRD 2.16.2 ready.', '2.16.2', false],
  ['BIRD version 2.17.5', '2.17.5', true],
  ['BIRD v2.17.5 ready.', '2.17.5', true],
  ['BIRD 3.1.0 ready.', '3.1.0', true],
])('%j', (text, version, authentication) => {
  const parsed = parseBirdVersion(text);
  expect(parsed?.text).toBe(version);
  expect(parsed && saysAuthentication(parsed)).toBe(authentication);
});

it.each(['', 'bird: not found', 'BIRD ready.'])('%j has no version', (text) => {
  expect(parseBirdVersion(text)).toBeUndefined();
});
