/** The speaker as a process with the rights of its ServiceAccount, beside a BIRD that the caller runs. */
import { join } from 'node:path';
import { birdBinary } from './bird-binary.ts';
import { type ComponentDaemon, startComponent } from './component-daemon.ts';
import type { ControlPlane } from './control-plane.ts';

/** To be among the users of the {@link ControlPlane}. */
export const SPEAKER_USER = 'system:serviceaccount:skycap-system:skycap-speaker';

export interface SpeakerDaemonOptions {
  readonly plane: ControlPlane;
  readonly nodeName: string;
  /** That of BIRD. */
  readonly runDir: string;
  /** Where its log goes. */
  readonly folder: string;
  /** @default the sources */
  readonly program?: 'speaker/main.ts' | 'dist/speaker.js';
  readonly nodeOptions?: string;
  /** Further settings. */
  readonly settings?: Readonly<Record<string, string>>;
}

export function startSpeaker(options: SpeakerDaemonOptions): Promise<ComponentDaemon> {
  const { plane, nodeName, runDir, folder, program = 'speaker/main.ts', nodeOptions, settings } = options;
  const env = {
    ...(nodeOptions && { NODE_OPTIONS: nodeOptions }),
    NODE_NAME: nodeName,
    SKYCAP_RUN_DIR: runDir,
    SKYCAP_BIRD: birdBinary(),
    ...settings,
  };
  const logFile = join(folder, 'speaker.log');
  return startComponent({ plane, user: SPEAKER_USER, name: 'speaker', program, logFile, env });
}
