/** The result of a command: data for `-o json|yaml`, and text for people from the same facts. */
import type { ExitCode } from '../exit-codes.ts';
import type { View } from './view.ts';

export interface Report {
  /** Plain values: the keys are part of the interface. */
  readonly data: unknown;
  readonly text: (view: View) => string;
  readonly exitCode: ExitCode;
}
