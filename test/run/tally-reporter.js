// A reporter for jest that writes what the run came to into the file named by SKYCAP_TALLY, for test/run/main.ts to add up.
import { writeFileSync } from 'node:fs';

// biome-ignore lint/style/noDefaultExport: jest reads the default export.
export default class {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    const file = process.env.SKYCAP_TALLY;
    if (file) writeFileSync(file, JSON.stringify({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites }));
  }
}
