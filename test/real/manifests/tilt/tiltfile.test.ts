/** The Tiltfile, evaluated by the interpreter of its language; a real API server accepts the objects that it gives to Tilt. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { whilePreparing } from '../../../lab/lock.ts';
import { run } from '../../../lab/shell.ts';
import { prepareStarlark } from '../../../lab/starlark.ts';
import { REPOSITORY } from '../../../manifests/helm.ts';
import { ControlPlane } from '../../../support/control-plane.ts';
import { type Call, evaluateTiltfile, type World } from './evaluate.ts';

const KIND: World = {
  context: 'kind-kind',
  answers: {
    'docker network inspect': 'fc00:f853:ccd:e793::/64 172.18.0.0/16',
    'docker inspect': '172.18.0.5\n',
  },
};
const BGP: World = { ...KIND, settings: { announce: 'bgp' } };

let starlark: string;
let plane: ControlPlane;

beforeAll(async () => {
  starlark = await whilePreparing(() => prepareStarlark(() => {}));
  plane = await ControlPlane.start();
}, 300_000);
afterAll(() => plane[Symbol.asyncDispose]());

const evaluate = (world: World) => evaluateTiltfile(starlark, world);
const named = (calls: readonly Call[], name: string) => calls.filter((call) => call.function === name);
const objectsOf = (calls: readonly Call[]) => named(calls, 'k8s_yaml').flatMap(({ args }) => args[0].objects ?? []);
const resources = (calls: readonly Call[]) => named(calls, 'local_resource').map(({ args }) => args[0]);
const ofKind = (calls: readonly Call[], kind: string) => objectsOf(calls).find((object) => object.kind === kind);

test('stays short', () => {
  expect(readFileSync(join(REPOSITORY, 'Tiltfile'), 'utf8').split('\n').length).toBeLessThan(120);
});

test('by default, layer 2 announces addresses of the network of kind, and an answer is awaited from here', async () => {
  const calls = await evaluate(KIND);
  expect(ofKind(calls, 'Eip').spec).toEqual({ protocol: 'layer2', address: '172.18.255.225-172.18.255.240' });
  expect(objectsOf(calls).map(({ kind }) => kind)).not.toContain('BgpPeer');
  expect(named(calls, 'local').map(({ args }) => args[0])).not.toContainEqual(expect.stringContaining('docker run'));
  const answer = named(calls, 'local_resource').find(({ args }) => args[0] === 'answer');
  expect(answer?.options.cmd).toContain('curl');
  expect(resources(calls)).toEqual(expect.arrayContaining(['bundle', 'unit tests', 'lint and types']));
});

test('by BGP, a router stands beside the nodes, and each node dials it', async () => {
  const calls = await evaluate(BGP);
  expect(ofKind(calls, 'BgpPeer').spec.conf).toEqual({ neighborAddress: '172.18.0.5', peerAs: 65000 });
  expect(ofKind(calls, 'Eip').spec).toMatchObject({ address: '198.51.100.0/24' });
  const started = named(calls, 'local').map(({ args }) => args[0]);
  expect(started).toContainEqual(expect.stringMatching(/docker run .*--network kind .*examples\/router:\/etc\/frr/));
  await run('/usr/lib/frr/bgpd', ['-C', '-f', join(REPOSITORY, 'examples/router/frr.conf')]);
});

test('a router of the user takes the place of the container', async () => {
  const calls = await evaluate({ ...KIND, settings: { announce: 'bgp', router: '192.0.2.1', router_as: 64999 } });
  expect(ofKind(calls, 'BgpPeer').spec.conf).toEqual({ neighborAddress: '192.0.2.1', peerAs: 64999 });
  expect(named(calls, 'local').map(({ args }) => args[0])).not.toContainEqual(expect.stringContaining('docker run'));
});

test.each<[string, World, string]>([
  ['a cluster that is not local', { context: 'production' }, 'it is not known to be local'],
  ['an unknown way to announce', { ...KIND, settings: { announce: 'arp' } }, 'write layer2, bgp or none'],
  ['a network that docker does not have', { context: 'minikube' }, 'docker network \\"minikube\\" has no IPv4 subnet'],
])('refuses %s', async (_, world, sentence) => {
  await expect(evaluate(world)).rejects.toThrow(sentence.replaceAll('\\', ''));
});

test.each([
  ['layer 2', KIND],
  ['BGP', BGP],
])(
  'the API server accepts the objects for %s',
  async (_, world) => {
    const calls = await evaluate(world);
    for (const { args } of named(calls, 'k8s_yaml')) {
      const [yaml] = args;
      if (yaml.kustomize) await plane.kubectl(['apply', '-k', join(REPOSITORY, yaml.kustomize)]);
      else
        await plane.kubectl(
          ['apply', '-f', '-'],
          yaml.objects.map((object: unknown) => stringify(object)).join('---\n'),
        );
    }
  },
  60_000,
);
