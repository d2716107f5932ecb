/** Completion by the shells themselves, on a terminal, and by kubectl, which asks the plugin. */
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EIPS, NODES, SERVICES } from '../../../lib/kube/resource.ts';
import { preparePackages } from '../../lab/prepare.ts';
import { silentProgress } from '../../lab/progress.ts';
import { run } from '../../lab/shell.ts';
import { ControlPlane } from '../../support/control-plane.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** The machine of CI is slow at times. */
const DEADLINE_MS = 40_000;

let plane: ControlPlane;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  await preparePackages({ zsh: 'zsh' }, silentProgress);
  folder = await mkdtemp(join(tmpdir(), 'skycap-completion-'));
  plane = await ControlPlane.start();
  await plane.kubectl(['apply', '-k', join(ROOT, 'manifests/crds')]);
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  const admin = plane.client();
  const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] } as const;
  await admin.create(SERVICES, { metadata: { namespace: 'default', name: 'web' }, spec });
  await admin.create(EIPS, { metadata: { name: 'pool' }, spec: { address: '192.0.2.0/28' } });
  await admin.create(NODES, { metadata: { name: 'n1' } });

  const { PATH, KUBECONFIG = '' } = await plane.shellEnvironment();
  const bin = join(folder, 'bin');
  await mkdir(bin);
  env = { PATH: `${bin}:${PATH}`, KUBECONFIG, HOME: folder };
  const program = async (name: string, text: string): Promise<void> => {
    await writeFile(join(bin, name), text);
    await chmod(join(bin, name), 0o755);
  };
  await program('kubectl-skycap', `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, 'cli/main.ts')} "$@"\n`);
  const script = (shell: string) => run('kubectl-skycap', ['completion', shell], { env });
  await program('kubectl_complete-skycap', await script('kubectl'));
  for (const shell of ['bash', 'zsh']) await writeFile(join(folder, `${shell}.completion`), await script(shell));
  // The only file in the folder: a shell that completes file names completes to this one.
  await mkdir(join(folder, 'files'));
  await writeFile(join(folder, 'files/a-file'), '');
}, 180_000);
afterAll(async () => {
  await plane?.[Symbol.asyncDispose]();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const SHELLS = {
  bash: { start: 'bash --norc -i', setUp: 'source ../bash.completion' },
  zsh: { start: 'zsh -f -i', setUp: 'autoload -Uz compinit; compinit -u -D; source ../zsh.completion' },
} as const;

/** Types on a terminal that `script` of util-linux makes. @returns the screen up to the text that was waited for. */
async function typed(shell: keyof typeof SHELLS, keys: string, wanted: RegExp): Promise<string> {
  const { start, setUp } = SHELLS[shell];
  const terminal = spawn('script', ['--quiet', '--command', start, '/dev/null'], {
    cwd: join(folder, 'files'),
    env: { ...env, TERM: 'dumb', PS1: '> ' },
  });
  const ended = new Promise((resolve) => terminal.once('close', resolve));
  let screen = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
  });
  const seen = async (text: RegExp): Promise<void> => {
    const end = performance.now() + DEADLINE_MS;
    while (!text.test(screen)) {
      if (performance.now() > end) throw new Error(`Cannot see ${text} in:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  try {
    terminal.stdin.write(`${setUp}; echo RE"A"DY\n`);
    await seen(/READY/);
    terminal.stdin.write(keys);
    await seen(wanted);
    return screen;
  } finally {
    terminal.kill('SIGTERM');
    await ended;
  }
}

test.each(['bash', 'zsh'] as const)(
  '%s completes commands, names and, where a file is meant, files',
  async (shell) => {
    await typed(shell, 'kubectl-skycap expl\t', /kubectl-skycap explain /);
    await typed(shell, 'kubectl-skycap explain \t\t', /eip\/pool.*web|web.*eip\/pool/s);
    await typed(shell, 'kubectl-skycap simulate apply -f \t', /-f a-file/);
    // No file, where no candidate is left.
    const screen = await typed(shell, 'kubectl-skycap explain a-f\tEND', /END/);
    expect(screen).not.toContain('a-file');
  },
  240_000,
);

test('kubectl completes the plugin by kubectl_complete-skycap', async () => {
  const asked = async (...words: string[]) =>
    (await run('kubectl', ['__complete', 'skycap', ...words], { env })).split('\n').map((line) => line.split('\t')[0]);
  expect(await asked('')).toEqual(expect.arrayContaining(['status', 'explain', 'doctor', ':4']));
  expect(await asked('explain', '')).toEqual(expect.arrayContaining(['web', 'eip/pool', 'node/n1', ':4']));
  expect(await asked('maintenance', 'n')).toEqual(['n1', ':4', '']);
  expect(await asked('simulate', 'apply', '-f', '')).toEqual([':0', '']);
}, 120_000);
