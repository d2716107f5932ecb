/**
 * Finds Helm, or builds it through Go's module proxy. Its Kubernetes packages are those of the lab's Kubernetes, which are compiled already: a minute in place
 * of two.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileExists } from './buildah.ts';
import { cachePath } from './cache.ts';
import { compile, goIn, type Note, withGo, writeImports } from './go-build.ts';
import { HELM_VERSION, helmGoMod, KUBERNETES_VERSION } from './programs.ts';

/** @returns the program in the cache folder, where tests look for it. */
export async function prepareHelm(note: Note): Promise<string> {
  const program = helmPath();
  if (!(await fileExists(program))) await withGo('Helm', folder(), (work, output) => build(work, output, note));
  return program;
}

export function helmPath(): string {
  return join(folder(), 'helm');
}

function folder(): string {
  return cachePath(`helm-${HELM_VERSION}-${process.arch}`);
}

async function build(work: string, output: string, note: Note): Promise<void> {
  note(`fetching Helm ${HELM_VERSION}`);
  await writeFile(join(work, 'go.mod'), helmGoMod(HELM_VERSION, KUBERNETES_VERSION));
  await writeImports(work, ['helm.sh/helm/v4/pkg/cmd']);
  await goIn(work)(['mod', 'tidy']);
  const version = `-s -w -X helm.sh/helm/v4/internal/version.version=${HELM_VERSION}`;
  const flags = ['-trimpath', '-ldflags', version, '-o', join(output, 'helm')];
  await compile(work, [...flags, 'helm.sh/helm/v4/cmd/helm'], 'Helm', note);
}
