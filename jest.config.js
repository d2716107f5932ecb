// Unit tests: pure code, a real bird -p where it is installed, nothing that needs root or a cluster.
const swc = ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }];

/** @type {import('jest').Config} */
const config = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': swc },
  roots: ['<rootDir>/test'],
  watchman: false,
  // Properties take a second or so; on a machine that others use, ten times that.
  testTimeout: 30_000,
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

export { swc };
// biome-ignore lint/style/noDefaultExport: jest reads the default export.
export default config;
