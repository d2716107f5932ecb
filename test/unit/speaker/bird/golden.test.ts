/**
 * Golden files: test/golden/bird/<case>/snapshot.ts → the plan → bird.conf, for each version of BIRD whose language differs; and the real
 * BIRD of this machine accepts those of its version.
 *
 * UPDATE_GOLDEN=1 writes them anew; read the difference before you commit it.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makePlan } from '../../../../lib/bgp/plan.ts';
import type { Snapshot } from '../../../../lib/snapshot/snapshot.ts';
import { buildBirdConfig } from '../../../../speaker/bird/config/model.ts';
import { renderBirdConfig } from '../../../../speaker/bird/config/render.ts';
import { parseBirdVersion, saysAuthentication } from '../../../../speaker/bird/config/version.ts';
import { birdRefusal, localBirdVersion } from '../../../support/bird-binary.ts';

const ROOT = join(import.meta.dirname, '../../../golden/bird');
const VERSIONS = ['2.0.12', '2.17.5'];
const cases = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('snapshot.ts'))
  .map((path) => dirname(path))
  .sort();

async function rendered(name: string, version: string): Promise<string> {
  const { snapshot } = (await import(join(ROOT, name, 'snapshot.ts'))) as { snapshot: Snapshot };
  const planned = makePlan(snapshot);
  if (planned.kind !== 'plan') throw new Error(`Cannot render "${name}": the plan is on hold, ${planned.message}`);
  return renderBirdConfig(buildBirdConfig(planned.plan, parseBirdVersion(`BIRD ${version}`)!)).text;
}

function golden(name: string, version: string, text: string): string {
  const file = join(ROOT, name, `bird-${version}.conf`);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
  if (!existsSync(file)) throw new Error(`Cannot read "${file}": it is missing; UPDATE_GOLDEN=1 writes it`);
  return readFileSync(file, 'utf8');
}

it('there are cases', () => {
  expect(cases.length).toBeGreaterThan(5);
});

describe.each(cases)('%s', (name) => {
  it.each(VERSIONS)('for BIRD %s', async (version) => {
    const text = await rendered(name, version);
    expect(text).toBe(golden(name, version, text));
  });

  it('is accepted by the BIRD of this machine', () => {
    const local = localBirdVersion();
    const same = VERSIONS.find(
      (version) => saysAuthentication(parseBirdVersion(`BIRD ${version}`)!) === saysAuthentication(local),
    )!;
    expect(birdRefusal(readFileSync(join(ROOT, name, `bird-${same}.conf`), 'utf8'))).toBeUndefined();
  });
});

it('a broken configuration is refused, so that acceptance means something', () => {
  expect(birdRefusal('router id 1.1.1.1;\nprotocol bgp x {\n')).toMatch(/syntax error/);
});

describe('what changes between steps', () => {
  const linesOf = (name: string) => readFileSync(join(ROOT, name, 'bird-2.17.5.conf'), 'utf8').split('\n');
  const fingerprint = /^ {2}description "[0-9a-f]{32}";$/;
  const changed = (name: string) => {
    const [before, after] = [linesOf(`${name}/step1`), linesOf(`${name}/step2`)];
    const only = (a: readonly string[], b: readonly string[]) =>
      a.filter((line) => !b.includes(line) && !fingerprint.test(line));
    return { gone: only(before, after), added: only(after, before) };
  };

  it('a route more is one line more, and nothing of a session', () => {
    expect(changed('route-added')).toEqual({ gone: [], added: ['  route 198.51.100.2/32 blackhole;'] });
  });

  it('a password changed is one line of one session', () => {
    expect(changed('password-changed')).toEqual({ gone: ['  password "old";'], added: ['  password "new";'] });
  });
});
