/** How the webhook's server comes to its end, on loopback with a certificate of the test's. */
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import express from 'express';
import { WebhookServer } from '../../../webhook/server.ts';
import { TestCa } from '../../support/pki.ts';

it('while it drains it answers, and asks for another connection each time', async () => {
  const ca = await TestCa.create();
  const { cert, key } = await ca.issue({ commonName: 'webhook', ipAddresses: ['127.0.0.1'] });
  const app = express().get('/', (_, response) => void response.send('here'));
  const server = new WebhookServer({ app, host: '127.0.0.1', port: 0 });
  server.setCertificate({ certificate: cert, key });
  const port = await server.listen();
  const agent = new Agent({ keepAlive: true, ca: ca.certPem });
  const ask = async (): Promise<string> => {
    const [response] = await once(request({ host: '127.0.0.1', port, agent }).end(), 'response');
    const chunks: string[] = await response.setEncoding('utf8').toArray();
    return `${chunks.join('')} ${response.headers.connection}`;
  };
  expect(await ask()).toBe('here keep-alive');
  const drained = server.drain(2_000);
  expect([await ask(), await ask()]).toEqual(['here close', 'here close']);
  await drained;
  await expect(ask()).rejects.toThrow(/ECONNREFUSED/);
  agent.destroy();
});
