// The end-to-end tests' files run in the order of their names: the lab's own first, then the main job; what floods the cluster (`zx-…`) or takes the control
// plane away (`zy-…`), after which kube-proxy needs a while to follow again, and what looks back at the whole run (`zz-…`) last.
import Sequencer from '@jest/test-sequencer';

// biome-ignore lint/style/noDefaultExport: jest reads the default export.
export default class extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}
