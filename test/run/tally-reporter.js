// A reporter for jest that writes what the run came to into the file named by SKYCAP_TALLY, for test/run/main.ts to add up.
import { writeFileSync } from 'node:fs';

// biome-ignore lint/style/noDefaultExport: jest reads the default export.
export default class {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, testResults }) {
    const file = process.env.SKYCAP_TALLY;
    const failedFiles = testResults
      .filter(({ numFailingTests, testExecError }) => numFailingTests > 0 || testExecError)
      .map(({ testFilePath, numPassingTests, testResults: tests }) => ({
        path: testFilePath,
        numPassedTests: numPassingTests,
        failures: tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
      }));
    const results = { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, failedFiles };
    if (file) writeFileSync(file, JSON.stringify(results));
  }
}
