/** Layer 2 as the lab shows it: who says that he has an address, whose MAC address the router sends to, and for how long a client got no answer. */
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashOf, rankOf } from '../../../lib/announce/rendezvous.ts';
import type { SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import type { Lease } from '../../../lib/kube/election/lease.ts';
import { leaseName } from '../../../speaker/l2/peers/lease-keeper.ts';
import { ClientStream, type ClientStreamSums } from '../../lab/client-stream.ts';
import { SKYCAP_NAMESPACE } from '../../lab/install.ts';
import type { Lab } from '../../lab/lab.ts';
import { namespaceOf } from '../../lab/layout.ts';
import { inNamespace } from '../../lab/network.ts';
import { eventually } from '../../lab/poll.ts';
import { run } from '../../lab/shell.ts';
import { podOn } from './components.ts';

export const HOSTNAME = 'kubernetes.io/hostname';
/** Of an Eip: where the backends are on n1 alone, a node that loses its power takes none of them with it. */
export const NOT_N1 = { matchExpressions: [{ key: HOSTNAME, operator: 'NotIn', values: ['n1'] }] };
const SPEAKERS = '/apis/skycap.io/v1alpha1/speakers';
/** Between two connections of a stream. */
export const BEAT_MS = 20;
/** The kernel sends a lost SYN again after a second: a later answer is one to that. */
const ANSWER_WITHIN_MS = 900;
/** Connections that failed within this of each other failed for one reason. */
const ONE_GAP_MS = 500;

export async function speakerOf(lab: Lab, node: string): Promise<SpeakerObject> {
  return lab.api.get<SpeakerObject>(`${SPEAKERS}/${node}`);
}

/** Names of the nodes that say that they answer for the address. */
export async function holdersOf(lab: Lab, address: string): Promise<string[]> {
  const { items } = await lab.api.get<{ items: SpeakerObject[] }>(SPEAKERS);
  return items.flatMap(({ metadata, status }) =>
    status?.layer2Addresses?.some((one) => one.address === address) ? [metadata.name ?? ''] : [],
  );
}

/** Waits until one node alone says so, @returns its name. */
export async function holderOf(lab: Lab, address: string, not: readonly string[] = []): Promise<string> {
  return eventually(
    async () => {
      const holders = (await holdersOf(lab, address)).filter((name) => !not.includes(name));
      if (holders.length !== 1) throw new Error(`it is held by ${holders.join(' and ') || 'nobody'}`);
      return holders[0];
    },
    { what: `one node that has ${address}`, deadlineMs: 30_000, intervalMs: 50 },
  );
}

/** The MAC address of a machine's interface on the nodes' network. */
export async function macOf(lab: Lab, machine: string): Promise<string> {
  const [link] = JSON.parse(await run('ip', ['-n', namespaceOf(lab.layout, machine), '-j', 'link', 'show', 'eth0']));
  return link.address;
}

/** To which MAC address a machine's kernel sends what is for the address. */
export async function neighborOf(lab: Lab, machine: string, address: string): Promise<string | undefined> {
  const family = isIPv6(address) ? '-6' : '-4';
  const args = ['-n', namespaceOf(lab.layout, machine), family, '-j', 'neigh', 'show', 'to', address, 'dev', 'eth0'];
  return JSON.parse((await run('ip', args)) || '[]')[0]?.lladdr;
}

/** Lets a machine forget where the address is, so that it has to ask. */
export async function forgetNeighbor(lab: Lab, machine: string, address: string): Promise<void> {
  const family = isIPv6(address) ? '-6' : '-4';
  await run('ip', ['-n', namespaceOf(lab.layout, machine), family, 'neigh', 'flush', 'to', address]);
}

/** The MAC addresses of those who answer the machine `cp` on the nodes' network, asked a few times by `arping` or `ndisc6`. */
export async function answeringTo(lab: Lab, address: string): Promise<Set<string>> {
  const command = isIPv6(address)
    ? ['ndisc6', '-m', '-n', '-r', '3', '-w', '500', address, 'eth0']
    : ['arping', '-b', '-w', '2', '-I', 'eth0', address];
  const said = await inNamespace(namespaceOf(lab.layout, 'cp'), command);
  return new Set([...said.matchAll(/(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/gi)].map(([mac]) => mac.toLowerCase()));
}

/** One argument, so that `map` can call it. */
export function urlOf(address: string): string {
  return urlAt(address, 80);
}

export function urlAt(address: string, port: number): string {
  return new URL(`http://${isIPv6(address) ? `[${address}]` : address}:${port}`).href;
}

/** The node that the hash prefers. */
export function preferred(address: string, nodes: readonly string[]): string {
  const rank = (node: string) => rankOf(hashOf(node), hashOf(address));
  return nodes.reduce((best, node) => (rank(node) > rank(best) ? node : best));
}

/** All speakers are ready, and none suspects another or ends. */
export async function allQuiet(lab: Lab): Promise<void> {
  await eventually(
    async () => {
      for (const { name } of lab.nodes) {
        const pod = await podOn(lab, 'speaker', name);
        if (!pod.ready) throw new Error(`the speaker of ${name} is not ready`);
        const { suspects = [], stopping } = (await speakerOf(lab, name)).status ?? {};
        if (stopping) throw new Error(`the speaker of ${name} ends`);
        if (suspects.length > 0) throw new Error(`${name} suspects ${suspects.join()}`);
      }
      return true;
    },
    { what: 'all speakers ready and nobody suspected', deadlineMs: 120_000, intervalMs: 500 },
  );
  // As long as a Lease or a BFD session takes to be there again.
  await sleep(3_000);
}

/** Puts a new pod in the place of each speaker, one node after the other. */
export async function rollOut(lab: Lab): Promise<void> {
  const rollout = ['-n', SKYCAP_NAMESPACE, 'rollout'];
  await lab.kubectl([...rollout, 'restart', 'daemonset/skycap-speaker']);
  await lab.kubectl([...rollout, 'status', 'daemonset/skycap-speaker', '--timeout=180s']);
}

/**
 * Kills the speaker's process on the node, and waits until kubelet has started another. A node loses its addresses when its Lease expires, so the kill
 * follows a renewal: kubelet then has 5.6 s. At any other moment it would have 0.6 s or more.
 *
 * @param onLook called again and again meanwhile.
 */
export async function killSpeaker(lab: Lab, name: string, onLook: () => Promise<void> = async () => {}): Promise<void> {
  const { restarts } = await podOn(lab, 'speaker', name);
  await untilLeaseRenewed(lab, name);
  const node = lab.nodes.find((one) => one.name === name);
  await node?.signalContainers({ namespace: SKYCAP_NAMESPACE, container: 'speaker' }, 'SIGKILL');
  await eventually(
    async () => {
      await onLook();
      const pod = await podOn(lab, 'speaker', name);
      return pod.ready && pod.restarts > restarts;
    },
    { what: `the speaker of ${name} back`, deadlineMs: 60_000 },
  );
}

async function untilLeaseRenewed(lab: Lab, node: string): Promise<void> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${SKYCAP_NAMESPACE}/leases/${leaseName(node)}`;
  const renewTime = async () => (await lab.api.get<Lease>(path)).spec?.renewTime;
  const before = await renewTime();
  await eventually(async () => (await renewTime()) !== before, {
    what: `the Lease of ${node} renewed`,
    deadlineMs: 30_000,
    intervalMs: 50,
  });
}

/** A client that connects every {@link BEAT_MS}. */
export function connectSteadily(lab: Lab, addresses: readonly string[]): ClientStream {
  return new ClientStream(lab.client, { urls: addresses.map(urlOf), everyMs: BEAT_MS, timeoutMs: ANSWER_WITHIN_MS });
}

/** The longest stretch of time in which connections to an address failed; 0 without one. */
export function longestGapMs({ failures }: ClientStreamSums): number {
  const gaps: { from: number; to: number; url: string }[] = [];
  for (const { url, atMs } of failures.toSorted((a, b) => a.atMs - b.atMs)) {
    const last = gaps.findLast((gap) => gap.url === url);
    if (last && atMs - last.to < ONE_GAP_MS) last.to = atMs;
    else gaps.push({ from: atMs, to: atMs, url });
  }
  return Math.max(0, ...gaps.map(({ from, to }) => to - from + BEAT_MS));
}

export interface PowerCut {
  /** For how long the client got no answer: the longest time. */
  readonly gapMs: number;
  readonly former: string;
  readonly successor: string;
}

/** Cuts the power of the node that has the address, with a client connecting, and lets it come back. */
export async function cutPower(lab: Lab, address: string): Promise<PowerCut> {
  await allQuiet(lab);
  const former = await holderOf(lab, address);
  const node = lab.nodes.find(({ name }) => name === former)!;
  await using stream = connectSteadily(lab, [address]);
  await sleep(2_000);
  await node.powerOff();
  const successor = await holderOf(lab, address, [former]);
  await sleep(3_000);
  const gapMs = longestGapMs(await stream.end());
  await node.powerOn();
  await node.waitUntilReady();
  return { gapMs, former, successor };
}
