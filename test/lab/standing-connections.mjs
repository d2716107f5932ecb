// Runs inside the client's namespace (test/lab/standing-connections.ts starts it): opens connections, and sends a request through each on the beat without
// waiting for the answer to the last, until its standard input ends. Prints a line of JSON when each has been answered, and the sums at the end.
import { connect } from 'node:net';

const { host, count, everyMs } = JSON.parse(process.argv[2]);
const REQUEST = `GET / HTTP/1.1\r\nHost: ${host.includes(':') ? `[${host}]` : host}\r\n\r\n`;

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

let isEnding = false;

function stand() {
  const socket = connect(80, host);
  const connection = { socket, bytes: 0, lastAtMs: performance.now(), longestSilenceMs: 0, broken: undefined };
  const hear = () => {
    const nowMs = performance.now();
    connection.longestSilenceMs = Math.max(connection.longestSilenceMs, nowMs - connection.lastAtMs);
    connection.lastAtMs = nowMs;
  };
  socket.on('data', (data) => {
    connection.bytes += data.length;
    hear();
  });
  const breaks = (error) => {
    if (!isEnding) connection.broken ??= { atMs: Date.now(), error };
  };
  socket.on('error', ({ code, message }) => breaks(code ?? message));
  socket.on('close', () => breaks('closed'));
  return { connection, hear };
}

const all = Array.from({ length: count }, stand);
const beat = setInterval(() => {
  for (const { connection } of all) if (connection.socket.writable) connection.socket.write(REQUEST);
}, everyMs);

const ready = setInterval(() => {
  if (!all.every(({ connection }) => connection.bytes > 0 || connection.broken)) return;
  clearInterval(ready);
  print({ ready: true });
}, 10);

process.stdin.resume();
process.stdin.once('end', () => {
  isEnding = true;
  clearInterval(beat);
  clearInterval(ready);
  for (const { connection, hear } of all) {
    // A connection that is silent at the end has been silent since its last byte.
    if (!connection.broken) hear();
    connection.socket.destroy();
  }
  const broken = all.flatMap(({ connection }) => connection.broken ?? []);
  print({
    broken,
    bytes: all.reduce((sum, { connection }) => sum + connection.bytes, 0),
    longestSilenceMs: Math.max(...all.map(({ connection }) => connection.longestSilenceMs)),
  });
});
