// One HTTP request on a connection of its own, for the programs that run in the client's namespace. Plain JavaScript, so that they start at once.
import { request } from 'node:http';

/** @returns {Promise<object>} a `ClientAnswer` (client.ts); never rejects. */
export function get(url, timeoutMs) {
  return new Promise((resolve) => {
    const started = performance.now();
    let connected = false;
    const done = (answer) => resolve({ ...answer, connected, milliseconds: performance.now() - started });
    const client = request(url, { agent: false, timeout: timeoutMs }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text) => {
        body += text;
      });
      response.on('end', () => done({ ok: true, status: response.statusCode, body }));
      response.on('error', (error) => done({ ok: false, error: error.code ?? error.message }));
    });
    client.on('socket', (socket) => {
      socket.once('connect', () => {
        connected = true;
      });
    });
    client.on('timeout', () => client.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    client.on('error', (error) => done({ ok: false, error: error.code ?? error.message }));
    client.end();
  });
}
