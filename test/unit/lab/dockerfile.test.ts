/** The image's recipe is written down in four places that must agree. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const bases = [
  ...new Set([...read('Dockerfile').matchAll(/^FROM (?:--platform=\S+ )?(\S+:\S+)/gm)].map((match) => match[1])),
];

test('the lab makes exactly the base images that the Dockerfile starts from', () => {
  const made = [...read('test/lab/base-images.ts').matchAll(/'docker\.io\/library\/([^']+)'/g)].map(
    (match) => match[1],
  );
  expect([...made].sort()).toEqual([...bases].sort());
});

test('the Node of the image and the pinned Node are of the same release line', () => {
  const { optionalDependencies } = JSON.parse(read('package.json'));
  const majors = Object.entries<string>(optionalDependencies)
    .filter(([name]) => name.startsWith('node-linux-'))
    .map(([, version]) => version.split('.')[0]);
  expect(majors).toEqual([expect.any(String), majors[0]]);
  expect(bases[0]).toMatch(new RegExp(`^node:${majors[0]}-`));
});

test('whatever reaches the build is what the lab looks at to see whether a build is due', () => {
  const letThrough = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map((match) => match[1]);
  const inputs = [.../const INPUTS = \[([^\]]+)\]/.exec(read('test/lab/skycap-image.ts'))![1]!.matchAll(/'([^']+)'/g)];
  expect(inputs.map((match) => match[1]).sort()).toEqual(['.dockerignore', 'Dockerfile', ...letThrough].sort());
});

test('the image runs as a user that is not root', () => {
  expect(read('Dockerfile')).toMatch(/^USER 10001$/m);
});
