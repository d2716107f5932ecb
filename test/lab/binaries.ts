/**
 * Finds the Kubernetes programs and etcd, or builds them through Go's module proxy into the cache folder. The first build takes some
 * minutes; it happens once a version.
 */
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileExists } from './buildah.ts';
import { cachePath } from './cache.ts';
import { compile, goIn, type Note, withGo, writeImports } from './go-build.ts';
import {
  ETCD_VERSION,
  isRightVersion,
  KUBERNETES_PROGRAMS,
  KUBERNETES_VERSION,
  kubernetesGoMod,
  linkerFlags,
  PROGRAMS,
  type Program,
  versionArguments,
} from './programs.ts';
import { tryRun } from './shell.ts';

/** @returns a folder that has every program; `bin` in the cache folder leads to it as well, where tests look. */
export async function prepareBinaries(note: Note): Promise<string> {
  const folder = await findOrBuild(note);
  const link = cachePath('bin');
  await rm(link, { recursive: true, force: true });
  await symlink(folder, link);
  return folder;
}

async function findOrBuild(note: Note): Promise<string> {
  const built = cachePath(`kubernetes-${KUBERNETES_VERSION}-etcd-${ETCD_VERSION}-${process.arch}`);
  if (await hasAll(built)) return built;
  const found = await findOnMachine();
  if (found) return linkFarm(found);
  await build(built, note);
  return built;
}

/** Programs that somebody put on this machine: the lab's own variable, the one of controller-runtime's tests, PATH. */
async function findOnMachine(): Promise<ReadonlyMap<Program, string> | undefined> {
  const path = (process.env.PATH ?? '').split(delimiter);
  const folders = [process.env.SKYCAP_LAB_BIN, process.env.KUBEBUILDER_ASSETS, ...path].filter((folder) => folder);
  const found = new Map<Program, string>();
  await Promise.all(
    PROGRAMS.map(async (program) => {
      for (const folder of folders) {
        const candidate = join(folder!, program);
        if (!(await fileExists(candidate))) continue;
        const { stdout } = await tryRun(candidate, versionArguments(program), { timeoutMs: 10_000 });
        if (!isRightVersion(program, stdout)) continue;
        found.set(program, candidate);
        return;
      }
    }),
  );
  return PROGRAMS.every((program) => found.has(program)) ? found : undefined;
}

/** One folder of links, since the programs may be in several folders. */
async function linkFarm(programs: ReadonlyMap<Program, string>): Promise<string> {
  const folder = cachePath('found-programs');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [program, path] of programs) await symlink(path, join(folder, program));
  return folder;
}

function build(target: string, note: Note): Promise<void> {
  return withGo('Kubernetes (SKYCAP_LAB_BIN may name a folder that has it)', target, async (work, output) => {
    await buildKubernetes(work, output, note);
    await buildEtcd(work, output, note);
  });
}

async function buildKubernetes(work: string, output: string, note: Note): Promise<void> {
  note(`fetching Kubernetes ${KUBERNETES_VERSION}`);
  const folder = join(work, 'kubernetes');
  await mkdir(folder);
  const download = await goIn(folder)(['mod', 'download', '-json', `k8s.io/kubernetes@${KUBERNETES_VERSION}`]);
  const { GoMod } = JSON.parse(download) as { GoMod: string };
  const theirs = await readFile(GoMod, 'utf8');
  const goVersion = /^go (\S+)/m.exec(theirs)?.[1] ?? '1.26';
  await writeFile(join(folder, 'go.mod'), kubernetesGoMod(KUBERNETES_VERSION, goVersion, theirs));
  // `go mod tidy` keeps only imported modules.
  const imports = KUBERNETES_PROGRAMS.map((program) =>
    program === 'kubectl' ? 'k8s.io/kubectl/pkg/cmd' : `k8s.io/kubernetes/cmd/${program}/app`,
  );
  await writeImports(folder, imports);
  note('fetching its dependencies');
  await goIn(folder)(['mod', 'tidy']);
  const packages = KUBERNETES_PROGRAMS.map((program) => `k8s.io/kubernetes/cmd/${program}`);
  const flags = ['-trimpath', '-ldflags', linkerFlags(KUBERNETES_VERSION)];
  await compile(folder, [...flags, '-o', `${output}/`, ...packages], 'Kubernetes', note);
}

async function buildEtcd(work: string, output: string, note: Note): Promise<void> {
  const folder = join(work, 'etcd');
  await mkdir(folder);
  note(`fetching etcd ${ETCD_VERSION}`);
  await writeFile(
    join(folder, 'go.mod'),
    `module skycap-lab\ngo 1.26\nrequire go.etcd.io/etcd/server/v3 ${ETCD_VERSION}\n`,
  );
  await writeImports(folder, ['go.etcd.io/etcd/server/v3/etcdmain']);
  await goIn(folder)(['mod', 'tidy']);
  const flags = ['-trimpath', '-ldflags', '-s -w', '-o', join(output, 'etcd')];
  await compile(folder, [...flags, 'go.etcd.io/etcd/server/v3'], 'etcd', note);
}

async function hasAll(folder: string): Promise<boolean> {
  const present = await Promise.all(PROGRAMS.map((program) => fileExists(join(folder, program))));
  return present.every(Boolean);
}
