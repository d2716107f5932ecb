// Two files run at a time, each in a lab of its own: the long ones first, so that the short ones fill what is left at the end. `zy-…` takes the control plane
// away, after which kube-proxy needs a while to follow again: it is begun when about as much is left for the other lab. `zz-…` looks back at the whole run.
import Sequencer from '@jest/test-sequencer';

const FIRST = [
  'layer2',
  'scenes',
  'kills',
  'upgrade',
  'component-health',
  'cluster',
  'reinstall',
  'local-rollover',
  'main-job',
  'install-pages',
  'zy-api-faults',
  'layer2-partitions',
];

/** @param {{ readonly path: string }} test */
const rank = ({ path }) =>
  (FIRST.findIndex((name) => path.endsWith(`/${name}.test.ts`)) + FIRST.length + 1) % (FIRST.length + 1);

// biome-ignore lint/style/noDefaultExport: jest reads the default export.
export default class extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
  }
}
