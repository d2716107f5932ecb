import { helmGoMod, isRightVersion, kubernetesGoMod, linkerFlags, type Program } from '../../lab/programs.ts';

test.each<[Program, string, boolean]>([
  ['kube-apiserver', 'Kubernetes v1.36.3', true],
  ['kubelet', 'Kubernetes v1.36.9', true],
  ['kubectl', 'Client Version: v1.36.3\nKustomize Version: v5.8.1', true],
  ['etcd', 'etcd Version: 3.7.3\nGit SHA: Not provided', true],
  ['kube-proxy', 'Kubernetes v1.35.3', false],
  ['kube-proxy', 'Kubernetes v2.36.3', false],
  ['etcd', 'etcd Version: 3.5.16', false],
  ['kubelet', '', false],
])('%s that says "%s" will do: %s', (program, output, right) => {
  expect(isRightVersion(program, output)).toBe(right);
});

test('staging modules are replaced by the versions published with the release', () => {
  const theirs = `module k8s.io/kubernetes

go 1.26.0

replace (
	k8s.io/api => ./staging/src/k8s.io/api
	k8s.io/kube-proxy => ./staging/src/k8s.io/kube-proxy
	example.com/other => ../other
)
`;
  expect(kubernetesGoMod('v1.36.3', '1.26.0', theirs)).toBe(`module skycap-lab
go 1.26.0
require k8s.io/kubernetes v1.36.3
replace k8s.io/api => k8s.io/api v0.36.3
replace k8s.io/kube-proxy => k8s.io/kube-proxy v0.36.3
`);
});

test('Helm is built with the packages of the lab’s Kubernetes', () => {
  expect(helmGoMod('v4.2.4', 'v1.36.3')).toMatch(
    /^module skycap-lab\ngo 1\.26\nrequire helm\.sh\/helm\/v4 v4\.2\.4\n(require k8s\.io\/[a-z-]+ v0\.36\.3\n)+$/,
  );
});

test('the programs say their version', () => {
  expect(linkerFlags('v1.36.3')).toContain('version.gitVersion=v1.36.3 -X k8s.io/component-base/version.gitMajor=1 ');
  expect(linkerFlags('v1.36.3')).toMatch(/gitMinor=36$/);
});
