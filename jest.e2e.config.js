// End-to-end tests: a lab for each worker of jest, one file at a time in it, Skycap from its own image and manifests.
import unit from './jest.config.js';

/** @type {import('jest').Config} */
const config = {
  ...unit,
  roots: ['<rootDir>/test/e2e'],
  testTimeout: 120_000,
  globalSetup: '<rootDir>/test/e2e/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/e2e/support/global-teardown.ts',
  testSequencer: '<rootDir>/test/e2e/support/sequencer.js',
  setupFilesAfterEnv: ['<rootDir>/test/e2e/support/use-lab.ts'],
  verbose: true,
};

// biome-ignore lint/style/noDefaultExport: jest reads the default export.
export default config;
