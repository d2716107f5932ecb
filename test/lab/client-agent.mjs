// Runs inside the client's namespace (test/lab/client.ts starts it): does the requests that it reads as JSON from its
// standard input, each on a connection of its own, and prints what came of each as JSON. Plain JavaScript, so that it starts at once.
import { request } from 'node:http';

const { url, count, concurrency, timeoutMs } = JSON.parse(await new Response(process.stdin).text());

function get() {
  return new Promise((resolve) => {
    const started = performance.now();
    const done = (answer) => resolve({ ...answer, milliseconds: performance.now() - started });
    const client = request(url, { agent: false, timeout: timeoutMs }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text) => {
        body += text;
      });
      response.on('end', () => done({ ok: true, status: response.statusCode, body }));
      response.on('error', (error) => done({ ok: false, error: error.code ?? error.message }));
    });
    client.on('timeout', () => client.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    client.on('error', (error) => done({ ok: false, error: error.code ?? error.message }));
    client.end();
  });
}

const results = [];
async function worker() {
  while (results.length < count) {
    const slot = results.push(undefined) - 1;
    results[slot] = await get();
  }
}
await Promise.all(Array.from({ length: concurrency }, worker));
process.stdout.write(JSON.stringify(results));
