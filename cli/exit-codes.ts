/** The exit codes of `kubectl skycap` (docs/kubectl-skycap.md). */
export const EXIT = {
  /** Nothing is wrong. */
  fine: 0,
  /** The command has found a problem, and shows it. */
  problem: 1,
  /** The command line is wrong, or names an object that does not exist. */
  usage: 2,
  /** `simulate`: a Service would lose an address, or an address its owner or the last path of a BgpPeer. */
  loss: 3,
  /** The API server can't be reached, refuses the user, or the kubeconfig can't be used. */
  cluster: 4,
  /** A defect of the command. */
  defect: 70,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
