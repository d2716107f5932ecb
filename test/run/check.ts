/** `npm run check`: lint, format and types. Quick, without root or cluster; what CI looks at before it tests. */
import { spawnSync } from 'node:child_process';

const CHECKS = [
  ['biome', 'ci', '.'],
  ['tsc', '--noEmit'],
] as const;

for (const [program, ...args] of CHECKS) {
  const { status } = spawnSync(`node_modules/.bin/${program}`, args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
