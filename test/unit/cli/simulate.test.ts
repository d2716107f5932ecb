/** `simulate` on the command line: files and kinds as the user writes them, and the result as text. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulationText } from '../../../cli/commands/simulate/simulation-text.ts';
import { wishedChange } from '../../../cli/commands/simulate/wished-change.ts';
import { PLAIN } from '../../../cli/output/view.ts';
import type { Change } from '../../../lib/explain/simulation/change/change.ts';
import { simulate } from '../../../lib/explain/simulation/simulate.ts';
import type { World } from '../../../lib/explain/simulation/world.ts';
import { aServiceOf, aWorld } from '../../support/simulate-builders.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skycap-simulate-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'objects.yaml');
  writeFileSync(path, text);
  return path;
}

const applied = (text: string): Promise<Change> => wishedChange({ kind: 'apply', paths: [file(text)] }, 'shop');

const EIP = `
apiVersion: network.kubesphere.io/v1alpha2
kind: Eip
metadata: { name: web, namespace: ignored }
spec: { address: 203.0.113.0/24 }
`;

test('a file may have several documents, a List, and empty ones', async () => {
  const list = 'kind: List\nitems: [{ apiVersion: v1, kind: Service, metadata: { name: front } }]';
  const change = await applied(`---\n${EIP}---\n---\n${list}\n`);
  expect(change).toMatchObject({
    kind: 'apply',
    objects: [
      { kind: 'Eip', metadata: { name: 'web' }, spec: { address: '203.0.113.0/24' } },
      { kind: 'Service', metadata: { name: 'front', namespace: 'shop' } },
    ],
  });
  expect(JSON.stringify(change)).not.toContain('ignored');
});

test.each([
  ['kind: Pod\nmetadata: { name: a }', /document 1 of .*: its kind is "Pod", and the simulation knows Eip, BgpPeer/],
  ['kind: Eip', /it has no metadata.name; write one/],
  ['a: [', /^Cannot read document 1 of /],
  ['just text', /its kind is null/],
])('of %j the command says what is wrong', async (text, message) => {
  await expect(applied(text)).rejects.toThrow(message);
});

test('a file that is not there is named', async () => {
  const wish = { kind: 'apply', paths: ['/nonexistent.yaml'] } as const;
  await expect(wishedChange(wish, 'shop')).rejects.toThrow(/^Cannot read \/nonexistent.yaml: /);
});

test.each([
  ['eip', 'Eip'],
  ['Eips', 'Eip'],
  ['svc', 'Service'],
  ['bgppeers.network.kubesphere.io', 'BgpPeer'],
])('%s is a kind as kubectl spells it', async (of, kind) => {
  const change = await wishedChange({ kind: 'delete', of, name: 'a' }, 'shop');
  expect(change).toEqual({ kind: 'delete', of: kind, name: 'a', ...(kind === 'Service' && { namespace: 'shop' }) });
});

test('another kind is refused with those that there are', async () => {
  const wish = { kind: 'delete', of: 'pod', name: 'a' } as const;
  await expect(wishedChange(wish, 'shop')).rejects.toThrow(/write one of eip, bgppeer, bgpconf, service, node/);
});

function shown(world: World, change: Change): string {
  const simulated = simulate(world, change);
  if (!simulated.ok) throw new Error(simulated.message);
  return simulationText(simulated.simulation, PLAIN);
}

test('addresses with the same change share a row', () => {
  const world = aWorld({ services: ['a', 'b', 'c'].map((name) => aServiceOf(name)) });
  const text = shown(world, { kind: 'nodeGone', node: 'n2' });
  expect(text).toContain('✓ No Service loses anything');
  expect(text).toMatch(/router-1 +198.51.100.0, 198.51.100.1, 198.51.100.2 +3: n1, n2, n3 +2: n1, n3/);
  expect(text).toMatch(/router-1 +ends +n2/);
});

test('losses are named, and a refusal is the first line', () => {
  const world = aWorld({ services: [aServiceOf('web')] });
  const lost = shown(world, { kind: 'delete', of: 'BgpPeer', name: 'router-1' });
  expect(lost).toMatch(/^✗ 1 Service loses something\n/);
  expect(lost).toContain('✗ shop/web: no session of BgpPeer router-1 has a path to 198.51.100.0');
  expect(shown(world, { kind: 'delete', of: 'Eip', name: 'v4' })).toMatch(
    /^✗ The API server would refuse the change\n/,
  );
});

test('a change without an effect says so', () => {
  expect(shown(aWorld(), { kind: 'maintenance', node: 'n1' })).toMatch(/^✓ Nothing changes\n/);
});
