// Bundles each component into dist/<component>.js and the chunks it shares or loads only when needed (client-node's kubeconfig reader, say,
// which costs tens of MB and is not wanted in a pod): those files and Node are all that the image needs. The speaker's thread for layer 2 is a file of
// its own, and beside it stands the one binary of koffi that the image needs: of this machine's architecture, or of the one that is the argument (as docker names it).
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { build } from 'esbuild';

const COMPONENTS = ['webhook', 'allocator', 'speaker'];
const THREADS = ['speaker/l2/responder/responder-worker'];
const ARCHITECTURES = { amd64: 'x64', arm64: 'arm64' };
const KOFFI = `node_modules/@koromix/koffi-linux-${ARCHITECTURES[process.argv[2]] ?? process.arch}`;
// Some dependencies are CommonJS and call `require`, which an ES module does not have.
const REQUIRE = `import { createRequire as createRequireOfBundle } from 'node:module';
const require = createRequireOfBundle(import.meta.url);`;

const present = COMPONENTS.filter((component) => existsSync(`${component}/main.ts`));
await mkdir('dist', { recursive: true });
// `npm run release` has its folder there.
for (const name of await readdir('dist')) if (name !== 'release') await rm(`dist/${name}`, { recursive: true });
const { outputFiles, metafile } = await build({
  metafile: true,
  entryPoints: [
    ...present.map((component) => ({ in: `${component}/main.ts`, out: component })),
    ...THREADS.map((file) => ({ in: `${file}.ts`, out: basename(file) })),
  ],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'chunk-[hash]',
  platform: 'node',
  target: 'node24',
  format: 'esm',
  banner: { js: REQUIRE },
  // Readable stack traces without source maps: names and lines stay as they are. (`keepNames` would set the name of each function whenever one is made.)
  minify: false,
  legalComments: 'linked',
  logLevel: 'warning',
  write: false,
});
// For the list of the image's content (`npm run release`).
await writeFile(
  'dist/packages.json',
  JSON.stringify(packagesOf([...Object.keys(metafile.inputs), `${KOFFI}/index.js`])),
);
for (const { path, text } of outputFiles) await writeFile(path, path.endsWith('.js') ? onlyAscii(text) : text);
// It is made for two libcs; the image's Debian has glibc.
await cp(KOFFI, `dist/${KOFFI}`, { recursive: true, filter: (path) => !path.includes('/musl_') });

/** The packages that the files are from, sorted by name. */
function packagesOf(files) {
  const folders = new Set(files.map((file) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(Boolean));
  const packages = [...folders].map((folder) => JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')));
  return packages
    .map(({ name, version, license }) => ({ name, version, license }))
    .sort((a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version));
}

/**
 * The text with `\uXXXX` for each other character. A process keeps the text of its program in memory: V8 takes two bytes for each character of a file in which one
 * is beyond Latin-1, be it in a comment.
 */
function onlyAscii(text) {
  const escaped = /\\[^\0-\x7f]/.exec(text);
  if (escaped) throw new Error(`Cannot rewrite "${escaped[0]}": remove the backslash in the source`);
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
