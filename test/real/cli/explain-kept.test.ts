/** For each reason for which a Service has an address otherwise than asked for, or has another controller's, `explain` names the reason and a remedy that mends the Service. */
import type { Explanation } from '../../../lib/explain/explanation.ts';
import { RivalController } from '../../scenes/support/rival-controller.ts';
import { until } from '../../support/eventually.ts';
import { ExplainStage, eip, service, unmarked } from './support/explain-stage.ts';

let at: ExplainStage;

beforeAll(async () => {
  at = await ExplainStage.open();
  const { stage } = at;
  await stage.kubectl(['create', 'namespace', 'shop']);
  await at.apply(eip('open', { address: '192.0.2.0/28' }));
  await stage.untilEipsAreKnown();
}, 120_000);
afterAll(() => at?.stage.dispose());

const helping = ({ trials = [] }: Explanation, part = ''): string =>
  trials.find(({ helps, change }) => helps && change.includes(part))?.command ?? '';
const offered = (details: readonly string[] = []): string => details[0]?.replace(/^[^:]*: /, '') ?? '';

async function untilSilent(target: string, reason: string): Promise<void> {
  await until(`explain ${target} says ${reason} no more`, async () => {
    const { steps } = await at.explained(target);
    return !steps.some((step) => step.reason === reason);
  });
}

test('KeepsFormerAddress: the request is undone, and the address stays', async () => {
  await at.apply(service('keeps'));
  await at.untilAssigned('shop/keeps');
  const { output: address } = await at.stage.kubectl(addressOf('keeps'));
  await at.apply(service('keeps', { eip: 'nowhere' }));
  const [step, explanation] = await at.untilSaid('shop/keeps', 'KeepsFormerAddress', 'warning');
  expect(step).toMatchObject({ fact: expect.stringContaining(`keeps ${address}`), remedy: expect.any(String) });
  expect(explanation.trials?.[0]?.outcome).toContain(`keeps ${address}`);
  await at.paste(helping(explanation));
  await at.untilAssigned('shop/keeps');
  expect((await at.stage.kubectl(addressOf('keeps'))).output).toBe(address);
}, 60_000);

test('KeepsFormerAddress: the Eip is gone, and is created again', async () => {
  const gone = eip('gone', { address: '192.0.2.64/30', autoAssign: false });
  await at.apply(gone);
  await at.stage.untilEipsAreKnown();
  await at.apply(service('bereft', { eip: 'gone' }));
  await at.untilAssigned('shop/bereft');
  await at.stage.kubectl(['delete', 'validatingwebhookconfiguration', 'skycap']);
  await at.stage.kubectl(['delete', 'eip', 'gone']);
  const [step] = await at.untilSaid('shop/bereft', 'KeepsFormerAddress', 'warning');
  expect(step).toMatchObject({ fact: expect.stringContaining('create it again'), remedy: expect.any(String) });
  await at.apply(gone);
  await at.untilAssigned('shop/bereft');
}, 60_000);

test.each([
  ['the Eip allows the annotation', 'allowServiceOverrides'],
  ['the annotation goes', 'no skycap.io/bgp-communities'],
])(
  'OverrideNotAllowed: %s',
  async (_, change) => {
    const name = change.startsWith('no') ? 'route' : 'routes';
    await at.apply(eip(name, { address: name === 'route' ? '192.0.2.80/30' : '192.0.2.84/30' }));
    await at.stage.untilEipsAreKnown();
    await at.apply(service(name, { eip: name, communities: '65000:1' }));
    const [step, explanation] = await at.untilSaid(`shop/${name}`, 'OverrideNotAllowed', 'warning');
    expect(step).toMatchObject({ fact: expect.stringContaining(`Eip ${name}`), remedy: expect.any(String) });
    await at.paste(helping(explanation, change));
    await untilSilent(`shop/${name}`, 'OverrideNotAllowed');
  },
  60_000,
);

test('OlderServiceDecides: the Service asks for the same', async () => {
  await at.apply(
    eip('shared', {
      address: '192.0.2.96/30',
      autoAssign: false,
      bgp: { allowServiceOverrides: { communities: true } },
    }),
  );
  await at.stage.untilEipsAreKnown();
  const wish = { address: '192.0.2.96', key: 'k' };
  await at.apply(service('old', { ...wish, communities: '65000:1,65000:2' }));
  await at.untilAssigned('shop/old');
  await at.apply(service('young', wish, { ports: [{ port: 81 }] }));
  await at.untilAssigned('shop/young');
  await at.apply(service('young', { ...wish, communities: '65000:3' }, { ports: [{ port: 81 }] }));
  const [step, explanation] = await at.untilSaid('shop/young', 'OlderServiceDecides', 'warning');
  expect(step).toMatchObject({ fact: expect.stringContaining('shop/old'), remedy: expect.any(String) });
  await at.paste(helping(explanation));
  await untilSilent('shop/young', 'OlderServiceDecides');
}, 60_000);

