/** `npm run lab`: the command line of the lab. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cleanUp, hasLeftovers } from './cleanup.ts';
import { showFabric } from './fabric/show-fabric.ts';
import { installSkycap, restartSkycap, waitForSkycap } from './install.ts';
import { defaultLab, Lab, ownerOf, refuseIfTaken } from './lab.ts';
import { layoutOf } from './layout.ts';
import { whilePreparing } from './lock.ts';
import { prepare } from './prepare.ts';
import { kill } from './processes.ts';
import { consoleProgress } from './progress.ts';
import { showDemonstration, showState, usage } from './show.ts';
import { INTERRUPTED, signalled } from './signalled.ts';
import { buildSkycapImage } from './skycap-image.ts';

const HELP = `npm run lab                       start the lab with Skycap in it, do the demonstration, stay up until Ctrl-C
npm run lab -- --once             the same, but take it down at the end
npm run lab -- --bare             the cluster alone, without Skycap
npm run lab -- --fabric           with two leaves, two spines and a border in front of the nodes
npm run lab -- reload             build, load and restart Skycap in the running lab
npm run lab -- show               what there is, as at the end of the demonstration
npm run lab -- kubectl …          kubectl in the running lab
npm run lab -- skycap …           kubectl skycap in the running lab
npm run lab -- exec <machine> …   a program on client, router, n1, n2 or n3 (leaf1, spine1, border, outside, …)
npm run lab -- down               take down what is there, also after a crash
SKYCAP_LAB_NAME=ska npm run lab   another lab beside it (sk and any letter)`;

const PLUGIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const KEEP_ALIVE_MS = 1 << 30;

const progress = consoleProgress();
const print = (text: string) => process.stdout.write(`${text}\n`);
const name = defaultLab();

async function main(args: readonly string[]): Promise<number> {
  const [command = '', ...rest] = args;
  switch (command) {
    case '':
    case '--once':
    case '--bare':
    case '--fabric':
      return up({ stay: command !== '--once', skycap: command !== '--bare', fabric: command === '--fabric' });
    case 'reload':
      return reload();
    case 'show':
      return withLab((lab) => showState(lab, print));
    case 'kubectl':
      return withLab((lab) => passThrough(lab.kubectlPath, rest, { KUBECONFIG: lab.kubeconfig }));
    case 'skycap':
      return withLab((lab) => passThrough(process.execPath, [PLUGIN, ...rest], { KUBECONFIG: lab.kubeconfig }));
    case 'exec': {
      const [machine = '', ...program] = rest;
      return withLab(async (lab) => {
        const [enter, ...entered] = await lab.enter(machine, program);
        return passThrough(enter!, entered, {});
      });
    }
    case 'down':
      return down();
    case 'help':
    case '--help':
      print(HELP);
      return 0;
    default:
      process.stderr.write(`Cannot do "${command}".\n\n${HELP}\n`);
      return 2;
  }
}

interface UpOptions {
  readonly stay: boolean;
  readonly skycap: boolean;
  readonly fabric: boolean;
}

async function up(options: UpOptions): Promise<number> {
  const stopped = signalled();
  await refuseIfTaken(name);
  const prepared = await prepare(progress);
  await using lab = await progress.step('cluster ready', () => Lab.start({ ...prepared, name, progress }));
  const work = options.skycap ? demonstrate(lab, options.fabric) : Promise.resolve(0);
  // Ctrl-C must end a step that waits for an event that never comes.
  const code = await Promise.race([work, stopped]);
  if (options.stay && code !== INTERRUPTED) {
    print(usage(lab));
    // Waiting for a signal alone does not keep the process alive.
    const alive = setInterval(() => {}, KEEP_ALIVE_MS);
    await stopped;
    clearInterval(alive);
  }
  await progress.step('taken down', () => lab.dispose());
  return code;
}

/** Reports a failure and leaves the lab as it is, for inspection. @returns the exit code. */
async function demonstrate(lab: Lab, withFabric: boolean): Promise<number> {
  try {
    await progress.step('Skycap installed and running', async () => {
      await installSkycap(lab);
      await waitForSkycap(lab);
    });
    await showDemonstration(lab, progress, print);
    if (withFabric) await showFabric(lab, progress, print);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\nLogs: ${await lab.saveLogs()}\n`);
    return 1;
  }
}

async function reload(): Promise<number> {
  return withLab(async (lab) => {
    // The manifests may have changed as well, and do not depend on the image.
    const [image] = await Promise.all([
      whilePreparing(() => progress.step('Skycap image', buildSkycapImage)),
      installSkycap(lab),
    ]);
    await progress.step('loaded on the nodes', () => lab.loadImage(image));
    await progress.step('Skycap restarted', () => restartSkycap(lab));
  });
}

async function down(): Promise<number> {
  const layout = layoutOf(name);
  if (!(await hasLeftovers(layout))) {
    print('There is no lab.');
    return 0;
  }
  await progress.step('taken down', async () => {
    // The process that keeps the lab takes it down itself. The rest, or a lab after a crash, is removed here.
    const owner = await ownerOf(layout);
    if (owner) await kill(owner, 'SIGTERM');
    await cleanUp(layout);
  });
  return 0;
}

/** Works on the lab that another process keeps. */
async function withLab(work: (lab: Lab) => Promise<unknown>): Promise<number> {
  const lab = await Lab.attach(name);
  try {
    const result = await work(lab);
    return typeof result === 'number' ? result : 0;
  } finally {
    await lab.detach();
  }
}

/** Runs a program with this terminal as its own, @returns its exit code. */
function passThrough(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
