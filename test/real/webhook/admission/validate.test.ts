/** What a person meets who writes an Eip, a BgpConf or a BgpPeer: the schema's rules and the webhook's together, through a real API server. */
import { SERVICES } from '../../../../lib/kube/resource.ts';
import { eventually } from '../../../support/eventually.ts';
import { service, WebhookLab } from '../harness.ts';

let lab: WebhookLab;
beforeAll(async () => {
  lab = await WebhookLab.start(1);
  const annotations = { 'eip.openelb.kubesphere.io/is-default-eip': 'true' };
  await lab.eip('web', '198.51.100.0/24', {}, { annotations });
}, 180_000);
afterAll(() => lab[Symbol.asyncDispose]());

const GROUP = '/apis/network.kubesphere.io';

async function write(
  kind: string,
  name: string,
  spec: object,
  metadata: object = {},
  version = 'v1alpha2',
): Promise<string> {
  const object = { apiVersion: `network.kubesphere.io/${version}`, kind, metadata: { name, ...metadata }, spec };
  const path = `${GROUP}/${version}/${kind.toLowerCase()}s`;
  const { object: stored } = await lab.send('GET', `${path}/${name}`);
  const answer = stored.metadata.uid
    ? await lab.send('PUT', `${path}/${name}`, {
        ...object,
        metadata: { ...object.metadata, resourceVersion: stored.metadata.resourceVersion },
      })
    : await lab.send('POST', path, object);
  const said =
    answer.status < 300
      ? 'stored'
      : answer.message.replace(/^admission webhook "[^"]*" denied the request: /, 'refused ');
  return [said, ...answer.warnings.map((warning) => `warning ${warning}`)].join('\n');
}

it.each<[string, Parameters<typeof write>, string | RegExp]>([
  ['a good Eip', ['Eip', 'good', { address: '203.0.113.0/28' }], 'stored'],
  [
    'an Eip that overlaps',
    ['Eip', 'late', { address: '198.51.100.200-198.51.101.5' }],
    /^refused spec.address: "198.51.100.200-198.51.101.5" overlaps Eip "web"/,
  ],
  [
    'the same by the older version',
    ['Eip', 'late', { address: '198.51.100.200' }, {}, 'v1alpha1'],
    /^refused spec.address: .* overlaps Eip "web"/,
  ],
  [
    'a second default',
    [
      'Eip',
      'second',
      { address: '203.0.113.64/28' },
      { annotations: { 'eip.openelb.kubesphere.io/is-default-eip': 'true' } },
    ],
    /^refused .*second default Eip.*"web"/,
  ],
  [
    'a default for the other family',
    [
      'Eip',
      'six',
      { address: '2001:db8::/64' },
      { annotations: { 'eip.openelb.kubesphere.io/is-default-eip': 'true' } },
    ],
    'stored',
  ],
  [
    'a default that must be named',
    [
      'Eip',
      'torn',
      { address: '203.0.113.64/28', autoAssign: false },
      { annotations: { 'eip.openelb.kubesphere.io/is-default-eip': 'true' } },
    ],
    /^refused spec.autoAssign: "false" keeps the addresses for Services that name the Eip/,
  ],
  [
    'an Eip of layer 2',
    ['Eip', 'l2', { address: '203.0.113.128/28', protocol: 'layer2', interface: 'eth0' }],
    'stored',
  ],
  ['a good BgpConf', ['BgpConf', 'default', { as: 64512 }], 'stored'],
  [
    'a BgpConf that has no effect',
    ['BgpConf', 'mine', { as: 64512 }],
    'stored\nwarning metadata.name: only the BgpConf named "default" has an effect',
  ],
  [
    'a BgpConf with a policy that is not there',
    ['BgpConf', 'default', { as: 64512, policy: 'p' }],
    'stored\nwarning spec.policy: there is no ConfigMap skycap-system/p; create it, or remove spec.policy from the BgpConf',
  ],
  ['a good BgpPeer', ['BgpPeer', 'router', { conf: { neighborAddress: '203.0.113.254', peerAs: 64513 } }], 'stored'],
  [
    'a BgpPeer with a field without effect',
    ['BgpPeer', 'router', { conf: { neighborAddress: '203.0.113.254', peerAs: 64513, peerGroup: 'red' } }],
    'stored\nwarning spec.conf.peerGroup: has no effect: there are no groups; write the fields in each BgpPeer',
  ],
])('%s', async (_, args, expected) => {
  expect(await write(...args)).toMatch(expected);
});

describe('an Eip whose addresses are in use', () => {
  it('may grow, and may not be shrunk under them: the Services are named', async () => {
    const pool = { eip: 'eip.openelb.kubesphere.io/v1alpha2' };
    expect(await write('Eip', 'busy', { address: '192.0.2.0-192.0.2.9' })).toBe('stored');
    await lab.untilInStep('eips');
    for (const name of ['a', 'b']) await lab.client.create(SERVICES, service(name, { [pool.eip]: 'busy' }));
    await lab.untilInStep('eipclaims');
    expect(await write('Eip', 'busy', { address: '192.0.2.0-192.0.2.20' })).toBe('stored');
    expect(await write('Eip', 'busy', { address: '192.0.2.1-192.0.2.20' })).toMatch(
      /^refused spec.address: .*192\.0\.2\.0 \(default\/a\)/,
    );
    expect(await write('Eip', 'busy', { address: '192.0.2.0-192.0.2.1' })).toBe('stored');
    expect(await write('Eip', 'busy', { address: '192.0.2.0-192.0.2.1', disable: true })).toBe('stored');
  });

  it('counts those that another Eip gave before it had them, and not those that another has now', async () => {
    const named = { 'eip.openelb.kubesphere.io/v1alpha2': 'former' };
    expect(await write('Eip', 'former', { address: '192.0.2.32/28' })).toBe('stored');
    await lab.untilInStep('eips');
    await lab.client.create(SERVICES, service('c', { ...named, 'eip.openelb.kubesphere.io/v1alpha1': '192.0.2.40' }));
    await lab.untilInStep('eipclaims');
    await lab.deleteEip('former');
    expect(await write('Eip', 'former', { address: '192.0.2.32/30' })).toBe('stored');
    expect(await write('Eip', 'heir', { address: '192.0.2.40/29' })).toBe('stored');
    await lab.untilInStep('eips');
    expect(await write('Eip', 'heir', { address: '192.0.2.44/30' })).toMatch(
      /^refused spec.address: .*192\.0\.2\.40 \(default\/c\)/,
    );
    expect(await write('Eip', 'former', { address: '192.0.2.32/29' })).toBe('stored');
  });

  it('is deleted only where it says that they are to be released', async () => {
    const { status, message } = await lab.send('DELETE', `${GROUP}/v1alpha2/eips/busy`);
    expect([status, message]).toEqual([403, expect.stringContaining('default/a')]);
    await lab.deleteEip('busy');
    await eventually(async () => expect((await lab.send('GET', `${GROUP}/v1alpha2/eips/busy`)).status).toBe(404));
  });
});

it('every refusal is one line in the log', async () => {
  await eventually(() => {
    const refused = lab.logOf(lab.webhooks[0]!).filter(({ msg }) => msg === 'refused object');
    expect(refused).toContainEqual(
      expect.objectContaining({
        level: 'info',
        kind: 'Eip',
        name: 'busy',
        operation: 'UPDATE',
        why: expect.stringContaining('default/a'),
      }),
    );
  });
});
