import fc from 'fast-check';
import { isGone } from '../../../../../lib/kube/errors.ts';
import { parseWatchLine } from '../../../../../lib/kube/http/watch-line.ts';

const OBJECT = { metadata: { name: 'a', resourceVersion: '5' } };
const parse = (event: unknown) => parseWatchLine(JSON.stringify(event), 'watch nodes');

it.each([
  ['ADDED', 'added'],
  ['MODIFIED', 'modified'],
  ['DELETED', 'deleted'],
])('%s', (type, expected) => {
  expect(parse({ type, object: OBJECT })).toEqual({ type: expected, object: OBJECT });
});

it('hands on only the resourceVersion of a bookmark', () => {
  expect(parse({ type: 'BOOKMARK', object: OBJECT })).toEqual({ type: 'bookmark', resourceVersion: '5' });
});

it('throws an ERROR event as the error that it is', () => {
  let thrown: unknown;
  try {
    parse({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } });
  } catch (error) {
    thrown = error;
  }
  expect(isGone(thrown)).toBe(true);
});

it.each([
  ['an unknown type', { type: 'SURPRISE', object: OBJECT }],
  ['a type that is a property of every object', { type: 'function Object() { [native code] }', object: OBJECT }],
  ['no object', { type: 'ADDED' }],
  ['no resourceVersion', { type: 'ADDED', object: { metadata: {} } }],
  ['null', null],
  ['a number', 5],
])('refuses %s', (_, event) => {
  expect(() => parse(event)).toThrow(SyntaxError);
});

it('throws nothing but its own errors for any JSON', () => {
  fc.assert(
    fc.property(fc.json(), (line) => {
      try {
        parseWatchLine(line, 'watch nodes');
      } catch (error) {
        expect(['SyntaxError', 'KubeError']).toContain((error as Error).name);
      }
    }),
  );
});
