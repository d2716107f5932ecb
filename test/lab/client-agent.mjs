// Runs inside the client's namespace (test/lab/client.ts starts it): does the requests that it reads as JSON from its
// standard input, each on a connection of its own, and prints each result as JSON.
import { get } from './client-get.mjs';

const { url, count, concurrency, timeoutMs } = JSON.parse(await new Response(process.stdin).text());

const results = [];
async function worker() {
  while (results.length < count) {
    const slot = results.push(undefined) - 1;
    results[slot] = await get(url, timeoutMs);
  }
}
await Promise.all(Array.from({ length: concurrency }, worker));
process.stdout.write(JSON.stringify(results));
