/** manifests/components/monitoring names metrics, pods and ports that exist, and docs/monitoring.md explains its alerts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { panels, rules } from '../../real/monitoring/support/prometheus.ts';
import { ROOT, readBase, readManifests } from './files.ts';

const page = (name: string) => readFileSync(join(ROOT, 'docs', name), 'utf8');
const component = readManifests('manifests/components/monitoring').flatMap(({ objects }) => objects);
const known = new Set([...page('metrics.md').matchAll(/^\| `(skycap_\w+)`/gm)].map(([, name]) => name));
const expressions = [...rules().alerts, ...panels()].map(({ expr }) => expr);

it.each(expressions)('%s has metrics that exist', (expr) => {
  const names = [...expr.matchAll(/\bskycap_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));
  expect(names.filter((name) => !known.has(name))).toEqual([]);
});

it('the page has a row for each alert, with its time', () => {
  const rows = [...page('monitoring.md').matchAll(/^\| `(\w+)` \| (\d+) (min|h) \| .+ \| .+ \|$/gm)];
  const told = rows.map(([, alert, time, unit]) => `${alert} ${time}${unit === 'h' ? 'h' : 'm'}`);
  expect(told).toEqual(rules().alerts.map((rule) => `${rule.alert} ${rule.for}`));
});

it('the Services select the pods of a component, at the port of its metrics', () => {
  const workloads = readBase().filter(({ kind }) => ['Deployment', 'DaemonSet'].includes(kind));
  const services = component.filter(({ kind }) => kind === 'Service');
  expect(services).toHaveLength(2);
  for (const { spec } of services) {
    const { template } = workloads.find(({ spec: other }) =>
      Object.entries(spec.selector).every(([key, value]) => other.template.metadata.labels[key] === value),
    ).spec;
    const address = template.spec.containers[0].env.find(
      ({ name }: { name: string }) => name === 'SKYCAP_HEALTH_ADDRESS',
    );
    expect(address.value).toMatch(new RegExp(`:${spec.ports[0].port}$`));
  }
});

it('each ServiceMonitor selects Services by the name of a port', () => {
  const services = [...component, ...readBase()].filter(({ kind }) => kind === 'Service');
  const ports = services.flatMap(({ spec }) => spec.ports.map(({ name }: { name: string }) => name));
  for (const { spec } of component.filter(({ kind }) => kind === 'ServiceMonitor')) {
    for (const { port } of spec.endpoints) expect(ports).toContain(port);
  }
});
