/** A state in which no node announces an address, and its end by the remedy that `explain` names. */
import type { Step } from '../../../../lib/explain/explanation.ts';

export interface Case {
  readonly reason: string;
  /** Of several with the same reason. */
  readonly because?: string;
  /** @default routed/web */
  readonly service?: string;
  /** @default failed */
  readonly state?: Step['state'];
  /** Brings the state about as the cluster does. */
  readonly cause: () => Promise<unknown>;
  /** The fact and the details of the step. */
  readonly says: RegExp;
  /** The remedy and the command of the step. */
  readonly helps: RegExp;
  /** Does the part of the remedy that no command of the step does: the report of a speaker, for example. */
  readonly remedy?: () => Promise<unknown>;
  /** The command shows more, and changes nothing. */
  readonly isToRead?: true;
  readonly restore?: () => Promise<unknown>;
}
