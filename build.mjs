// Bundles each component into dist/<component>.js and the chunks it shares or loads only when needed (client-node's kubeconfig reader, say,
// which costs tens of MB and is not wanted in a pod): those files and Node are all that the image needs.
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { build } from 'esbuild';

const COMPONENTS = ['webhook', 'allocator', 'speaker'];
// Some dependencies are CommonJS and call `require`, which an ES module does not have.
const REQUIRE = `import { createRequire as createRequireOfBundle } from 'node:module';
const require = createRequireOfBundle(import.meta.url);`;

const present = COMPONENTS.filter((component) => existsSync(`${component}/main.ts`));
await rm('dist', { recursive: true, force: true });
await mkdir('dist');
await build({
  entryPoints: present.map((component) => ({ in: `${component}/main.ts`, out: component })),
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'chunk-[hash]',
  platform: 'node',
  target: 'node24',
  format: 'esm',
  banner: { js: REQUIRE },
  // Readable stack traces without source maps: names and lines stay as they are.
  minify: false,
  keepNames: true,
  legalComments: 'linked',
  logLevel: 'warning',
});
