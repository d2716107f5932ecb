/** jest calls this once, before the first end-to-end test. */
import { consoleProgress } from '../../lab/progress.ts';
import { startTestLab } from './test-lab.ts';

// biome-ignore lint/style/noDefaultExport: jest calls the default export.
export default async function globalSetup(): Promise<void> {
  process.stderr.write('\n');
  await startTestLab(consoleProgress());
}
