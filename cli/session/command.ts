/** The form of a command: `addX(program, act)` declares arguments and options; the work is imported only when the command runs, so that the program starts quickly. */
import type { Command } from 'commander';
import type { Report } from '../output/report.ts';
import type { Session } from './session.ts';

/** Runs the work of a command, prints its report and sets the exit code. */
export type Act = (work: (session: Session) => Promise<Report>) => Promise<void>;

export type AddCommand = (program: Command, act: Act) => void;
