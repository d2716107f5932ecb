import { EventEmitter } from 'node:events';
import { runProgram } from '../../../cli/program/run-program.ts';
import type { Surroundings } from '../../../cli/session/surroundings.ts';

async function run(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    write: (text: string) => {
      written[name] += text;
      return true;
    },
  });
  const around = Object.assign(new EventEmitter(), {
    stdin: {},
    stdout: stream('out'),
    stderr: stream('err'),
    env: {},
    version: '1.2.3',
  }) as unknown as Surroundings;
  const code = await runProgram(args, around);
  return { code, ...written };
}

test('help and version succeed, and a wrong command line is refused', async () => {
  expect(await run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes:') });
  expect(await run('--version')).toMatchObject({ code: 0, out: '1.2.3\n' });
  expect(await run('status', '--bogus')).toMatchObject({ code: 2, err: expect.stringContaining("'--bogus'") });
  expect(await run('status', '-o', 'xml')).toMatchObject({ code: 2, err: expect.stringContaining('text, json, yaml') });
});

test('a kubeconfig that can not be used is one sentence with a remedy', async () => {
  const { code, err } = await run('status', '--kubeconfig', '/nonexistent');
  expect(code).toBe(4);
  expect(err).toMatch(/^Cannot use the kubeconfig.*\/nonexistent.*--kubeconfig\.\n$/);
});
