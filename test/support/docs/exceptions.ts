/** The blocks of commands that no lab can run as the page shows them, each with its reason. The test of the pages prints the list. PURE. */
import type { Block } from './page.ts';

export interface Exception {
  readonly page: string;
  /** The block's first words. */
  readonly begins: string;
  readonly reason: string;
  /** Commands in its place; empty for none. */
  readonly instead: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    page: 'docs/install.md',
    begins: 'docker build',
    reason: 'the lab has neither docker nor a registry; every node has the image under this name already',
    instead: '',
  },
  {
    page: 'docs/kubectl-skycap.md',
    begins: 'npm run build',
    reason:
      'nothing of the machine is to be changed by a test; the plugin runs from the checkout, and tests of its own build and install it',
    instead: '',
  },
];

/** @returns the blocks as the lab runs them. */
export function withExceptions(page: string, blocks: readonly Block[]): readonly Block[] {
  return blocks.map((block) => {
    const exception = EXCEPTIONS.find(
      (candidate) => candidate.page === page && block.text.startsWith(candidate.begins),
    );
    return exception ? { ...block, text: exception.instead } : block;
  });
}
