/** The chart and `kubectl apply -k` give the same objects; each value has its effect, and a wrong one is refused by its name. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { run } from '../../lab/shell.ts';
import { CHART, helm, NAMESPACE, REPOSITORY, template, tryHelm } from '../../manifests/helm.ts';
import { BASE_FOLDER, CERTIFICATE_FILE, renderBase, renderCertificate } from '../../manifests/render-base.ts';
import { findBinaries } from '../../support/control-plane.ts';
import type { Manifest } from '../../unit/manifests/files.ts';

const SETTINGS = 'skycap-settings';
const CHECKSUM = 'checksum/settings';
/** `dev` is for Tilt, which takes kustomize. */
const OVERLAYS = ['cert-manager', 'bgp-only', 'layer2-only', 'lab', 'network-policy', 'monitoring'] as const;

const objectsIn = (text: string): Manifest[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((object) => object !== null);

/**
 * By kind, namespace and name; without the means by which each of the two rolls pods over when a setting changes. A patch of kustomize changes the order of
 * environment variables, which means nothing: none refers to another.
 */
function byIdentity(text: string): Readonly<Record<string, Manifest>> {
  const settings = text.replaceAll(/skycap-settings-[a-z0-9]{10}/g, SETTINGS);
  return Object.fromEntries(
    objectsIn(settings).map((object) => {
      const { annotations } = object.spec?.template?.metadata ?? {};
      if (annotations) {
        delete annotations[CHECKSUM];
        if (Object.keys(annotations).length === 0) delete object.spec.template.metadata.annotations;
      }
      for (const { env } of object.spec?.template?.spec?.containers ?? []) {
        env?.sort((a: Manifest, b: Manifest) => (a.name < b.name ? -1 : 1));
      }
      return [`${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`, object];
    }),
  );
}

const kustomized = async (folder: string) =>
  byIdentity(await run(join(findBinaries(), 'kubectl'), ['kustomize', join(REPOSITORY, folder)]));

it('the chart has no fault', async () => {
  expect(await helm(['lint', '--strict', CHART])).toMatch(/1 chart\(s\) linted, 0 chart\(s\) failed/);
});

it('manifests/base is what the chart renders: if not, run `npm run manifests`', async () => {
  for (const [name, text] of await renderBase()) {
    expect([name, readFileSync(join(BASE_FOLDER, name), 'utf8')]).toEqual([name, text]);
  }
  expect(readFileSync(CERTIFICATE_FILE, 'utf8')).toBe(await renderCertificate());
});

it.each([
  ['manifests', []],
  ...OVERLAYS.map((name): [string, string[]] => {
    const folder = `manifests/overlays/${name}`;
    return [folder, ['--values', join(REPOSITORY, folder, 'values.yaml')]];
  }),
])('%s: the chart installs the same objects, but for the Namespace', async (folder, values) => {
  const { [`Namespace /${NAMESPACE}`]: namespace, ...expected } = await kustomized(folder);
  expect(namespace).toBeDefined();
  expect(byIdentity(await template(...values))).toEqual(expected);
});

it('no container of bgp-only has NET_RAW, and none of layer2-only may open port 179', async () => {
  const capabilities = async (name: string) => {
    const { [`DaemonSet ${NAMESPACE}/skycap-speaker`]: speaker } = await kustomized(`manifests/overlays/${name}`);
    return speaker.spec.template.spec.containers.map((one: Manifest) => one.securityContext.capabilities.add ?? []);
  };
  expect(await capabilities('bgp-only')).toEqual([[], ['NET_BIND_SERVICE']]);
  expect(await capabilities('layer2-only')).toEqual([['NET_RAW'], ['NET_RAW']]);
});

it('the ServiceMonitors send the token of the metrics, in both installations alike', async () => {
  const monitors = async (objects: Promise<Readonly<Record<string, Manifest>>>) =>
    Object.entries(await objects)
      .filter(([identity]) => identity.startsWith('ServiceMonitor '))
      .toSorted()
      .map(([, object]) => object);
  const folder = mkdtempSync(join(REPOSITORY, 'manifests/overlays/test-'));
  try {
    const components = ['monitoring', 'metrics-token'].map((name) => `../../components/${name}`);
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify({ resources: ['../../base'], components }));
    const ours = await monitors(kustomized(relative(REPOSITORY, folder)));
    const text = await template('--set', 'monitoring.enabled=true,monitoring.sendToken=true');
    expect(ours).toHaveLength(2);
    expect(await monitors(Promise.resolve(byIdentity(text)))).toEqual(ours);
    const credentials = { name: 'skycap-metrics', key: 'token' };
    for (const { spec } of ours) expect(spec.endpoints).toMatchObject([{ authorization: { credentials } }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('in another namespace nothing names the usual one', async () => {
  const text = await template('--namespace', 'lb', '--set', 'crds.install=false,monitoring.enabled=true');
  expect(text).not.toContain(NAMESPACE);
  expect(text).toContain("request.userInfo.username != 'system:serviceaccount:lb:skycap-allocator'");
  expect(text).toContain('kubernetes.io/metadata.name: lb');
});

it('the definitions are left where the chart is uninstalled, and left out where somebody else keeps them', async () => {
  const crds = async (...args: string[]) =>
    objectsIn(await template(...args)).filter(({ kind }) => kind === 'CustomResourceDefinition');
  const kept = (await crds()).map(({ metadata }) => metadata.annotations['helm.sh/resource-policy']);
  expect(kept).toEqual(Array(6).fill('keep'));
  expect(await crds('--set', 'crds.install=false')).toEqual([]);
});

const PODS = {
  resources: { limits: { memory: '1Gi' } },
  priorityClassName: '',
  nodeSelector: { role: 'edge' },
  tolerations: [],
  affinity: { nodeAffinity: {} },
  podAnnotations: { a: 'b' },
  podLabels: { team: 'net' },
};

/** Another value than the default for each leaf of values.yaml. */
const OTHER: Readonly<Record<string, unknown>> = {
  'image.repository': 'registry.example/skycap',
  'image.tag': '2.0.0',
  'image.digest': `sha256:${'0'.repeat(64)}`,
  'image.pullPolicy': 'Always',
  imagePullSecrets: [{ name: 'registry' }],
  'crds.install': true,
  protocols: ['layer2'],
  unmarkedServices: 'never',
  claimGraceSeconds: 30,
  logLevel: 'debug',
  bgpPasswordSecrets: ['a', 'b'],
  'certificate.source': 'certManager',
  'certificate.issuerRef.name': 'ours',
  'certificate.issuerRef.kind': 'ClusterIssuer',
  'certificate.issuerRef.group': 'issuers.example',
  'webhook.replicas': 1,
  'webhook.drainSeconds': 20,
  'webhook.extraNames': ['lb.example', '192.0.2.1'],
  'allocator.replicas': 1,
  'allocator.workers': 8,
  'allocator.history.entries': 500,
  'allocator.history.days': 7,
  'speaker.bird.resources': { limits: { memory: '1Gi' } },
  'monitoring.enabled': true,
  'monitoring.labels': { release: 'prometheus' },
  'monitoring.sendToken': true,
  'networkPolicy.enabled': true,
  'networkPolicy.webhookFrom': [{ ipBlock: { cidr: '192.0.2.0/28' } }],
  'networkPolicy.metricsFrom': [{ podSelector: {} }],
  'test.address': '2001:db8::1',
  ...Object.fromEntries(
    ['webhook', 'allocator', 'speaker'].flatMap((name) =>
      Object.entries(PODS).map(([key, value]) => [`${name}.${key}`, value]),
    ),
  ),
};

/** Without these, a value of the group has no effect. */
function underFor(path: string): readonly string[] {
  if (path.startsWith('certificate.issuerRef')) return ['--set', 'certificate.source=certManager'];
  if (/^monitoring\.(?!enabled)/.test(path)) return ['--set', 'monitoring.enabled=true'];
  return /^networkPolicy\.(?!enabled)/.test(path) ? ['--set', 'networkPolicy.enabled=true'] : [];
}

it('each value has a place in the schema and an effect', async () => {
  const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
  const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'));
  const isGroup = (value: unknown, path: string): boolean => typeof value === 'object' && !(path in OTHER);
  const leaves = (group: object, at: string): string[] =>
    Object.entries(group).flatMap(([key, value]) => {
      const path = at === '' ? key : `${at}.${key}`;
      return isGroup(value, path) ? leaves(value, path) : [path];
    });
  const paths = leaves(values, '');
  expect(paths.toSorted()).toEqual(Object.keys(OTHER).toSorted());
  // The definitions are most of the text, and take most of the time.
  const withTests = (...args: string[]) =>
    helm(['template', 'skycap', CHART, '--namespace', NAMESPACE, '--set-json', 'crds.install=false', ...args]);
  const usual = await withTests();
  for (const path of paths) {
    const [first = '', ...rest] = path.split('.');
    expect(rest.reduce((at, key) => at.properties[key], schema.properties[first])).toBeDefined();
    const under = underFor(path);
    const before = under.length > 0 ? await withTests(...under) : usual;
    const changed = await withTests(...under, '--set-json', `${path}=${JSON.stringify(OTHER[path])}`);
    expect([path, changed === before]).toEqual([path, false]);
  }
}, 120_000);

it.each([
  ['a name that is unknown', 'loglevel=info', /at '': additional properties 'loglevel' not allowed/],
  ['a word that is none', 'logLevel=loud', /at '\/logLevel': value must be one of 'fatal', 'error'/],
  ['no protocol that announces', 'protocols={bfd}', /at '\/protocols': no items match contains schema/],
  [
    'a protocol that is none',
    'protocols={bgp,ospf}',
    /at '\/protocols\/1': value must be one of 'bgp', 'layer2', 'bfd'/,
  ],
  ['no replica', 'webhook.replicas=0', /at '\/webhook\/replicas': minimum: got 0, want 1/],
  ['a tag with a slash', 'image.tag=a/b', /at '\/image\/tag': 'a\/b' does not match pattern/],
  ['a text for a number', 'allocator.workers=many', /at '\/allocator\/workers': got string, want integer/],
])('%s is refused', async (_, setting, expected) => {
  const { code, stderr } = await tryHelm(['template', 'skycap', CHART, '--set', setting]);
  expect([code === 0, stderr]).toEqual([false, expect.stringMatching(expected)]);
});

it('the notes name the next step, in the protocol that there is', async () => {
  const notes = async (protocols: string) =>
    helm(['install', 'skycap', CHART, '--dry-run=client', '--namespace', 'lb', '--set', `protocols={${protocols}}`]);
  expect(await notes('layer2')).toMatch(/kubectl -n lb rollout status [\s\S]*kind: Eip[\s\S]*protocol: layer2 /);
  expect(await notes('bgp')).toMatch(/protocol: bgp +# needs a BgpConf named default and a BgpPeer/);
});
