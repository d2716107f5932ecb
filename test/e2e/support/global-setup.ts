/** jest calls this once, before the first end-to-end test. */
import { consoleProgress } from '../../lab/progress.ts';
import { startTestLabs } from './test-lab.ts';

// biome-ignore lint/style/noDefaultExport: jest calls the default export.
export default async function globalSetup({ maxWorkers }: { readonly maxWorkers: number }): Promise<void> {
  process.stderr.write('\n');
  await startTestLabs(maxWorkers, consoleProgress());
}
