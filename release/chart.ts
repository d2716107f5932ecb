/** The chart as an archive, and its default output as one file, both with the image by its digest. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { helm, NAMESPACE } from '../test/manifests/helm.ts';
import type { Source } from './source.ts';

export interface ChartRequest {
  readonly source: Source;
  readonly repository: string;
  readonly version: string;
  readonly digest: string;
}

/** @param work a folder for intermediate files. @returns the path of the archive in the folder `output`. */
export async function packChart(request: ChartRequest, output: string, work: string): Promise<string> {
  const { version, repository, digest, source } = request;
  const chart = join(work, 'skycap');
  // The chart has the definitions by a link.
  await cp(join(source.folder, 'manifests/chart'), chart, { recursive: true, dereference: true });
  const file = join(chart, 'values.yaml');
  const values = parseDocument(await readFile(file, 'utf8'));
  values.setIn(['image', 'repository'], repository);
  values.setIn(['image', 'digest'], digest);
  await writeFile(file, values.toString({ lineWidth: 0 }));
  await helm(['package', chart, '--destination', output, '--version', version, '--app-version', version]);
  await rm(chart, { recursive: true });
  return join(output, `skycap-${version}.tgz`);
}

/** The output of the chart with its defaults, for `kubectl apply -f`, with the Namespace in front. */
export async function renderManifest(chart: string, source: Source): Promise<string> {
  const namespace = await readFile(join(source.folder, 'manifests/base/namespace.yaml'), 'utf8');
  const objects = await helm(['template', 'skycap', chart, '--namespace', NAMESPACE, '--skip-tests']);
  return `${namespace.trimEnd()}\n${objects.replaceAll(/^# Source: .*\n/gm, '')}`;
}
