/** The allocator as a process with the rights of its ServiceAccount. */
import { join } from 'node:path';
import { type ComponentDaemon, startComponent } from './component-daemon.ts';
import type { ControlPlane } from './control-plane.ts';

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

export function startAllocator({ plane, name, folder, env }: AllocatorDaemonOptions): Promise<ComponentDaemon> {
  const program = 'allocator/main.ts';
  const own = { POD_NAMESPACE: 'skycap-system', POD_NAME: name };
  const logFile = join(folder, `${name}.log`);
  return startComponent({ plane, user: ALLOCATOR_USER, name, program, logFile, env: { ...own, ...env } });
}
