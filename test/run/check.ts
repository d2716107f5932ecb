/** `npm run check`: lint, format and types. Quick, without root or cluster; what CI looks at before it tests. */
import { spawnSync } from 'node:child_process';

const CHECKS: readonly [string, ...string[]][] = [
  ['biome', 'ci', ...(process.stdout.isTTY ? [] : ['--colors=off']), '.'],
  ['tsc', '--noEmit'],
];

for (const [program, ...args] of CHECKS) {
  const { status } = spawnSync(`node_modules/.bin/${program}`, args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
