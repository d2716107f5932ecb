/** `npm run release`: makes everything that a release consists of in `dist/release` (docs/install.md). */
import { resolve } from 'node:path';
import { consoleProgress } from '../test/lab/progress.ts';
import { parseReleaseOptions, USAGE } from './options.ts';
import { makeRelease } from './release.ts';

const REPOSITORY = resolve(import.meta.dirname, '..');

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const options = parseReleaseOptions(args);
  const release = await makeRelease(options, REPOSITORY, resolve(REPOSITORY, options.output), consoleProgress());
  process.stdout.write(`Skycap ${release.version} is in ${options.output}; its image is ${release.image}\n`);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
