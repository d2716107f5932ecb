/** Where a scene is played: a cluster with Skycap in it, as a user and an administrator reach it. */
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { Api } from '../../lab/api.ts';
import type { Step } from './scene-file.ts';

export type Component = 'webhook' | 'allocator';

export interface Kubectl {
  /** The exit code. */
  readonly code: number;
  readonly output: string;
  /** Warnings, and why it failed. */
  readonly errors: string;
}

export interface Stage {
  /** As cluster admin. */
  readonly api: Api;
  /** @param input stands for `-`. */
  kubectl(args: readonly string[], input?: string): Promise<Kubectl>;
  /** Resolves when none of its processes runs any more. */
  stop(component: Component): Promise<void>;
  /** Resolves when it works. */
  start(component: Component): Promise<void>;
  /** Resolves when Skycap's webhooks know of the Eips that there are. */
  untilEipsAreKnown(): Promise<void>;
  /** The steps that only a stage with machines can do, and what is to be seen there. @returns undefined for a step of another kind. */
  machineStep?(step: Step): Promise<string> | undefined;
  /** @returns differences; undefined where the text names nothing that machines show. */
  machineDifferences?(what: string, expected: unknown): Promise<string[]> | undefined;
  /** Removes what a scene made. @param made in the order in which it was made. */
  clear(made: readonly KubeObject[]): Promise<void>;
  dispose(): Promise<void>;
}
