/**
 * `npm run test:soak -- <name> [time]`: one long test, with a line a minute on how it stands. It ends with 0 if all held, with 1 and the reason if not, and
 * Ctrl-C ends it in order.
 *
 *     npm run test:soak -- model            an hour
 *     npm run test:soak -- model 8h
 *     npm run test:soak -- model --runs=500 --seed=7
 *     npm run test:soak -- frames           10 million, or `--runs=` as many
 */
import { preparePrograms } from '../lab/prepare.ts';
import { consoleProgress } from '../lab/progress.ts';
import { parseSoakArguments, USAGE } from './arguments.ts';
import { SOAKS } from './soaks.ts';

const TELL_EVERY_MS = 60_000;
const LARGEST_SEED = 2 ** 31;

async function main(args: readonly string[]): Promise<void> {
  const { name, durationMs, runs, path, ...given } = parseSoakArguments(args);
  const soak = SOAKS.find((one) => one.name === name);
  if (!soak) {
    const names = SOAKS.map((one) => `    ${one.name.padEnd(10)} ${one.title}`).join('\n');
    throw new RangeError(`Cannot run the soak "${name}". ${USAGE}\n${names}`);
  }
  process.env.SKYCAP_LAB_BIN ??= await preparePrograms(consoleProgress());
  const seed = given.seed ?? Date.now() % LARGEST_SEED;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new Error('Ctrl-C')));
  process.once('SIGTERM', () => stop.abort(new Error('SIGTERM')));
  const startedMs = performance.now();
  let state = 'starts';
  const tell = (text: string): void => {
    const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
    process.stdout.write(
      `${new Date().toISOString().slice(0, 19)}Z  ${minutes.padStart(6)} min  ${soak.name}: ${text}\n`,
    );
  };
  tell(`seed ${seed}`);
  const timer = setInterval(() => tell(state), TELL_EVERY_MS);
  try {
    const settings = { durationMs, runs, seed, path, signal: stop.signal };
    const note = (text: string): void => {
      state = text;
    };
    tell(`held: ${await soak.run(settings, note)}`);
  } catch (error) {
    tell(`did not hold after ${state}`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
