/** docs/kubectl-skycap.md has a section for each command, runs it there, and lists the exit codes of the code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../../cli/exit-codes.ts';
import { makeProgram } from '../../../cli/program/program.ts';
import { sectionOf } from '../../support/docs/page.ts';

const PATH = 'docs/kubectl-skycap.md';
const page = readFileSync(join(import.meta.dirname, '../../..', PATH), 'utf8');

const quiet = { write: () => undefined };
const program = makeProgram(() => Promise.resolve(), { version: '0', stdout: quiet, stderr: quiet });
const commands = program.commands.map((command) => command.name());

test.each(commands.filter((name) => name !== 'completion'))('%s has a section with a real run', (name) => {
  const blocks = sectionOf(PATH, name).blocks.filter(({ language }) => language === 'sh');
  expect(blocks.map(({ text }) => text).join('')).toContain(`kubectl skycap ${name}`);
});

test('completion and each exit code are on the page', () => {
  expect(page).toContain('kubectl skycap completion');
  const codes = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  expect(codes).toEqual(Object.values(EXIT));
});
