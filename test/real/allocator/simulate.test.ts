/** `kubectl skycap simulate`, and then the change for real at an API server: the allocator gives and takes the addresses that were foretold. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Simulation } from '../../../lib/explain/simulation/simulate.ts';
import { runPlugin } from '../../support/plugin.ts';
import { AllocatorLab } from './harness.ts';

const EIP = 'eip.openelb.kubesphere.io/v1alpha2';
const folder = mkdtempSync(join(tmpdir(), 'skycap-simulate-'));
let lab: AllocatorLab;

beforeAll(async () => {
  lab = await AllocatorLab.start();
  await lab.replica();
  await lab.pool('small', '198.51.100.16/31');
  await lab.pool('other', '203.0.113.0/31');
  for (const [name, address] of [
    ['a', '198.51.100.16'],
    ['b', '198.51.100.17'],
  ] as const) {
    await lab.create(`small/${name}`);
    await lab.published(`small/${name}`, address);
  }
  for (const name of ['w3', 'w2', 'w1']) {
    await lab.create(`small/${name}`);
    await lab.published(`small/${name}`, '');
  }
}, 180_000);
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await lab?.[Symbol.asyncDispose]();
});

async function simulated(...args: string[]): Promise<Simulation> {
  const { out, err } = await runPlugin([
    '--kubeconfig',
    await lab.plane.kubeconfigFile(),
    'simulate',
    ...args,
    '-o',
    'json',
  ]);
  if (err !== '') throw new Error(`Cannot simulate: ${err}`);
  return JSON.parse(out);
}

/** Waits until each Service has what the simulation says, @returns the Services that change. */
async function comesTrue({ services }: Simulation): Promise<string[]> {
  for (const { service, after } of services) await lab.published(service, after.join(','));
  return services.map(({ service }) => service);
}

test('a pool that grows serves two that wait, the longest-waiting ones', async () => {
  const path = join(folder, 'eip.json');
  const spec = { address: '198.51.100.16-198.51.100.19' };
  const file = { apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'Eip', metadata: { name: 'small' }, spec };
  writeFileSync(path, JSON.stringify(file));
  const foretold = await simulated('apply', '-f', path);
  await lab.plane.kubectl(['patch', 'eip', 'small', '--type=merge', '-p', JSON.stringify({ spec })]);
  expect(await comesTrue(foretold)).toEqual(['small/w2', 'small/w3']);
});

test('a Service that goes leaves its address to the next one', async () => {
  const foretold = await simulated('delete', 'service', 'a', '-n', 'small');
  expect(foretold.losses).toEqual([{ service: 'small/a', address: '198.51.100.16', of: 'address' }]);
  await lab.remove('small/a');
  expect(
    await comesTrue({ ...foretold, services: foretold.services.filter(({ change }) => change === 'gained') }),
  ).toEqual(['small/w1']);
});

test('a Service that names another pool changes its address', async () => {
  const stored = JSON.parse(await lab.plane.kubectl(['get', 'service', 'b', '-n', 'small', '-o', 'json']));
  const { metadata, spec } = stored;
  const annotations = { ...metadata.annotations, [EIP]: 'other' };
  const path = join(folder, 'service.json');
  const file = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'b', namespace: 'small', annotations }, spec };
  writeFileSync(path, JSON.stringify(file));
  const foretold = await simulated('apply', '-f', path);
  expect(foretold.services).toMatchObject([{ service: 'small/b', change: 'changed', before: ['198.51.100.17'] }]);
  await lab.plane.kubectl(['annotate', 'service', 'b', '-n', 'small', `${EIP}=other`, '--overwrite']);
  expect(await comesTrue(foretold)).toEqual(['small/b']);
});
