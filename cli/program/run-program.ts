/** Runs the program on arguments and the surroundings of a process: declares the commands, runs the named one, prints its report or its failure. */
import { CommanderError } from 'commander';
import { completionAnswer } from '../commands/completion/completion-answer.ts';
import { EXIT } from '../exit-codes.ts';
import { type Format, printed } from '../output/print.ts';
import { viewOf } from '../output/view.ts';
import type { Act } from '../session/command.ts';
import { CommandError, failureOf } from '../session/failure.ts';
import { type OpenedSession, openSession, type SessionOptions } from '../session/open-session.ts';
import type { Surroundings } from '../session/surroundings.ts';
import { makeProgram } from './program.ts';

/** @returns the exit code. */
export async function runProgram(args: readonly string[], around: Surroundings): Promise<number> {
  let code: number = EXIT.fine;
  const act: Act = async (work) => {
    code = await runCommand(work, program.opts<GlobalOptions>(), around);
  };
  const program = makeProgram(act, around);
  if (args[0] === '__complete') {
    around.stdout.write(await completionAnswer(program, args.slice(1), around));
    return code;
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has printed its message. It exits with 1 for a wrong command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    return reportFailure(error, around);
  }
}

interface GlobalOptions extends SessionOptions {
  readonly output: Format;
}

async function runCommand(work: Parameters<Act>[0], options: GlobalOptions, around: Surroundings): Promise<number> {
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort(new CommandError('Interrupted.', EXIT.interrupted));
  around.once('SIGINT', onInterrupt);
  let opened: OpenedSession | undefined;
  try {
    opened = await openSession(options, around, stop.signal);
    const report = await work(opened.session);
    around.stdout.write(await printed(report, options.output, viewOf(around.stdout, around.env)));
    return report.exitCode;
  } catch (error) {
    return reportFailure(stop.signal.aborted ? stop.signal.reason : error, around);
  } finally {
    around.off('SIGINT', onInterrupt);
    await opened?.close();
  }
}

function reportFailure(error: unknown, { stderr }: Surroundings): number {
  const { message, exitCode } = failureOf(error);
  stderr.write(`${message}\n`);
  return exitCode;
}
