/**
 * An hour in which nothing changes, with an etcd that tells of its progress each ten minutes only, as it does by default: nobody may warn of anything, and every
 * cache is followed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EIPS, SERVICES } from '../../lib/kube/resource.ts';
import { COMPONENTS, type Component, Components } from '../real/memory/components.ts';
import type { Soak } from './soak.ts';

const LOOK_EVERY_MS = 10_000;
const WARNING = /"level":"(warn|error|fatal)"/;
const OPENELB = 'network.kubesphere.io/v1alpha2';

export const restSoak: Soak = {
  name: 'rest',
  title: 'webhook, allocator and speaker in a cluster at rest: no warning, and no watch that is taken for dead',
  async run({ durationMs, signal }, tell) {
    await using components = await Components.start();
    await populate(components);
    const untilMs = performance.now() + durationMs;
    const warnings = (name: Component) => components.logLinesOf(name).filter((line) => WARNING.test(line));
    // What went wrong while all of it started is not of interest.
    const before = new Map(COMPONENTS.map((name) => [name, warnings(name).length]));
    const fresh = () =>
      COMPONENTS.flatMap((name) =>
        warnings(name)
          .slice(before.get(name))
          .map((line) => `${name}: ${line}`),
      );
    while (performance.now() < untilMs && !signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
      for (const name of COMPONENTS) components.running(name);
      tell(`${fresh().length} warnings`);
    }
    if (fresh().length > 0) throw new Error(`Cannot rest without warnings:\n${fresh().join('\n')}`);
    return '0 warnings';
  },
};

/** Something for each cache, and nothing on the wire: no interface has the name. */
async function populate({ lab }: Components): Promise<void> {
  const eips = {
    routed: { address: '198.51.100.0/28', protocol: 'bgp' },
    local: { address: '203.0.113.0/28', protocol: 'layer2', interface: 'absent0' },
  };
  for (const [name, spec] of Object.entries(eips)) {
    await lab.client.create(EIPS, { apiVersion: OPENELB, kind: 'Eip', metadata: { name }, spec });
  }
  for (const eip of Object.keys(eips)) {
    await lab.client.create(SERVICES, {
      metadata: { name: `on-${eip}`, namespace: 'default', annotations: { 'eip.openelb.kubesphere.io/v1alpha2': eip } },
      spec: { type: 'LoadBalancer', ports: [{ port: 80, protocol: 'TCP' }] },
    });
  }
}
