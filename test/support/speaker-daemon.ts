/** The speaker as a process with the rights of its ServiceAccount, beside a BIRD that the caller runs. */
import { join } from 'node:path';
import { birdBinary } from './bird-binary.ts';
import type { ControlPlane } from './control-plane.ts';
import { Daemon } from './daemon.ts';
import { freePorts } from './free-port.ts';

const ROOT = join(import.meta.dirname, '../..');
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
}

export interface SpeakerDaemon {
  readonly daemon: Daemon;
  /** `127.0.0.1:port`, where it answers `/readyz` and `/metrics`. */
  readonly health: string;
}

export async function startSpeaker(options: SpeakerDaemonOptions): Promise<SpeakerDaemon> {
  const { plane, nodeName, runDir, folder, program = 'speaker/main.ts', nodeOptions } = options;
  const [port = 0] = await freePorts(1);
  const health = `127.0.0.1:${port}`;
  const daemon = new Daemon({
    name: 'speaker',
    command: process.execPath,
    args: [join(ROOT, program)],
    logFile: join(folder, 'speaker.log'),
    env: {
      PATH: process.env.PATH,
      ...(nodeOptions && { NODE_OPTIONS: nodeOptions }),
      KUBECONFIG: await plane.kubeconfigFile(SPEAKER_USER),
      NODE_NAME: nodeName,
      SKYCAP_RUN_DIR: runDir,
      SKYCAP_BIRD: birdBinary(),
      SKYCAP_HEALTH_ADDRESS: health,
    },
  });
  return { daemon, health };
}
