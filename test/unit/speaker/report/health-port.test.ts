/** The port of health and metrics while another process has it. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Registry } from 'prom-client';
import { HealthPort } from '../../../../speaker/report/health-port.ts';
import { until } from '../../../support/eventually.ts';
import { logSink } from '../../../support/log-sink.ts';

const health = { registry: new Registry(), ready: {} };

test('another process has the port: the finding names it, and ends when the port is free', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { readonly port: number };
  let changes = 0;
  const { log, lines } = logSink();
  const listener = { address: '127.0.0.1', inode: '7', uid: 0, process: 'nginx (pid 7)' };
  const healthPort = new HealthPort({
    address: `127.0.0.1:${port}`,
    nodeName: 'n1',
    listenersOn: async () => [listener],
    log,
    onChange: () => changes++,
  });
  const serving = healthPort.serve(health, new AbortController().signal);
  await until('the finding', () => healthPort.findings.length === 1);
  expect(healthPort.findings[0]).toMatchObject({
    reason: 'PortInUse',
    object: { kind: 'Node', name: 'n1' },
    message: expect.stringMatching(
      new RegExp(`^port ${port} of the node.* is taken by nginx \\(pid 7\\): the speaker announces`),
    ),
  });
  expect(lines.map(({ msg }) => msg)).toEqual(['preflight finding']);
  other.close();
  const server = await serving;
  try {
    expect([server?.address, healthPort.findings, changes]).toEqual([`127.0.0.1:${port}`, [], 2]);
  } finally {
    await server?.close();
  }
});

test('a speaker that is told to stop waits for no port', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { readonly port: number };
  const stop = new AbortController();
  const healthPort = new HealthPort({
    ...{ address: `127.0.0.1:${port}`, nodeName: 'n1', listenersOn: async () => [], log: logSink().log },
    onChange: () => stop.abort(),
  });
  expect(await healthPort.serve(health, stop.signal)).toBeUndefined();
  other.close();
});
