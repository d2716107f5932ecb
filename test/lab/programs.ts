/** The versions of the lab's Kubernetes, etcd and Helm, and the check of a program's own version output. */

export const KUBERNETES_VERSION = 'v1.36.3';
export const ETCD_VERSION = 'v3.7.3';
/** The release whose Kubernetes packages are of the same minor version. */
export const HELM_VERSION = 'v4.2.4';
export const KUBERNETES_PROGRAMS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubectl',
] as const;
export const PROGRAMS = [...KUBERNETES_PROGRAMS, 'etcd'] as const;
export type Program = (typeof PROGRAMS)[number];

/** The arguments that make the program print its version. */
export function versionArguments(program: Program): readonly string[] {
  return program === 'kubectl' ? ['version', '--client'] : ['--version'];
}

/**
 * Whether the version in the output fits: the same minor version, any patch.
 *
 * @param output such as `Kubernetes v1.36.3`, `Client Version: v1.36.3` or `etcd Version: 3.7.3`.
 */
export function isRightVersion(program: Program, output: string): boolean {
  const wanted = program === 'etcd' ? ETCD_VERSION : KUBERNETES_VERSION;
  const found = /(\d+)\.(\d+)\.\d+/.exec(output);
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(wanted) ?? [];
  return found !== null && found[1] === major && found[2] === minor;
}

/**
 * The go.mod of a module that builds Kubernetes. Its own go.mod replaces each staging module by a folder in its repository; out of
 * it, the version published at the same time takes the folder's place: v0.36.3 for v1.36.3.
 *
 * @param kubernetesGoMod the go.mod of k8s.io/kubernetes.
 */
export function kubernetesGoMod(version: string, goVersion: string, kubernetesGoMod: string): string {
  const staging = [...kubernetesGoMod.matchAll(/^\s+(k8s\.io\/[a-z-]+) => \.\/staging\//gm)].map((match) => match[1]!);
  const published = version.replace(/^v1\./, 'v0.');
  const replaces = staging.map((module) => `replace ${module} => ${module} ${published}\n`).join('');
  return `module skycap-lab\ngo ${goVersion}\nrequire k8s.io/kubernetes ${version}\n${replaces}`;
}

const HELMS_KUBERNETES_MODULES = [
  'api',
  'apiextensions-apiserver',
  'apimachinery',
  'apiserver',
  'cli-runtime',
  'client-go',
  'component-base',
  'kubectl',
] as const;

/** The go.mod of a module that builds Helm with the packages of the lab's Kubernetes. */
export function helmGoMod(version: string, kubernetesVersion: string): string {
  const published = kubernetesVersion.replace(/^v1\./, 'v0.');
  const requires = HELMS_KUBERNETES_MODULES.map((module) => `require k8s.io/${module} ${published}\n`).join('');
  return `module skycap-lab\ngo 1.26\nrequire helm.sh/helm/v4 ${version}\n${requires}`;
}

/** Sets the version. Otherwise the server would report v0.0.0, which clients take for a very old version. */
export function linkerFlags(version: string): string {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const at = 'k8s.io/component-base/version';
  return `-s -w -X ${at}.gitVersion=${version} -X ${at}.gitMajor=${major} -X ${at}.gitMinor=${minor}`;
}
