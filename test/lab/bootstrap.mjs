// The first thing that runs: `npm run lab`, `npm test`, `npm run test:unit`, `npm run test:soak`, `npm run check`, `npm run bench`, `npm run release` and `npm run manifests` all come by here,
// on whatever Node the machine has and before any package is installed. It looks whether the machine will do, installs the npm packages when they are
// missing or old, and hands over to the Node 24 that package.json pins.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { missingRequirement } from './requirements.mjs';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const PINNED_MAJOR = 24;

/** The script of each npm command, and whether it needs root and a complete kernel. */
const MODES = {
  lab: { script: 'test/lab/main.ts', needsMachine: true },
  test: { script: 'test/run/main.ts', arguments: ['all'], needsMachine: true },
  unit: { script: 'test/run/main.ts', arguments: ['unit'], needsMachine: false },
  check: { script: 'test/run/check.ts', needsMachine: false },
  bench: { script: 'test/bench/main.ts', needsMachine: true },
  scene: { script: 'test/scenes/main.ts', needsMachine: true },
  manifests: { script: 'test/manifests/main.ts', needsMachine: false },
  release: { script: 'release/main.ts', needsMachine: true },
  soak: { script: 'test/soak/main.ts', needsMachine: true },
};

const [modeName = '', ...rest] = process.argv.slice(2);
const mode = MODES[modeName];
if (!mode) fail(`Cannot run "${modeName}": write one of ${Object.keys(MODES).join(', ')}.`);
if (mode.needsMachine) {
  const problem = missingRequirement({
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? -1,
    kernelConfig: readKernelConfig(),
  });
  if (problem) fail(problem);
}
if (packagesAreOld()) await installPackages();
const node = pinnedNode();
const code = await run(node, [join(REPOSITORY, mode.script), ...(mode.arguments ?? []), ...rest], {
  // Child programs find the same Node first.
  PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
});
process.exit(code);

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/** @returns {string | undefined} undefined if this kernel does not show its build configuration. */
function readKernelConfig() {
  for (const path of ['/proc/config.gz', `/boot/config-${release()}`]) {
    if (!existsSync(path)) continue;
    const content = readFileSync(path);
    return (path.endsWith('.gz') ? gunzipSync(content) : content).toString();
  }
  return undefined;
}

/** npm writes a lock file of its own into node_modules at the end of each installation. */
function packagesAreOld() {
  const installed = join(REPOSITORY, 'node_modules/.package-lock.json');
  const wanted = join(REPOSITORY, 'package-lock.json');
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs;
}

async function installPackages() {
  const started = Date.now();
  process.stderr.write('          npm packages …\n');
  // Warnings about the machine's own Node do not matter here, since it only runs npm.
  const npm = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {}, 'ignore');
  if (npm !== 0) fail('Cannot install the npm packages: npm ci failed, see above.');
  process.stderr.write(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  npm packages\n`);
}

/** @returns {string} the pinned Node's path. */
function pinnedNode() {
  const pinned = join(REPOSITORY, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (existsSync(pinned)) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= PINNED_MAJOR) return process.execPath;
  return fail(
    `Skycap needs Node ${PINNED_MAJOR}: there is no package of it for ${process.platform}-${process.arch}, and this is ${process.version}.`,
  );
}

/** @returns {Promise<number>} the exit code; for a signal, the code that a shell gives. */
function run(command, args, env, output = 'inherit') {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: REPOSITORY,
      stdio: ['inherit', output, 'inherit'],
      env: { ...process.env, ...env },
    });
    // Ctrl-C reaches the child by itself, since both are in the terminal's foreground; the child decides when to end.
    const ignore = () => {};
    const forward = () => child.kill('SIGTERM');
    process.on('SIGINT', ignore);
    process.on('SIGTERM', forward);
    child.once('error', (error) => {
      process.stderr.write(`Cannot run "${command}": ${error.message}\n`);
      resolve(127);
    });
    child.once('exit', (code, signal) => {
      process.off('SIGINT', ignore);
      process.off('SIGTERM', forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}
