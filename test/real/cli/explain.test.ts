/** For each reason for which a Service waits, `explain` names the reason, and the command that it offers or the remedy that it names mends the Service. */
import { until } from '../../support/eventually.ts';
import { ExplainStage, eip, service } from './support/explain-stage.ts';

let at: ExplainStage;

beforeAll(async () => {
  at = await ExplainStage.open();
}, 120_000);
afterAll(() => at?.stage.dispose());

interface Case {
  readonly reason: string;
  readonly service: ReturnType<typeof service>;
  /** A command that does what the remedy says. Absent: the first command that `explain` offers. */
  readonly remedy?: string;
  /** The change whose command is pasted. @default the first one */
  readonly offer?: string;
  /** The object with the reason. */
  readonly from?: string;
}

const SHOP = { namespaces: ['shop'] };
const NAMED = { ...SHOP, autoAssign: false };
const EIPS = [
  eip('open', { address: '192.0.2.0/27', ...SHOP }),
  eip('bank', { address: '192.0.2.64/28', namespaces: ['bank'] }),
  eip('tiny', { address: '192.0.2.32/32', ...NAMED }),
  eip('closed', { address: '192.0.2.48/30', disable: true, ...NAMED }),
  eip('lan', { address: '198.51.100.0/30', protocol: 'layer2', ...NAMED }),
  eip('router', { address: '198.51.100.8/30', ...NAMED }),
];
/** The webhook refuses these. */
const WRONG_EIPS = [
  eip('overlapping', { address: '192.0.2.0/26', ...NAMED }),
  eip('misspelt', { address: '203.0.113.0-203.0.113.300', ...NAMED }),
];
const HELD = { ...eip('going', { address: '203.0.113.64/30', ...NAMED }) };
const PEER = {
  apiVersion: 'network.kubesphere.io/v1alpha2',
  kind: 'BgpPeer',
  metadata: { name: 'tor' },
  spec: { conf: { peerAs: 65001, neighborAddress: '198.51.100.9' } },
};
const KEY = 'sharing-key=shop';
const elsewhere = service('no-match');

const CASES: readonly Case[] = [
  {
    reason: 'NoEipMatches',
    service: { ...elsewhere, metadata: { ...elsewhere.metadata, namespace: 'default' } },
  },
  { reason: 'EipNotFound', service: service('not-found', { eip: 'opne' }) },
  { reason: 'EipDisabled', service: service('disabled', { eip: 'closed' }) },
  {
    reason: 'EipDisabled',
    service: service('enabled', { eip: 'closed' }),
    remedy: `kubectl patch eip closed --type=merge -p '{"spec":{"disable":false}}'`,
  },
  { reason: 'EipDeleting', service: service('deleting', { eip: 'going' }) },
  { reason: 'EipInvalid', service: service('invalid-eip', { eip: 'overlapping' }) },
  {
    reason: 'Overlaps',
    from: 'Eip overlapping',
    service: service('overlapping', { eip: 'overlapping' }),
    remedy: `kubectl patch eip overlapping --type=merge -p '{"spec":{"address":"203.0.113.128/30"}}'`,
  },
  {
    reason: 'Invalid',
    from: 'Eip misspelt',
    service: service('misspelt', { eip: 'misspelt' }),
    remedy: `kubectl patch eip misspelt --type=merge -p '{"spec":{"address":"203.0.113.0-203.0.113.3"}}'`,
  },
  { reason: 'EipFull', service: service('full', { eip: 'tiny' }) },
  { reason: 'EipFamilyMismatch', service: service('ipv6', {}, { ipFamilies: ['IPv6'] }) },
  { reason: 'EipFamilyMismatch', service: service('both', {}, { ipFamilyPolicy: 'RequireDualStack' }) },
  { reason: 'EipProtocolMismatch', service: service('protocol', { eip: 'open', protocol: 'layer2' }) },
  { reason: 'AddressInUse', service: service('in-use', { address: '192.0.2.0' }) },
  {
    reason: 'AddressInUse',
    service: service('joins', { address: '192.0.2.0' }, { ports: [{ port: 81 }] }),
    offer: KEY,
  },
  { reason: 'AddressOutsideEip', service: service('outside', { address: '192.0.2.200' }) },
  { reason: 'AddressOutsideEip', service: service('by-field', {}, { loadBalancerIP: '192.0.2.201' }) },
  { reason: 'AddressReserved', service: service('reserved', { address: '198.51.100.9' }) },
  { reason: 'SharingRefused', service: service('sharing', { address: '192.0.2.0', key: 'mine' }) },
  {
    reason: 'SharingRefused',
    service: service('misspells', { address: '192.0.2.0', key: 'hsop' }, { ports: [{ port: 82 }] }),
    offer: KEY,
  },
  {
    reason: 'NodeProxyUnsupported',
    service: service('node-proxy', { nodeProxy: 'daemonset' }),
    remedy: 'kubectl annotate service -n shop node-proxy node-proxy.openelb.kubesphere.io/type-',
  },
  { reason: 'InvalidRequest', service: service('invalid', { protocol: 'ospf' }) },
];

