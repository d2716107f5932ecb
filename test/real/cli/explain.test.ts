/** For each reason for which a Service waits, `explain` names the reason, and the change that it offers or the remedy that it names mends the Service. */
import type { Explanation } from '../../../lib/explain/explanation.ts';
import { ApiStage } from '../../scenes/support/api-stage.ts';
import { until } from '../../support/eventually.ts';
import { type PluginRun, runPlugin } from '../../support/plugin.ts';

let stage: ApiStage;
let kubeconfig: string;

beforeAll(async () => {
  stage = await ApiStage.open();
  kubeconfig = await stage.kubeconfig();
}, 120_000);
afterAll(() => stage?.dispose());

const plugin = (...args: string[]): Promise<PluginRun> => runPlugin(['--kubeconfig', kubeconfig, ...args]);
const explained = async (...args: string[]): Promise<Explanation> =>
  JSON.parse((await plugin('explain', ...args, '-o', 'json')).out);

async function hasAddress(name: string): Promise<boolean> {
  const { steps } = await explained(`shop/${name}`);
  return steps.some(({ fact }) => fact.startsWith('status.loadBalancer has'));
}

async function apply(manifest: object): Promise<void> {
  const { code, errors } = await stage.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
  if (code !== 0) throw new Error(errors);
}

const eip = (name: string, spec: object) => ({
  apiVersion: 'network.kubesphere.io/v1alpha2',
  kind: 'Eip',
  metadata: { name },
  spec: { namespaces: ['shop'], ...spec },
});

interface Wish {
  readonly eip?: string;
  readonly address?: string;
  readonly protocol?: string;
  readonly key?: string;
  readonly nodeProxy?: string;
}

function service(name: string, wish: Wish, spec: object = {}) {
  const annotations = {
    'lb.kubesphere.io/v1alpha1': 'openelb',
    ...(wish.eip !== undefined && { 'eip.openelb.kubesphere.io/v1alpha2': wish.eip }),
    ...(wish.address !== undefined && { 'eip.openelb.kubesphere.io/v1alpha1': wish.address }),
    ...(wish.protocol !== undefined && { 'protocol.openelb.kubesphere.io/v1alpha1': wish.protocol }),
    ...(wish.key !== undefined && { 'skycap.io/sharing-key': wish.key }),
    ...(wish.nodeProxy !== undefined && { 'node-proxy.openelb.kubesphere.io/type': wish.nodeProxy }),
  };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', annotations },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
  };
}

interface Case {
  readonly reason: string;
  readonly service: object;
  /** Arguments of kubectl that do what the remedy says. Absent: the first command that `explain` offers. */
  readonly remedy?: readonly string[];
}

const EIPS = [
  eip('open', { address: '192.0.2.0/28' }),
  eip('tiny', { address: '192.0.2.32/32', autoAssign: false }),
  eip('closed', { address: '192.0.2.48/30', disable: true, autoAssign: false }),
  eip('lan', { address: '198.51.100.0/30', protocol: 'layer2', autoAssign: false }),
  eip('router', { address: '198.51.100.8/30', autoAssign: false }),
];
const PEER = {
  apiVersion: 'network.kubesphere.io/v1alpha2',
  kind: 'BgpPeer',
  metadata: { name: 'tor' },
  spec: { conf: { peerAs: 65001, neighborAddress: '198.51.100.9' } },
};

const CASES: readonly Case[] = [
  { reason: 'EipNotFound', service: service('not-found', { eip: 'opne' }) },
  { reason: 'EipDisabled', service: service('disabled', { eip: 'closed' }) },
  {
    reason: 'EipDisabled',
    service: service('enabled', { eip: 'closed' }),
    remedy: ['patch', 'eip', 'closed', '--type=merge', '-p', '{"spec":{"disable":false}}'],
  },
  { reason: 'EipFull', service: service('full', { eip: 'tiny' }) },
  { reason: 'EipProtocolMismatch', service: service('protocol', { eip: 'open', protocol: 'layer2' }) },
  { reason: 'AddressInUse', service: service('in-use', { address: '192.0.2.0' }) },
  { reason: 'AddressOutsideEip', service: service('outside', { address: '192.0.2.200' }) },
  { reason: 'AddressReserved', service: service('reserved', { address: '198.51.100.9' }) },
  { reason: 'SharingRefused', service: service('sharing', { address: '192.0.2.0', key: 'mine' }) },
  {
    reason: 'NodeProxyUnsupported',
    service: service('node-proxy', { nodeProxy: 'daemonset' }),
    remedy: ['annotate', 'service', '-n', 'shop', 'node-proxy', 'node-proxy.openelb.kubesphere.io/type-'],
  },
  { reason: 'InvalidRequest', service: service('invalid', { protocol: 'ospf' }) },
];

test('prepared', async () => {
  await stage.kubectl(['create', 'namespace', 'shop']);
  for (const object of [...EIPS, PEER]) await apply(object);
  await stage.untilEipsAreKnown();
  for (const [name, wish] of [
    ['first', { address: '192.0.2.0' }],
    ['last', { eip: 'tiny' }],
  ] as const) {
    await apply(service(name, wish));
    await until(`${name} has an address`, () => hasAddress(name));
  }
}, 60_000);

test.each(
  CASES.map(
    (one) => [`${one.reason} of ${(one.service as { metadata: { name: string } }).metadata.name}`, one] as const,
  ),
)(
  '%s',
  async (_, { reason, service: object, remedy }) => {
    const { name } = (object as { metadata: { name: string } }).metadata;
    await apply(object);
    let before = await explained(`shop/${name}`);
    await until(`explain says ${reason}`, async () => {
      before = await explained(`shop/${name}`);
      return before.steps.some((step) => step.reason === reason && step.state === 'failed');
    });
    const step = before.steps.find((one) => one.reason === reason)!;
    expect(step.remedy ?? '').not.toBe('');
    const command = before.trials?.find(({ helps }) => helps)?.command;
    const args = remedy ?? (command ?? '').split(' ').slice(1);
    expect(args.length).toBeGreaterThan(1);
    const { code, errors } = await stage.kubectl(args);
    expect([code, errors]).toEqual([0, expect.any(String)]);
    await until('the remedy mends the Service', () => hasAddress(name));
  },
  60_000,
);

test('explain decides by the settings of the installation', async () => {
  const namespace = ['-n', 'skycap-system'];
  const settings = '{.spec.template.spec.containers[0].envFrom[0].configMapRef.name}';
  const { output } = await stage.kubectl([
    'get',
    'deployment',
    'skycap-allocator',
    ...namespace,
    '-o',
    `jsonpath=${settings}`,
  ]);
  const { metadata, ...rest } = service('plain', {});
  await apply({ ...rest, metadata: { ...metadata, annotations: {} } });
  const firstFact = async () => (await explained('shop/plain')).steps[0]?.fact;
  for (const [value, fact] of [
    ['never', /and SKYCAP_UNMARKED_SERVICES is never$/],
    ['always', /^is Skycap's by the setting SKYCAP_UNMARKED_SERVICES/],
  ] as const) {
    const patch = JSON.stringify({ data: { SKYCAP_UNMARKED_SERVICES: value } });
    await stage.kubectl(['patch', 'configmap', output, ...namespace, '--type=merge', '-p', patch]);
    expect(await firstFact()).toMatch(fact);
  }
}, 60_000);
