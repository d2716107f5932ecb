/** `kubectl skycap`: reads the command line and the environment, runs one command, sets the exit code. */
import './polyfills.ts';
import packageJson from '../package.json' with { type: 'json' };
import { runProgram } from './program/run-program.ts';

// A bundle in CommonJS has no top-level await. A pipe that the reader has closed, as with `| head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
const { stdin, stdout, stderr, env } = process;
const around = {
  stdin,
  stdout,
  stderr,
  env,
  version: packageJson.version,
  once: process.once.bind(process),
  off: process.off.bind(process),
};
void runProgram(process.argv.slice(2), around).then((code) => {
  process.exitCode = code;
});
