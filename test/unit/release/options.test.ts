/** The options of `npm run release`: what is accepted, and what is refused by its name. */
import { parseReleaseOptions } from '../../../release/options.ts';

test('without options: every platform of these sources, for nodes that import the archive', () => {
  expect(parseReleaseOptions([])).toEqual({
    repository: 'localhost/skycap',
    version: undefined,
    from: undefined,
    platforms: ['linux/amd64', 'linux/arm64'],
    programPlatforms: ['linux/amd64', 'linux/arm64', 'darwin/amd64', 'darwin/arm64'],
    output: 'dist/release',
    url: undefined,
    pull: false,
  });
});

test.each([
  ['registry.example', 'registry.example/skycap'],
  ['registry.example:5000/a/b-c', 'registry.example:5000/a/b-c/skycap'],
])('--registry %s names the image %s', (registry, repository) => {
  expect(parseReleaseOptions(['--registry', registry]).repository).toBe(repository);
});

test.each([
  [['--registry', 'Registry.example'], 'lower case'],
  [['--registry', 'registry.example/'], 'registry.example/team'],
  [['--registry', 'https://registry.example'], 'a host and a path'],
  [['--version', 'v1.2'], 'three numbers'],
  [['--version', '1.2.3+4'], 'three numbers'],
  [
    ['--platform', 'linux/arm64,linux/386'],
    '"linux/386": write some of linux/amd64,linux/arm64,darwin/amd64,darwin/arm64',
  ],
  [['--platform', 'darwin/arm64'], '"darwin/arm64" alone: add linux/amd64 or linux/arm64, for the image'],
  [['--url', 'downloads.example/v1'], 'https://downloads.example/v1.2.3'],
  [['--url', 'https://downloads.example/v1?x=1'], 'https://downloads.example/v1.2.3'],
  [['--registery', 'x'], '--registery'],
])('refuses %j', (args, sentence) => {
  expect(() => parseReleaseOptions(args)).toThrow(sentence);
});

test('a slash at the end of --url is left out', () => {
  expect(parseReleaseOptions(['--url', 'https://downloads.example/v1/']).url).toBe('https://downloads.example/v1');
});

test('a platform that is given twice is built once', () => {
  expect(parseReleaseOptions(['--platform', 'linux/arm64,linux/arm64']).platforms).toEqual(['linux/arm64']);
});
