/** A component as a process with the rights of its ServiceAccount. */
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { Daemon } from './daemon.ts';
import { freePorts } from './free-port.ts';

const ROOT = join(import.meta.dirname, '../..');
/** A component is started in half the processor time when its sources were read and compiled before; the tests start hundreds. */
const COMPILE_CACHE = join(ROOT, 'node_modules/.cache/node-compile');

export interface ComponentOptions {
  readonly plane: ControlPlane;
  /** Among the users of the {@link ControlPlane}. */
  readonly user: string;
  /** Of the process. */
  readonly name: string;
  /** Below the project. */
  readonly program: string;
  readonly logFile: string;
  /** The setting that says where it is to listen. */
  readonly listensBy?: 'SKYCAP_HEALTH_ADDRESS' | 'SKYCAP_LISTEN_ADDRESS';
  readonly env: NodeJS.ProcessEnv;
}

export interface ComponentDaemon {
  readonly daemon: Daemon;
  readonly port: number;
  /** `127.0.0.1:port`, where it answers `/readyz` and `/metrics`. */
  readonly health: string;
}

export async function startComponent(options: ComponentOptions): Promise<ComponentDaemon> {
  const { plane, user, name, program, logFile, listensBy = 'SKYCAP_HEALTH_ADDRESS', env } = options;
  const [port = 0] = await freePorts(1);
  const health = `127.0.0.1:${port}`;
  const daemon = new Daemon({
    name,
    command: process.execPath,
    args: [join(ROOT, program)],
    logFile,
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
      KUBECONFIG: await plane.kubeconfigFile(user),
      [listensBy]: health,
      ...env,
    },
  });
  return { daemon, port, health };
}
