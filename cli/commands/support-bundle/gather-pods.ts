/** Of each pod of Skycap: the object, the logs, the metrics, and the state of BIRD. */
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { Resource } from '../../../lib/kube/resource.ts';
import { birdState } from './bird-state.ts';
import { type Gathering, listed, orNote } from './gather.ts';

interface SkycapPod extends KubeObject {
  readonly spec?: { readonly containers?: readonly { readonly name: string }[] };
  readonly status?: {
    readonly containerStatuses?: readonly { readonly name: string; readonly restartCount?: number }[];
  };
}

/** The speaker listens on 127.0.0.1 of its node. */
const SPEAKER_METRICS =
  'fetch("http://127.0.0.1:7980/metrics").then((answer) => answer.ok ? answer.text() : Promise.reject(answer.status)).then(console.log)';

const SKYCAP_PODS: Resource<SkycapPod> = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
const SELECTOR = 'app.kubernetes.io/name=skycap,app.kubernetes.io/component';
/** Of a container. */
const LOG_BYTES = 1_000_000;
const LOG_LINES = 5_000;
const AT_A_TIME = 6;

/** How the API server reaches the metrics of a component. */
const METRICS_AT: Readonly<Record<string, string>> = {
  allocator: 'http:POD:8080',
  webhook: 'https:POD:8443',
};

/** @returns the number of pods. */
export async function gatherPods(gathering: Gathering): Promise<number> {
  const { skycapNamespace: namespace, session, archive } = gathering;
  const pods = await listed(gathering, SKYCAP_PODS, { namespace, labelSelector: SELECTOR });
  await archive.addObject('objects/pods.json', pods);
  const waiting = [...pods];
  const workers = Array.from({ length: AT_A_TIME }, async () => {
    for (let pod = waiting.shift(); pod && !session.signal.aborted; pod = waiting.shift())
      await gatherPod(gathering, pod);
  });
  await Promise.all(workers);
  return pods.length;
}

async function gatherPod(gathering: Gathering, pod: SkycapPod): Promise<void> {
  const { archive, session } = gathering;
  const { name = '', namespace = '', labels } = pod.metadata;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const read = async (file: string, what: string, from: string): Promise<void> => {
    const text = await orNote(gathering, `${what} of pod ${name}`, () => session.readText(from));
    if (text !== undefined) await archive.addText(`pods/${name}/${file}`, text);
  };
  for (const { name: container } of pod.spec?.containers ?? []) {
    const log = `${path}/${name}/log?container=${encodeURIComponent(container)}&limitBytes=${LOG_BYTES}&tailLines=${LOG_LINES}&timestamps=true`;
    await read(`${container}.log`, `log of container ${container}`, log);
    const status = pod.status?.containerStatuses?.find((one) => one.name === container);
    if ((status?.restartCount ?? 0) > 0)
      await read(`${container}.previous.log`, `former log of container ${container}`, `${log}&previous=true`);
  }
  const component = labels?.['app.kubernetes.io/component'] ?? '';
  const at = METRICS_AT[component];
  if (at) await read('metrics.txt', 'metrics', `${path}/${at.replace('POD', name)}/proxy/metrics`);
  if (component === 'speaker') await gatherSpeaker(gathering, namespace, name);
}

async function gatherSpeaker(gathering: Gathering, namespace: string, name: string): Promise<void> {
  const { archive, session } = gathering;
  const exec = ['exec', '-n', namespace, name, '-c', 'speaker', '--', 'node', '-e', SPEAKER_METRICS];
  const metrics = await orNote(gathering, `metrics of pod ${name}`, () => session.kubectl(exec));
  if (metrics !== undefined) await archive.addText(`pods/${name}/metrics.txt`, metrics);
  const state = await orNote(gathering, `state of BIRD in pod ${name} (the Speaker object has the sessions)`, () =>
    birdState(session, namespace, name),
  );
  if (state !== undefined) await archive.addText(`pods/${name}/bird.txt`, state);
}
