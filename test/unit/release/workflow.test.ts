/** The workflow of a release calls `npm run release` with options that it has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseReleaseOptions } from '../../../release/options.ts';

const FILE = join(import.meta.dirname, '../../../.github/workflows/release.yaml');

test('the workflow releases the tag for the registry of the repository, with base images from their registry', () => {
  const { steps } = parse(readFileSync(FILE, 'utf8')).jobs.release as { steps: { run?: string }[] };
  const command = steps.map(({ run }) => run ?? '').find((run) => run.includes('npm run release -- '))!;
  const filled = command
    .replace('"$REGISTRY"', 'registry.example')
    .replace(/"\$\{TAG#v\}"/, '1.2.3')
    .replace('"$FILES"', 'https://files.example/v1.2.3');
  expect(parseReleaseOptions(filled.split('npm run release -- ')[1]!.trim().split(' '))).toMatchObject({
    repository: 'registry.example/skycap',
    version: '1.2.3',
    url: 'https://files.example/v1.2.3',
    from: undefined,
    platforms: ['linux/amd64', 'linux/arm64'],
    pull: true,
  });
});
