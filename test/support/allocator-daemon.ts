/** The allocator as a process with the rights of its ServiceAccount. */
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { Daemon } from './daemon.ts';
import { freePorts } from './free-port.ts';

const ROOT = join(import.meta.dirname, '../..');
/** To be among the users of the {@link ControlPlane}. */
export const ALLOCATOR_USER = 'system:serviceaccount:skycap-system:skycap-allocator';

export interface AllocatorDaemonOptions {
  readonly plane: ControlPlane;
  /** Of the pod, and of its log. */
  readonly name: string;
  /** Where its log goes. */
  readonly folder: string;
  readonly env?: NodeJS.ProcessEnv;
}

export interface AllocatorDaemon {
  readonly daemon: Daemon;
  /** `127.0.0.1:port`, where it answers `/readyz` and `/metrics`. */
  readonly health: string;
}

export async function startAllocator({ plane, name, folder, env }: AllocatorDaemonOptions): Promise<AllocatorDaemon> {
  const [port = 0] = await freePorts(1);
  const health = `127.0.0.1:${port}`;
  const daemon = new Daemon({
    name,
    command: process.execPath,
    args: [join(ROOT, 'allocator/main.ts')],
    logFile: join(folder, `${name}.log`),
    env: {
      PATH: process.env.PATH,
      KUBECONFIG: await plane.kubeconfigFile(ALLOCATOR_USER),
      POD_NAMESPACE: 'skycap-system',
      POD_NAME: name,
      SKYCAP_HEALTH_ADDRESS: health,
      ...env,
    },
  });
  return { daemon, health };
}
