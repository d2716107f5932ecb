// Tests with a real API server (SKYCAP_LAB_BIN says where its binaries are); no root, no cluster of the user's.
import unit from './jest.config.js';

/** @type {import('jest').Config} */
const config = {
  ...unit,
  roots: ['<rootDir>/test/real'],
  // Scenes of one file are played side by side, each on a control plane of its own.
  maxConcurrency: 2,
  testSequencer: '<rootDir>/test/real/support/sequencer.js',
};

// biome-ignore lint/style/noDefaultExport: jest reads the default export.
export default config;
