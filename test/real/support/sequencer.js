// Two files at a time (test/run/suites.ts): those that take minutes first, so that the others run beside them.
import Sequencer from '@jest/test-sequencer';

const LONG = ['memory/memory.test.ts', 'model/model.test.ts', 'webhook/races.test.ts'];

/** @param {{ readonly path: string }} test */
const rank = ({ path }) => (LONG.findIndex((end) => path.endsWith(end)) + LONG.length + 1) % (LONG.length + 1);

// biome-ignore lint/style/noDefaultExport: jest reads the default export.
export default class extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
  }
}