test('StatusContested: the Service is left to the other controller', async () => {
  await at.apply(service('contested'));
  await at.untilAssigned('shop/contested');
  const ingress = [{ hostname: 'lb.example.com' }];
  const rival = new RivalController(at.stage.api, {
    name: 'other-lb',
    object: 'service shop/contested',
    status: { loadBalancer: { ingress } },
    for: '60s',
  });
  try {
    const [step] = await at.untilSaid('shop/contested', 'StatusContested', 'warning');
    expect(step).toMatchObject({ fact: expect.stringContaining('"other-lb"'), remedy: expect.any(String) });
    await at.paste(offered(step.details));
    await untilSilent('shop/contested', 'StatusContested');
    expect((await at.explained('shop/contested')).steps[0]?.fact).toMatch(/^is not Skycap's/);
  } finally {
    await rival.stop();
  }
}, 60_000);

test('CreationsRefused: an address that is held for a Service that a quota refused', async () => {
  const quota = { hard: { 'services.loadbalancers': '0' } };
  const metadata = { name: 'none', namespace: 'default' };
  await at.apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: quota });
  await at.stage.kubectl(['wait', 'quota/none', '--for=jsonpath={.status.hard.services\\.loadbalancers}=0']);
  const refused = service('refused', { address: '192.0.2.15' });
  const manifest = { ...refused, metadata: { ...refused.metadata, namespace: 'default' } };
  await expect(at.apply(manifest)).rejects.toThrow('exceeded quota');
  const [step] = await at.untilSaid('192.0.2.15', 'CreationsRefused', 'warning');
  expect(step).toMatchObject({ fact: expect.stringContaining('default/refused'), remedy: expect.any(String) });
  await at.stage.kubectl(['delete', 'quota', 'none']);
  await at.apply(manifest);
  await at.untilAssigned('default/refused');
  await untilSilent('192.0.2.15', 'CreationsRefused');
}, 60_000);

test('ServedByAnother, then DefaultEip: the annotation decides', async () => {
  await at.apply(unmarked('plain'));
  const ingress = [{ ip: '203.0.113.9' }];
  const path = '/api/v1/namespaces/shop/services/plain/status?fieldManager=cloud-lb';
  await at.stage.api.patch(path, { status: { loadBalancer: { ingress } } });
  await at.apply(eip('main', { address: '192.0.2.112/28' }, { 'eip.openelb.kubesphere.io/is-default-eip': 'true' }));
  const [step, explanation] = await at.untilSaid('shop/plain', 'ServedByAnother', 'warning');
  expect(step.fact).toMatch(/"cloud-lb" has published 203\.0\.113\.9/);
  await at.paste(helping(explanation));
  await at.untilAssigned('shop/plain');

  await at.apply(unmarked('default'));
  await at.untilAssigned('shop/default');
  const [taken] = await at.untilSaid('shop/default', 'DefaultEip', 'ok');
  expect(taken.fact).toContain('Eip main is the default');
  await at.paste(offered(taken.details));
  await until('the address is released', async () => (await at.stage.kubectl(addressOf('default'))).output === '');
  expect((await at.explained('shop/default')).steps[0]?.fact).toMatch(/^is not Skycap's: the annotation/);
}, 60_000);

test('ClaimExpired: another Service has the address that the annotation tells of', async () => {
  const { output: address } = await at.stage.kubectl(addressOf('keeps'));
  await at.stage.stop('webhook');
  await at.apply(service('late', { 'skycap.io/addresses': address, 'skycap.io/claim': 'copied' }));
  const [step] = await at.untilSaid('shop/late', 'ClaimExpired', 'warning');
  expect(step).toMatchObject({ fact: expect.stringContaining(address), remedy: expect.any(String) });
  await at.untilAssigned('shop/late');
}, 60_000);

function addressOf(name: string): string[] {
  return ['get', 'service', name, '-n', 'shop', '-o', 'jsonpath={.status.loadBalancer.ingress[*].ip}'];
}
