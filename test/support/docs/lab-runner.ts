/** Does what a page says in the lab. */
import { dirname, join } from 'node:path';
import type { Lab } from '../../lab/lab.ts';
import type { PageRunner } from './run-blocks.ts';

/** A reader works in the checkout. */
const ROOT = join(import.meta.dirname, '../../..');

export function labRunner(lab: Lab): PageRunner {
  return {
    env: { ...process.env, PATH: `${dirname(lab.kubectlPath)}:${process.env.PATH}`, KUBECONFIG: lab.kubeconfig },
    cwd: ROOT,
    apply: async (yaml) => void (await lab.kubectl(['apply', '-f', '-'], { input: yaml })),
    other: async ({ language }) => {
      throw new Error(`there is no way to run "${language}" in the lab`);
    },
  };
}
