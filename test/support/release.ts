/** A release of this checkout, for tests. The layers of its image are those of the last one, unless the sources changed. */

import { parseReleaseOptions, type ReleaseOptions } from '../../release/options.ts';
import { makeRelease, type Release } from '../../release/release.ts';
import { cachePath } from '../lab/cache.ts';
import { silentProgress } from '../lab/progress.ts';
import { REPOSITORY } from '../manifests/helm.ts';

export function makeTestRelease(name: string, ...args: readonly string[]): Promise<Release> {
  const options: ReleaseOptions = parseReleaseOptions(args);
  return makeRelease(options, REPOSITORY, cachePath('test-release', name), silentProgress);
}
