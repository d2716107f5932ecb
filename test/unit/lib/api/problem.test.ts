/** The sentence that a user reads: field, value, remedy. */
import fc from 'fast-check';
import { formatProblem, formatProblems, quote } from '../../../../lib/api/problem.ts';

it('is the field, the value as written, and the remedy', () => {
  const problem = {
    field: 'eip.openelb.kubesphere.io/v1alpha1',
    value: '10.0.0.300',
    message: 'is not an IP address; write one such as 198.51.100.7',
  };
  expect(formatProblem(problem)).toBe(
    'eip.openelb.kubesphere.io/v1alpha1: "10.0.0.300" is not an IP address; write one such as 198.51.100.7',
  );
});

it('leaves out a value that is missing or secret', () => {
  expect(formatProblem({ field: 'spec.address', message: 'is missing' })).toBe('spec.address: is missing');
});

it('says every problem', () => {
  expect(
    formatProblems([
      { field: 'a', message: 'is missing' },
      { field: 'b', value: '', message: 'is empty' },
    ]),
  ).toBe('a: is missing; b: "" is empty');
});

it('shortens a long value, and lets no control character reach a terminal', () => {
  expect(quote('x'.repeat(64))).toBe(`"${'x'.repeat(64)}"`);
  expect(quote('x'.repeat(65))).toBe(`"${'x'.repeat(64)}…"`);
  const character = fc.oneof(fc.integer({ min: 0, max: 0xff }), fc.integer({ min: 0x2000, max: 0x2070 }));
  const text = fc.array(character.map((code) => String.fromCharCode(code))).map((characters) => characters.join(''));
  fc.assert(
    fc.property(text, (value) => {
      const shown = quote(value);
      expect(shown.length).toBeLessThanOrEqual(64 * 6 + 3);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
      expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
      if (value.length <= 64) expect(JSON.parse(shown)).toBe(value);
    }),
  );
});

test('of more problems than anybody reads at once the rest is counted', () => {
  const problems = Array.from({ length: 13 }, (_, i) => ({ field: `f${i}`, message: 'is wrong' }));
  expect(formatProblems(problems)).toMatch(/^f0: is wrong; .*f9: is wrong; and 3 more$/);
});