test('prepared', async () => {
  const { stage } = at;
  await stage.kubectl(['create', 'namespace', 'shop']);
  await stage.stop('webhook');
  await at.apply(...EIPS, PEER);
  // Of two overlapping Eips the older one counts, and the time has whole seconds.
  await at.apply({ ...HELD, metadata: { ...HELD.metadata, finalizers: ['example.com/hold'] } }, ...WRONG_EIPS);
  await stage.kubectl(['delete', 'eip', 'going', '--wait=false']);
  await stage.start('webhook');
  await at.apply(service('first', { eip: 'open', key: 'shop' }), service('last', { eip: 'tiny' }));
  await at.untilAssigned('shop/first');
  await at.untilAssigned('shop/last');
}, 60_000);

test('an Eip that can not be used counts the Services that wait for it', async () => {
  await at.apply(service('wrong', { eip: 'overlapping,misspelt' }));
  for (const name of ['overlapping', 'misspelt']) {
    await until(`a Service waits for Eip ${name}`, async () => {
      const { steps } = await at.explained(`eip/${name}`);
      return steps.some(({ fact }) => fact.endsWith('Services that wait: 1'));
    });
  }
  await at.stage.kubectl(['delete', 'service', '-n', 'shop', 'wrong']);
}, 60_000);

test.each(CASES.map((one) => [`${one.reason} of ${one.service.metadata.name}`, one] as const))(
  '%s',
  async (_, { reason, from, service: object, remedy, offer = '' }) => {
    const { name, namespace } = object.metadata;
    const target = `${namespace}/${name}`;
    await at.apply(object);
    const [step, { trials }] = await at.untilSaid(target, reason, 'failed', from);
    expect(step.remedy ?? '').not.toBe('');
    await at.paste(remedy ?? trials?.find(({ helps, change }) => helps && change.includes(offer))?.command ?? '');
    await at.untilAssigned(target);
  },
  60_000,
);

test('WriteRefused: the webhook that refuses claims is deleted', async () => {
  const refusing = {
    name: 'refusing.example.com',
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    timeoutSeconds: 1,
    rules: [{ apiGroups: ['skycap.io'], apiVersions: ['*'], resources: ['eipclaims'], operations: ['CREATE'] }],
    clientConfig: { url: 'https://127.0.0.1:9/' },
  };
  const kind = 'ValidatingWebhookConfiguration';
  const metadata = { name: 'refusing' };
  await at.apply({ apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata, webhooks: [refusing] });
  // The API server takes a new configuration into use within a second or two.
  let count = 0;
  await until('a Service waits for the webhook', async () => {
    await at.apply(service(`refused-${++count}`));
    await at.untilKnown(`shop/refused-${count}`);
    const { steps } = await at.explained(`shop/refused-${count}`);
    return steps.some(({ reason }) => reason === 'WriteRefused');
  });
  const [step, { steps, trials }] = await at.untilSaid(`shop/refused-${count}`, 'WriteRefused', 'failed');
  expect([steps.length, trials]).toEqual([2, undefined]);
  await at.paste(/kubectl delete .*$/.exec(step.fact)?.[0] ?? '');
  await at.untilAssigned(`shop/refused-${count}`);
  const after = await at.explained(`shop/refused-${count}`);
  expect(after.steps.filter(({ reason }) => reason === 'WriteRefused')).toEqual([]);
}, 60_000);

test('Eips of other namespaces are offered last', async () => {
  await at.stage.kubectl(['create', 'namespace', 'bank']);
  const lost = service('lost', { eip: 'opne' });
  await at.apply({ ...lost, metadata: { ...lost.metadata, namespace: 'bank' } });
  const [, { trials = [] }] = await at.untilSaid('bank/lost', 'EipNotFound', 'failed');
  const [first, ...others] = trials.map(({ outcome }) => outcome);
  expect(first).toMatch(/from Eip bank$/);
  expect(others.length).toBeGreaterThan(2);
  expect(others.filter((text) => !text.endsWith('which is bound to other namespaces'))).toEqual([]);
}, 60_000);

test('explain decides by the settings of the installation', async () => {
  const namespace = ['-n', 'skycap-system'];
  const settings = '{.spec.template.spec.containers[0].envFrom[0].configMapRef.name}';
  const { stage } = at;
  const { output } = await stage.kubectl([
    'get',
    'deployment',
    'skycap-allocator',
    ...namespace,
    '-o',
    `jsonpath=${settings}`,
  ]);
  const { metadata, ...rest } = service('plain');
  await at.apply({ ...rest, metadata: { ...metadata, annotations: {} } });
  const firstFact = async () => (await at.explained('shop/plain')).steps[0]?.fact;
  for (const [value, fact] of [
    ['never', /and SKYCAP_UNMARKED_SERVICES is never$/],
    ['always', /^is Skycap's by the setting SKYCAP_UNMARKED_SERVICES/],
  ] as const) {
    const patch = JSON.stringify({ data: { SKYCAP_UNMARKED_SERVICES: value } });
    await stage.kubectl(['patch', 'configmap', output, ...namespace, '--type=merge', '-p', patch]);
    expect(await firstFact()).toMatch(fact);
  }
}, 60_000);
