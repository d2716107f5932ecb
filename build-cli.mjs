// Bundles `kubectl skycap` into dist/kubectl-skycap: one file for Node 20 or later, and a package.json, so that the file can be copied to the PATH or the folder installed
// by `npm install --global`. The components' image has none of it (.dockerignore).
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const FOLDER = 'dist/kubectl-skycap';
const FILE = 'kubectl-skycap.js';

/**
 * client-node's kubeconfig reader imports undici, which needs Node 22, and a model of every kind of Kubernetes: for its own clients, which Skycap does not use. A stub in
 * their place says so when used.
 */
const withoutClients = {
  name: 'without-clients',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^undici$|^\.\/gen\/index\.js$/ }, ({ path, importer }) =>
      importer.endsWith('client-node/dist/config.js') ? { path, namespace: 'stub' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => ({ contents: stubOf(path) }));
  },
};

function stubOf(path) {
  const names = path === 'undici' ? ['Agent', 'ProxyAgent'] : ['createConfiguration', 'ServerConfiguration'];
  const refuse = (name) =>
    `export function ${name}() { throw new Error('Cannot use ${name}: left out by build-cli.mjs'); }`;
  return names.map(refuse).join('\n');
}

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
await build({
  entryPoints: ['cli/main.ts'],
  outfile: `${FOLDER}/${FILE}`,
  bundle: true,
  platform: 'node',
  target: 'node20',
  // A file without extension on the PATH is CommonJS for Node 20, and so is the script of a single executable application.
  format: 'cjs',
  banner: { js: '#!/usr/bin/env node' },
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'linked',
  logLevel: 'warning',
  plugins: [withoutClients],
});
await chmod(`${FOLDER}/${FILE}`, 0o755);
const { version, description, license } = JSON.parse(await readFile('package.json', 'utf8'));
const manifest = {
  name: 'kubectl-skycap',
  version,
  description: `kubectl plugin of Skycap, ${description[0].toLowerCase()}${description.slice(1)}`,
  license,
  type: 'commonjs',
  bin: { 'kubectl-skycap': FILE },
  engines: { node: '>=20' },
};
await writeFile(`${FOLDER}/package.json`, `${JSON.stringify(manifest, undefined, 2)}\n`);
