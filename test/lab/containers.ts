/** Acts on a node's containers through its containerd, behind kubelet's back. */
import { run } from './shell.ts';

const CONTAINERD_NAMESPACE = 'k8s.io';

export interface ContainerFilter {
  readonly namespace: string;
  /** The pod's name. Absent: all pods. */
  readonly pod?: string;
  /** The container's name in its pod. Absent: all containers. */
  readonly container?: string;
}

/** @returns the ids of the running containers that match the filter. */
export async function runningContainers(socket: string, filter: ContainerFilter): Promise<readonly string[]> {
  const labels = [
    ['pod.namespace', filter.namespace],
    ['pod.name', filter.pod],
    ['container.name', filter.container],
  ].flatMap(([label, value]) => (value === undefined ? [] : [`labels."io.kubernetes.${label}"==${value}`]));
  const [named, tasks] = await Promise.all([
    ctr(socket, ['containers', 'ls', '--quiet', [...labels, 'labels."io.cri-containerd.kind"==container'].join()]),
    ctr(socket, ['tasks', 'ls']),
  ]);
  const running = new Set(
    lines(tasks).flatMap((line) => {
      const [id = '', , status] = line.split(/\s+/);
      return status === 'RUNNING' ? [id] : [];
    }),
  );
  return lines(named).filter((id) => running.has(id));
}

/** Sends the signal to the container's first process, from outside: SIGKILL and SIGSTOP work as well. */
export async function signalContainer(socket: string, id: string, signal: NodeJS.Signals): Promise<void> {
  await ctr(socket, ['tasks', 'kill', '--signal', signal, id]);
}

function ctr(socket: string, args: readonly string[]): Promise<string> {
  return run('ctr', ['--address', socket, '--namespace', CONTAINERD_NAMESPACE, ...args]);
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
