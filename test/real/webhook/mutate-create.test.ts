/**
 * The address in the create call: a real API server asks the webhook, which runs as a process with the rights of its ServiceAccount. Updates:
 * `mutate-update.test.ts`.
 */
import type { Service } from '../../../lib/api/service/service.ts';
import { NAMESPACES, SERVICES } from '../../../lib/kube/resource.ts';
import { service, type WebhookLab } from './harness.ts';
import { ADDRESS, DUAL, EIP, Mutating } from './mutating.ts';

let mutating: Mutating;
let lab: WebhookLab;
beforeAll(async () => {
  mutating = await Mutating.start();
  ({ lab } = mutating);
  await lab.eip('tiny', '203.0.113.1-203.0.113.2', { namespaces: ['nowhere'] });
  await lab.eip('strict', '203.0.113.9', { whenFull: 'Refuse', namespaces: ['nowhere'] });
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

const create = (one: Service, query = '') => mutating.create(one, query);
const claimOf = (address: string) => mutating.claimOf(address);

it('the address is in the answer, with a warning, and claimed', async () => {
  const { text, warnings, address, object } = await create(service('first'));
  expect(text).toMatch(/^198\.51\.100\.\d+ web$/);
  expect(warnings).toEqual([expect.stringMatching(/^assigned 198\.51\.100\.\d+ from Eip web \(\d+ left\)$/)]);
  expect(await claimOf(address)).toMatchObject({
    spec: {
      address,
      eip: 'web',
      holders: [
        {
          namespace: 'default',
          name: 'first',
          token: object.metadata.annotations?.['skycap.io/claim'],
          ports: [{ port: 80, protocol: 'TCP' }],
          selector: 'app=first',
        },
      ],
    },
  });
});

it('the lowest free address, one after the other', async () => {
  const [a, b] = [await create(service('low-1', { [EIP]: 'tiny' })), await create(service('low-2', { [EIP]: 'tiny' }))];
  expect([a.text, b.text]).toEqual(['203.0.113.1 tiny', '203.0.113.2 tiny']);
  expect(b.warnings).toEqual(['assigned 203.0.113.2 from Eip tiny (0 left)']);
  const third = await create(service('low-3', { [EIP]: 'tiny' }));
  expect(third.text).toBe('waiting');
  expect(third.warnings).toEqual([
    'pending: every address of Eip tiny (2 addresses) is in use; free one, or enlarge or add an Eip',
  ]);
  const next = await create(service('low-4', { [EIP]: 'tiny,web' }));
  expect(next.text).toMatch(/ web$/);
});

it('a dry run shows the address and writes nothing, however often', async () => {
  const before = (await lab.claims()).length;
  const runs = [await create(service('dry'), '?dryRun=All'), await create(service('dry'), '?dryRun=All')];
  expect(runs[0]!.text).toMatch(/ web$/);
  expect(runs[1]!.object.metadata.annotations).toEqual(runs[0]!.object.metadata.annotations);
  expect(runs[0]!.warnings[0]).toMatch(/^would assign 198\.51\.100\.\d+ from Eip web/);
  expect(await lab.claims()).toHaveLength(before);
  expect((await create(service('dry'))).text).toBe(runs[0]!.text);
});

it('a name made by the API server', async () => {
  const { name, ...metadata } = service('x').metadata;
  const one: Service = { ...service('x'), metadata: { ...metadata, generateName: 'made-' } };
  const [a, b] = [await create(one), await create(one)];
  expect(a.object.metadata.name).toMatch(/^made-/);
  expect(a.address).not.toBe(b.address);
  expect(await mutating.holders(a.address)).toEqual(['(nameless)']);
});

it('IPv6, and both families in the order of the Service', async () => {
  const six = await create(service('six', {}, { ipFamilies: ['IPv6'] }));
  expect([six.text, six.warnings]).toEqual([
    '2001:db8:: web6',
    ['assigned 2001:db8:: from Eip web6 (more than 9007199254740991 left)'],
  ]);
  const both = await create(service('both', {}, { ...DUAL, ipFamilies: ['IPv6', 'IPv4'] }));
  expect(both.text).toMatch(/^2001:db8::1,198\.51\.100\.\d+ web6$/);
  expect(both.warnings).toHaveLength(2);
  const [sixth = '', fourth = ''] = both.address.split(',');
  expect([await mutating.holders(sixth), await mutating.holders(fourth)]).toEqual([['both'], ['both']]);
  expect((await claimOf(sixth))?.metadata.name).toBe('2001-0db8-0000-0000-0000-0000-0000-0001');
});

it('RequireDualStack gets both or none', async () => {
  const before = (await lab.claims()).length;
  const { text, warnings } = await create(service('require', { [EIP]: 'web' }, DUAL));
  expect([text, ...warnings]).toEqual([
    'waiting',
    'pending: Eip web has no IPv6 addresses; name one with IPv6 addresses as well',
  ]);
  expect(await lab.claims()).toHaveLength(before);
});

it('PreferDualStack takes what there is, and says what lacks', async () => {
  const one = service('prefer', { [EIP]: 'web' }, { ipFamilyPolicy: 'PreferDualStack' });
  const { text, warnings } = await create(one);
  expect(text).toMatch(/^198\.51\.100\.\d+ web$/);
  expect(warnings[1]).toBe('pending: Eip web has no IPv6 addresses; name one with IPv6 addresses as well');
});

it('the requested address, by annotation, by the older one, by loadBalancerIP', async () => {
  const byKey = await create(service('want-1', { [ADDRESS]: '198.51.100.201' }));
  const byPorter = await create(
    service('want-2', {
      'lb.kubesphere.io/v1alpha1': 'porter',
      'eip.porter.kubesphere.io/v1alpha1': '198.51.100.202',
      'eip.porter.kubesphere.io/v1alpha2': 'web',
    }),
  );
  const byField = await create(service('want-3', {}, { loadBalancerIP: '198.51.100.203' }));
  expect([byKey.text, byPorter.text, byField.text]).toEqual([
    '198.51.100.201 web',
    '198.51.100.202 web',
    '198.51.100.203 web',
  ]);
  const taken = await create(service('want-4', { [ADDRESS]: '198.51.100.201' }));
  expect([taken.text, ...taken.warnings]).toEqual([
    'waiting',
    'pending: 198.51.100.201: Service default/want-1 uses port 80/TCP of it; choose another port',
  ]);
});

it('what is malformed is refused with the remedy, and leaves no claim', async () => {
  const before = (await lab.claims()).length;
  const answer = await lab.createService(service('bad', { [ADDRESS]: '10.0.0.300' }));
  expect([answer.status, answer.message]).toEqual([
    422,
    'admission webhook "services.skycap.io" denied the request: eip.openelb.kubesphere.io/v1alpha1: "10.0.0.300" is not an IP address; write a whole one, with numbers from 0 to 255, without leading zeros',
  ]);
  expect(await lab.claims()).toHaveLength(before);
});

it('an Eip may refuse when it is full', async () => {
  expect((await create(service('strict-1', { [EIP]: 'strict' }))).text).toBe('203.0.113.9 strict');
  const answer = await lab.createService(service('strict-2', { [EIP]: 'strict' }));
  expect([answer.status, answer.message]).toEqual([
    403,
    'admission webhook "services.skycap.io" denied the request: every address of Eip strict (1 address) is in use; free one, or enlarge or add an Eip',
  ]);
});

it('an Eip of the namespace, by name or label, comes before the others', async () => {
  await lab.client.create(NAMESPACES, { metadata: { name: 'office' } });
  await lab.eip('of-office', '192.0.2.0/28', { namespaces: ['office'] });
  await lab.eip('of-lab', '192.0.2.16/28', { namespaceSelector: { team: 'lab' } });
  const inNamespace = (name: string, namespace: string): Service => ({
    ...service(name),
    metadata: { ...service(name).metadata, namespace },
  });
  // The namespace is there a moment before its first Service, as in one kubectl apply.
  for (let i = 0; i < 5; i++) {
    await lab.client.create(NAMESPACES, { metadata: { name: `lab-${i}`, labels: { team: 'lab' } } });
    expect((await create(inNamespace('a', `lab-${i}`))).text).toBe(`192.0.2.${16 + i} of-lab`);
  }
  expect((await create(inNamespace('a', 'office'))).text).toBe('192.0.2.0 of-office');
  expect((await create(service('elsewhere'))).text).toMatch(/ web$/);
});

it('a Service without class or annotation is ours while there is a default Eip', async () => {
  const unmarked = (name: string): Service => ({ ...service(name), metadata: { name, namespace: 'default' } });
  expect((await create(unmarked('plain-1'))).text).toBe('nothing');
  await lab.eip(
    'standard',
    '192.0.2.32/28',
    {},
    { annotations: { 'eip.openelb.kubesphere.io/is-default-eip': 'true' } },
  );
  expect((await create(unmarked('plain-2'))).text).toBe('192.0.2.32 standard');
  await lab.deleteEip('standard');
});

it('Services share an address that agree to', async () => {
  const port = (number: number) => ({ ports: [{ port: number, protocol: 'TCP' as const }] });
  const key = { 'skycap.io/sharing-key': 'edge' };
  const a = await create(service('share-a', key, port(80)));
  const b = await create(service('share-b', key, port(443)));
  const c = await create(service('share-c', key, port(80)));
  expect(b.address).toBe(a.address);
  expect(b.warnings[0]).toMatch(/\(shared, \d+ left\)$/);
  expect(await mutating.holders(a.address)).toEqual(['share-a', 'share-b']);
  expect(c.address).not.toBe(a.address);
});

it('an update keeps the present ports in use where the Service is, and joins an address with those to come', async () => {
  const port = (number: number) => ({ ports: [{ port: number, protocol: 'TCP' as const }] });
  const key = { 'skycap.io/sharing-key': 'joining' };
  const a = await create(service('join-a', key, port(83)));
  const b = await create(service('join-b', key, port(83)));
  expect(b.address).not.toBe(a.address);
  const portsOf = async (address: string) =>
    (await claimOf(address))?.spec.holders.map(({ name, ports }) => `${name} ${ports.map((one) => one.port)}`);
  const update = async (annotations: Record<string, string>, number: number) => {
    const { spec, metadata } = b.object;
    const wanted = { ...spec, ports: [{ ...spec?.ports?.[0], port: number, protocol: 'TCP' as const }] };
    const current = await lab.client.get(SERVICES, { namespace: 'default', name: 'join-b' });
    const { resourceVersion } = current.metadata;
    const managed = { ...metadata.annotations, ...annotations };
    const answer = await lab.replaceService({
      ...current,
      metadata: { ...metadata, resourceVersion, annotations: managed },
      spec: wanted,
    });
    expect(answer.message).toBe('');
  };
  await update({}, 82);
  expect(await portsOf(b.address)).toEqual(['join-b 82,83']);
  await update({ [ADDRESS]: a.address }, 81);
  expect(await portsOf(a.address)).toEqual(['join-a 83', 'join-b 81']);
});

it('a manifest copied from a Service, marks and all, gets an address of its own', async () => {
  const original = await create(service('original'));
  const { uid, resourceVersion, creationTimestamp, ...metadata } = original.object.metadata;
  const { clusterIP, clusterIPs, ...spec } = original.object.spec ?? {};
  const copy: Service = { ...original.object, metadata: { ...metadata, name: 'copy' }, spec };
  const copied = await create({ ...copy, spec: { ...spec, ports: [{ port: 80, protocol: 'TCP' }] } });
  expect(copied.address).not.toBe(original.address);
  expect(copied.object.metadata.annotations?.['skycap.io/claim']).not.toBe(
    original.object.metadata.annotations?.['skycap.io/claim'],
  );
  expect(await mutating.holders(original.address)).toEqual(['original']);
});

it('a manifest from a backup gets the address that it had, if that is free', async () => {
  const managed = { 'skycap.io/addresses': '198.51.100.177', 'skycap.io/claim': 'gone' };
  expect((await create(service('restored', managed))).text).toBe('198.51.100.177 web');
});

it('a Service deleted and created at once has its address again', async () => {
  const first = await create(service('again'));
  await lab.client.delete(SERVICES, { namespace: 'default', name: 'again' });
  const second = await create(service('again'));
  expect(second.address).toBe(first.address);
  expect(await claimOf(second.address)).toMatchObject({
    spec: { holders: [{ name: 'again', token: second.object.metadata.annotations?.['skycap.io/claim'] }] },
  });
});

it('a creation that the API server refuses later leaves the claim of the living Service alone', async () => {
  const { address } = await create(service('living'));
  const before = await claimOf(address);
  const answer = await lab.createService(service('living', {}, { ports: [{ port: 81 }] }));
  expect(answer.status).toBe(409);
  expect(await claimOf(address)).toEqual(before);
});

it('warns of source ranges that leave one family open', async () => {
  const one = service('ranges', {}, { ipFamilyPolicy: 'PreferDualStack', loadBalancerSourceRanges: ['192.0.2.0/24'] });
  const { warnings } = await lab.createService(one, '?dryRun=All');
  expect(warnings.at(-1)).toBe('spec.loadBalancerSourceRanges has no IPv6 range: the IPv6 address is open to everyone');
});

it('costs one request to the API server', async () => {
  const webhook = lab.webhooks[0]!;
  const requests = () =>
    lab.metric(webhook, /^skycap_api_requests_total.*verb="(get|list|create|update|patch|delete)"/);
  const before = await requests();
  await create(service('cheap'));
  expect(await requests()).toBe(before + 1);
});
