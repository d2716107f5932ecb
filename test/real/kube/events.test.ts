/** EventRecorder against a real API server: what it writes is valid, and found by kubectl. */
import { Registry } from 'prom-client';
import type { Happening } from '../../../lib/kube/events/event.ts';
import { EventRecorder } from '../../../lib/kube/events/events.ts';
import { NAMESPACES, SERVICES } from '../../../lib/kube/resource.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { eventually } from '../../support/eventually.ts';
import { logSink } from '../../support/log-sink.ts';

let plane: ControlPlane;
beforeAll(async () => {
  plane = await ControlPlane.start();
  // The API server makes these in its own time.
  await eventually(() => plane.client().get(SERVICES, { name: 'kubernetes', namespace: 'default' }));
  await eventually(() => plane.client().get(NAMESPACES, { name: 'kube-public' }));
}, 60_000);
afterAll(() => plane?.[Symbol.asyncDispose]());

function recorder(rate = { burst: 25, perSecond: 2 }) {
  const registry = new Registry();
  const { log, lines } = logSink();
  const client = plane.client();
  const options = { client, controller: 'skycap-allocator', instance: 'skycap-allocator-x', log, registry, rate };
  return { events: new EventRecorder(options), registry, lines };
}

function happening(regarding: Happening['regarding'], note: string): Happening {
  return { regarding, type: 'Normal', reason: 'AssignIP', action: 'Assign', note };
}

it('shows in kubectl describe, for what has a namespace and for what has none, with notes of any length', async () => {
  const { events, lines } = recorder();
  const service = await plane.client().get(SERVICES, { name: 'kubernetes', namespace: 'default' });
  const namespace = await plane.client().get(NAMESPACES, { name: 'kube-public' });
  events.record(happening(service, 'assigned 192.0.2.7'));
  events.record(happening(namespace, `${'ä'.repeat(600)} too long`));
  await events.flush();
  expect(lines).toEqual([]);
  const described = await plane.kubectl(['describe', 'service', 'kubernetes']);
  expect(described).toMatch(/Normal\s+AssignIP\s+\S+\s+skycap-allocator\s+assigned 192\.0\.2\.7/);
  expect(
    await plane.kubectl(['get', 'events', '-n', 'default', '--field-selector', 'involvedObject.kind=Namespace']),
  ).toContain('ää…');
});

it('says the same once, drops what is too much, and never disturbs the caller', async () => {
  const { events, registry } = recorder({ burst: 3, perSecond: 0.001 });
  const service = await plane.client().get(SERVICES, { name: 'kubernetes', namespace: 'default' });
  for (let i = 0; i < 5; i++) events.record(happening(service, 'the same'));
  for (let i = 0; i < 5; i++) events.record(happening(service, `another ${i}`));
  events.record(happening({ kind: 'Service', metadata: { name: 'x', namespace: 'no-such-namespace' } }, 'refused'));
  await events.flush();
  const all = await plane.kubectl(['get', 'events', '-n', 'default']);
  expect(all.match(/the same/g)).toHaveLength(1);
  expect(all.match(/another/g)).toHaveLength(2);
  expect(await registry.metrics()).toContain('skycap_events_dropped_total{why="rate"} 4');
});

it('says of what comes and goes each time that it does, a few times', async () => {
  const { events } = recorder();
  const service = await plane.client().get(SERVICES, { name: 'kubernetes', namespace: 'default' });
  for (let i = 0; i < 7; i++) events.record({ ...happening(service, 'comes again'), isTurn: true });
  await events.flush();
  expect((await plane.kubectl(['get', 'events', '-n', 'default'])).match(/comes again/g)).toHaveLength(5);
});

it('survives an API server that refuses', async () => {
  const { events, registry, lines } = recorder();
  events.record(
    happening({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'x', namespace: 'no-such-namespace' } }, 'a'),
  );
  await events.flush();
  expect(await registry.metrics()).toContain('skycap_events_dropped_total{why="refused"} 1');
  expect(lines).toMatchObject([{ level: 'debug', msg: 'event not written', err: { code: 404 } }]);
});
