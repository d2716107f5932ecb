/** A component as a process with the rights of its ServiceAccount. */
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { Daemon } from './daemon.ts';
import { freePorts } from './free-port.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface ComponentOptions {
  readonly plane: ControlPlane;
  /** Among the users of the {@link ControlPlane}. */
  readonly user: string;
  /** Of the process, and of its log. */
  readonly name: string;
  /** Below the project. */
  readonly program: string;
  /** Where its log goes. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface ComponentDaemon {
  readonly daemon: Daemon;
  /** `127.0.0.1:port`, where it answers `/readyz` and `/metrics`. */
  readonly health: string;
}

export async function startComponent(options: ComponentOptions): Promise<ComponentDaemon> {
  const { plane, user, name, program, folder, env } = options;
  const [port = 0] = await freePorts(1);
  const health = `127.0.0.1:${port}`;
  const daemon = new Daemon({
    name,
    command: process.execPath,
    args: [join(ROOT, program)],
    logFile: join(folder, `${name}.log`),
    env: {
      PATH: process.env.PATH,
      KUBECONFIG: await plane.kubeconfigFile(user),
      SKYCAP_HEALTH_ADDRESS: health,
      ...env,
    },
  });
  return { daemon, health };
}
