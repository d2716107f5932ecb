import { sessionOptionsIn } from '../../../cli/commands/completion/candidates.ts';
import { completionAnswer } from '../../../cli/commands/completion/completion-answer.ts';
import { makeProgram } from '../../../cli/program/program.ts';
import type { Surroundings } from '../../../cli/session/surroundings.ts';

const nowhere = { write: () => true };
const program = makeProgram(async () => {}, { stdout: nowhere, stderr: nowhere, version: '1.2.3' });
const around = { env: {} } as Surroundings;

async function answer(...words: string[]): Promise<string[]> {
  const text = await completionAnswer(program, words, around);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '');
}

test('commands, options and choices are completed', async () => {
  expect(await answer('sta')).toEqual(['status', ':4']);
  expect(await answer('status', '--a')).toEqual(['--all', '--all-namespaces', ':4']);
  expect(await answer('status', '-o', 'j')).toEqual(['json', ':4']);
  expect(await answer('-n', 'status', 'completion', 'z')).toEqual(['zsh', ':4']);
});

test('a path is left to the shell', async () => {
  expect(await answer('status', '--kubeconfig', '')).toEqual([':0']);
});

test('names come from the cluster that the options before them choose, and a cluster that is not there has none', async () => {
  const words = ['-n', 'shop', '--context=lab', 'history', '--kubeconfig', '/nowhere'];
  expect(sessionOptionsIn(words)).toEqual({ namespace: 'shop', context: 'lab', kubeconfig: '/nowhere' });
  expect(await answer(...words, '')).toEqual([':4']);
});
