/** How the webhook's server comes to its end, on loopback with a certificate of the test's. */
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import express from 'express';
import { WebhookServer } from '../../../webhook/server.ts';
import { TestCa } from '../../support/pki.ts';

/** Serves, and returns who asks it on connections that are kept. */
async function start(): Promise<{
  readonly server: WebhookServer;
  readonly agent: Agent;
  readonly ask: () => Promise<string>;
}> {
  const ca = await TestCa.create();
  const { cert, key } = await ca.issue({ commonName: 'webhook', ipAddresses: ['127.0.0.1'] });
  const app = express().post('/', (_, response) => void response.send('here'));
  const server = new WebhookServer({ app, host: '127.0.0.1', port: 0 });
  server.setCertificate({ certificate: cert, key });
  const port = await server.listen();
  const agent = new Agent({ keepAlive: true, ca: ca.certPem });
  const ask = async (): Promise<string> => {
    const options = { method: 'POST', host: '127.0.0.1', port, agent };
    const [response] = await once(request(options).end(), 'response');
    const chunks: string[] = await response.setEncoding('utf8').toArray();
    return `${chunks.join('')} ${response.headers.connection}`;
  };
  return { server, agent, ask };
}

it('while it drains it answers, and asks for another connection each time', async () => {
  const { server, agent, ask } = await start();
  expect(await ask()).toBe('here keep-alive');
  const drained = server.drain(2_000);
  expect([await ask(), await ask()]).toEqual(['here close', 'here close']);
  await drained;
  await expect(ask()).rejects.toThrow(/ECONNREFUSED/);
  agent.destroy();
});

it('it does not close while reviews still come', async () => {
  const { server, agent, ask } = await start();
  expect(await Promise.all(Array.from({ length: 12 }, () => ask()))).toEqual(Array(12).fill('here keep-alive'));
  let isDrained = false;
  const drained = server.drain(0).then(() => {
    isDrained = true;
  });
  for (let i = 0; i < 12; i++) {
    expect([isDrained, await ask()]).toEqual([false, 'here close']);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await drained;
  await expect(ask()).rejects.toThrow(/ECONNREFUSED/);
  agent.destroy();
});
