// End-to-end tests: one lab for the whole run, one file at a time, Skycap from its own image and manifests.
import unit from './jest.config.js';

/** @type {import('jest').Config} */
const config = {
  ...unit,
  roots: ['<rootDir>/test/e2e'],
  testTimeout: 120_000,
  globalSetup: '<rootDir>/test/e2e/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/e2e/support/global-teardown.ts',
  testSequencer: '<rootDir>/test/e2e/support/sequencer.js',
  maxWorkers: 1,
  verbose: true,
};

// biome-ignore lint/style/noDefaultExport: jest reads the default export.
export default config;
