/** The stage of a scene: a cluster with Skycap, as a user and an administrator see it. */
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { Api } from '../../lab/api.ts';
import type { Step } from './scene-file.ts';

export type Component = 'webhook' | 'allocator';

export interface Kubectl {
  /** The exit code. */
  readonly code: number;
  readonly output: string;
  /** Warnings, and the reason of a failure. */
  readonly errors: string;
}

export interface Stage {
  /** As cluster admin. */
  readonly api: Api;
  /** @param input stands for `-`. */
  kubectl(args: readonly string[], input?: string): Promise<Kubectl>;
  /** Resolves when no process of the component runs any more. */
  stop(component: Component): Promise<void>;
  /** Resolves when the component is ready. */
  start(component: Component): Promise<void>;
  /** Resolves when Skycap's webhooks know the existing Eips. */
  untilEipsAreKnown(): Promise<void>;
  /** The steps that need a stage with machines, and their output. @returns undefined for a step of another kind. */
  machineStep?(step: Step): Promise<string> | undefined;
  /** @returns differences; undefined if the text names nothing that machines show. */
  machineDifferences?(what: string, expected: unknown): Promise<string[]> | undefined;
  /** Removes the objects of a scene. @param made the objects, in the order of their creation. */
  clear(made: readonly KubeObject[]): Promise<void>;
  dispose(): Promise<void>;
}
