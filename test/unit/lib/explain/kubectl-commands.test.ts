/** Commands that a user pastes into a shell: each value is one word, whatever it contains. */
import { execFileSync } from 'node:child_process';
import {
  annotateCommand,
  labelCommand,
  patchEipCommand,
  patchServiceCommand,
} from '../../../../lib/explain/kubectl-commands.ts';

const web = { metadata: { name: 'web', namespace: 'shop' } };
/** The words that a shell hands to kubectl. */
const words = (command: string): string[] =>
  execFileSync('sh', ['-c', `kubectl() { printf '%s\\n' "$@"; }; ${command}`], { encoding: 'utf8' })
    .trim()
    .split('\n');

test('annotations, set and removed', () => {
  const value = 'a, b; $(id) \'c\' "d"';
  const command = annotateCommand(web, { 'x.io/a': value, 'x.io/b': undefined, 'x.io/c': '192.0.2.7,2001:db8::7' });
  expect(words(command)).toEqual([
    ...['annotate', 'service', 'web', '-n', 'shop', '--overwrite'],
    ...[`x.io/a=${value}`, 'x.io/b-', 'x.io/c=192.0.2.7,2001:db8::7'],
  ]);
});

test('labels, set and removed', () => {
  expect(words(labelCommand('node', 'n1', { rack: '$(id)', old: undefined }))).toEqual([
    ...['label', 'node', 'n1', '--overwrite', 'rack=$(id)', 'old-'],
  ]);
});

test('patches', () => {
  expect(words(patchEipCommand('web', { disable: false }))).toEqual([
    ...['patch', 'eip', 'web', '--type=merge', '-p', '{"spec":{"disable":false}}'],
  ]);
  const patch = { metadata: { annotations: { "it's": null } } };
  expect(words(patchServiceCommand(web, patch)).at(-1)).toBe(JSON.stringify(patch));
});
