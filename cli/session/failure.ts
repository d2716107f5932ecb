/** A failure of a command as one sentence with its remedy. */
import { KubeError, KubeUnreachableError } from '../../lib/kube/errors.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';

/** Thrown by a command: the message is for the user, and tells the remedy. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.usage) {
    super(message);
    this.exitCode = exitCode;
  }
}

export interface Failure {
  readonly message: string;
  readonly exitCode: ExitCode;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof KubeUnreachableError) {
    const message = `${error.message}. Is the API server up, and is this the right cluster? Look at "kubectl cluster-info", or name another with --context.`;
    return { message, exitCode: EXIT.cluster };
  }
  if (error instanceof KubeError) return { message: ofRefusal(error), exitCode: EXIT.cluster };
  const text = error instanceof Error ? error.message : String(error);
  // The sentences of lib/kube/access: the kubeconfig, or a file that the kubeconfig names.
  if (/^Cannot (use|read) the (kubeconfig|ServiceAccount)/.test(text)) {
    return {
      message: `${text}. Look at "kubectl config view", or name another with --kubeconfig.`,
      exitCode: EXIT.cluster,
    };
  }
  // Of lib/kube/http: such a name would lead elsewhere.
  const [, name] = /^Cannot address one of \w+: (".*") is not a name$/.exec(text) ?? [];
  if (name) return { message: `${name} is not a name: write that of an object.`, exitCode: EXIT.usage };
  const stack = error instanceof Error ? error.stack : text;
  return {
    message: `Cannot go on: ${text}. This is a defect of kubectl-skycap; please report it.\n${stack}`,
    exitCode: EXIT.defect,
  };
}

function ofRefusal(error: KubeError): string {
  if (error.statusCode === 401) return `${error.message}. Log in again, or use another kubeconfig or --context.`;
  if (error.statusCode === 403) return `${error.message}. Ask the administrator of the cluster for this right.`;
  return `${error.message}.`;
}
