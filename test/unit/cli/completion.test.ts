import { completionAnswer } from '../../../cli/commands/completion/completion-answer.ts';
import { makeProgram } from '../../../cli/program/program.ts';

const nowhere = { write: () => true };
const program = makeProgram(async () => {}, { stdout: nowhere, stderr: nowhere, version: '1.2.3' });
const answer = (...words: string[]): string[] =>
  completionAnswer(program, words)
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '');

test('commands, options and choices are completed', () => {
  expect(answer('sta')).toEqual(['status', ':4']);
  expect(answer('status', '--a')).toEqual(['--all', '--all-namespaces', ':4']);
  expect(answer('status', '-o', 'j')).toEqual(['json', ':4']);
  expect(answer('-n', 'status', 'completion', 'z')).toEqual(['zsh', ':4']);
});

test('a path is left to the shell', () => {
  expect(answer('status', '--kubeconfig', '')).toEqual([':0']);
});
