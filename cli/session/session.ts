/** The surroundings of a command: the cluster, the namespace, the user's terminal. Connects to the cluster when a command first needs it. */
import type { KubeClient, KubeWatcher } from '../../lib/kube/client.ts';

export interface Session {
  readonly client: KubeClient & KubeWatcher;
  /** The version of the API server, such as `v1.34.2`. */
  readonly serverVersion: () => Promise<string>;
  /** Of `-n`, or of the kubeconfig's context, or `default`. */
  readonly namespace: string;
  /** `-n`, if given: a command for the whole cluster is limited by it. */
  readonly onlyNamespace: string | undefined;
  /** Runs kubectl for the same cluster. @throws with kubectl's words. */
  readonly kubectl: (args: readonly string[]) => Promise<string>;
  /** Reads what is no object, such as a log, by its path in the API. */
  readonly readText: (path: string) => Promise<string>;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  /** A line for the user beside the result, such as progress: on stderr. */
  readonly say: (line: string) => void;
  /** Asks on the terminal. False without a terminal. */
  readonly confirm: (question: string) => Promise<boolean>;
}
