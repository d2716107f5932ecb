/** jest calls this once, after the last end-to-end test, whatever came of them. */
import { takeDownTestLabs } from './test-lab.ts';

// biome-ignore lint/style/noDefaultExport: jest calls the default export.
export default async function globalTeardown(): Promise<void> {
  await takeDownTestLabs();
}
