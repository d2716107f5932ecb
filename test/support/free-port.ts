/**
 * Free TCP ports on loopback, in a range of the tests' own so that they never meet the machine's ephemeral ports, and of this process's own as far as there are
 * ranges: a test beside another would now and then be given a port in the moment before that one listens on it.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const RANGES = 60;
const PORTS_EACH = 300;
const FIRST_PORT = 12_000 + (process.pid % RANGES) * PORTS_EACH;
const LAST_PORT = FIRST_PORT + PORTS_EACH - 1;
const ATTEMPTS = 200;

/** Nothing reserves the port after this: who uses it must cope with losing the race. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let i = 0; i < ATTEMPTS && ports.size < count; i++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (await isFree(port)) ports.add(port);
  }
  if (ports.size < count) throw new Error(`Cannot find ${count} free ports: ${FIRST_PORT}-${LAST_PORT} are taken`);
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
