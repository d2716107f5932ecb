import fc from 'fast-check';
import { LineSplitter, LineTooLongError } from '../../../../../lib/kube/http/line-splitter.ts';

/** Cuts `bytes` at the given places, wherever those are. */
function chunksOf(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return places.slice(1).map((place, i) => bytes.subarray(places[i], place));
}

const LINE = fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.replaceAll('\n', ''));

it('gives the same lines wherever the stream is cut, also within a character', () => {
  fc.assert(
    fc.property(fc.array(LINE), LINE, fc.array(fc.nat()), (lines, rest, cuts) => {
      const splitter = new LineSplitter();
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join('') + rest);
      const found = chunksOf(bytes, cuts).flatMap((chunk) => splitter.push(chunk));
      expect([...found, splitter.end()]).toEqual([...lines.filter((line) => line !== ''), rest]);
    }),
  );
});

it('takes a line up to its limit, and refuses a longer one before it is complete', () => {
  const splitter = new LineSplitter(4);
  expect(splitter.push(Buffer.from('abcd\nab'))).toEqual(['abcd']);
  expect(splitter.push(Buffer.from('cd'))).toEqual([]);
  expect(() => splitter.push(Buffer.from('e'))).toThrow(LineTooLongError);
  expect(() => new LineSplitter(4).push(Buffer.from('abcde\n'))).toThrow('it is longer than 4 bytes');
});

it('keeps no more than the line that is not complete', () => {
  const splitter = new LineSplitter(10);
  for (let i = 0; i < 1_000; i++) expect(splitter.push(Buffer.from('1234567\n1'))).toHaveLength(1);
}, 5_000);
