// Runs inside the client's namespace (test/lab/client-stream.ts starts it): one request after another to each URL, on the beat and without waiting for the
// answer to the last, until its standard input ends. Prints each failure as a line of JSON when it happens, and the sums at the end.
import { get } from './client-get.mjs';

const { urls, everyMs, timeoutMs } = JSON.parse(process.argv[2]);

const open = new Set();
let answered = 0;
let failed = 0;
let slowestMs = 0;

async function knock(url) {
  const atMs = Date.now();
  const answer = await get(url, timeoutMs);
  if (answer.ok && answer.status === 200) {
    answered++;
    slowestMs = Math.max(slowestMs, answer.milliseconds);
  } else {
    failed++;
    const error = answer.ok ? `status ${answer.status}` : answer.error;
    print({ failure: { url, atMs, error, connected: answer.connected, milliseconds: answer.milliseconds } });
  }
}

function print(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const beat = setInterval(() => {
  for (const url of urls) {
    const request = knock(url).finally(() => open.delete(request));
    open.add(request);
  }
}, everyMs);

process.stdin.resume();
process.stdin.once('end', async () => {
  // If the input ends before the first result, the program waits for one. Otherwise it would report nothing about an outage shorter than its own start.
  while (answered + failed === 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
  clearInterval(beat);
  await Promise.all(open);
  print({ answered, slowestMs });
});
