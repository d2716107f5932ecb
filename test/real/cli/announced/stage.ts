/**
 * A cluster for `explain` of announcements: a real API server and allocator; the test writes what two nodes, their kubelets, their speakers and the controller of EndpointSlices
 * would. Where all is well, the Services have two routers on each node, or node-1 as owner.
 */
import { join } from 'node:path';
import type { Condition } from '../../../../lib/api/meta/object.ts';
import type { SpeakerObject, SpeakerSession } from '../../../../lib/api/skycap/speaker-types.ts';
import type { Explanation } from '../../../../lib/explain/explanation.ts';
import { LEADER_TIMING } from '../../../../lib/kube/election/leader-step.ts';
import { BGP_CONFS, BGP_PEERS, ENDPOINT_SLICES, NODES, PODS, SPEAKERS } from '../../../../lib/kube/resource.ts';
import { type PluginRun, runPlugin } from '../../../support/plugin.ts';
import { AllocatorLab } from '../../allocator/harness.ts';
import { paste } from '../support/paste.ts';

const MANIFESTS = join(import.meta.dirname, '../../../../manifests/base');
const SYSTEM = 'skycap-system';
export const NODE_NAMES = ['node-1', 'node-2'] as const;
export const PEER_NAMES: readonly string[] = ['tor-a', 'tor-b'];
export const OWNED_ADDRESS = '203.0.113.0';

type Status = NonNullable<SpeakerObject['status']>;

export interface Explained extends Explanation {
  readonly exitCode: number;
}

export class AnnouncedStage implements AsyncDisposable {
  readonly lab: AllocatorLab;
  readonly #kubeconfig: string;

  private constructor(lab: AllocatorLab, kubeconfig: string) {
    this.lab = lab;
    this.#kubeconfig = kubeconfig;
  }

  static async open(): Promise<AnnouncedStage> {
    const lab = await AllocatorLab.start();
    const stage = new AnnouncedStage(lab, await lab.plane.kubeconfigFile());
    await stage.#install();
    await lab.replica('allocator-0', LEADER_TIMING);
    return stage;
  }

  /** The Deployment by which `explain` finds the settings, and the nodes. */
  async #install(): Promise<void> {
    const { plane, admin } = this.lab;
    await plane.kubectl(['create', 'serviceaccount', 'default', '-n', SYSTEM]);
    await plane.kubectl(['apply', '-n', SYSTEM, '-f', join(MANIFESTS, 'allocator.yaml')]);
    const settings = `--from-env-file=${join(MANIFESTS, 'settings.env')}`;
    await plane.kubectl(['create', 'configmap', 'skycap-settings', '-n', SYSTEM, settings]);
    await this.createConf();
    await this.createPeers();
    for (const [i, name] of NODE_NAMES.entries()) {
      await admin.create(NODES, { metadata: { name } });
      const addresses = [{ type: 'InternalIP', address: `192.0.2.1${i + 1}` }];
      const conditions = [readyIs('True')];
      await admin.patch(
        NODES,
        { name },
        { status: { addresses, conditions } },
        { type: 'merge', subresource: 'status' },
      );
      await this.startSpeaker(name);
      await this.startPod(name);
    }
  }

  async createConf(): Promise<void> {
    await this.lab.admin.create(BGP_CONFS, { metadata: { name: 'default' }, spec: { as: 64512 } });
  }

  async createPeers(): Promise<void> {
    for (const name of PEER_NAMES) {
      const conf = { neighborAddress: session(name).neighborAddress, peerAs: 64513 };
      await this.lab.admin.create(BGP_PEERS, { metadata: { name }, spec: { conf } });
    }
  }

  /** A Speaker that reports that all is well. */
  async startSpeaker(node: string): Promise<void> {
    await this.lab.admin.create(SPEAKERS, {
      apiVersion: 'skycap.io/v1alpha1',
      kind: 'Speaker',
      metadata: { name: node },
    });
    await this.report(well(node), node);
  }

  async startPod(nodeName: string): Promise<void> {
    const labels = { 'app.kubernetes.io/name': 'skycap', 'app.kubernetes.io/component': 'speaker' };
    const metadata = { name: `speaker-${nodeName}`, namespace: SYSTEM, labels };
    const spec = { nodeName, containers: [{ name: 'speaker', image: 'none' }] };
    await this.lab.admin.create(PODS, { metadata, spec });
  }

  async deletePods(...names: readonly string[]): Promise<void> {
    const which = names.length > 0 ? names : ['--all'];
    await this.lab.plane.kubectl(['delete', 'pod', ...which, '-n', SYSTEM, '--force', '--grace-period=0']);
  }

  /** @param nodes whose speakers report it. @default both */
  async report(status: Status, ...nodes: readonly string[]): Promise<void> {
    for (const name of nodes.length > 0 ? nodes : NODE_NAMES) {
      await this.lab.admin.patch(SPEAKERS, { name }, { status }, { type: 'merge', subresource: 'status' });
    }
  }

  async allWell(): Promise<void> {
    for (const node of NODE_NAMES) await this.report(well(node), node);
  }

  async patchNodes(body: object, subresource?: 'status'): Promise<void> {
    for (const name of NODE_NAMES) {
      await this.lab.admin.patch(NODES, { name }, body, { type: 'merge', ...(subresource && { subresource }) });
    }
  }

  /** One ready endpoint on each of the nodes, as the controller of EndpointSlices writes it. */
  async endpoints(service: string, nodes: readonly string[], addressType: 'IPv4' | 'IPv6' = 'IPv4'): Promise<void> {
    const [namespace = '', name = ''] = service.split('/');
    const { metadata } = await this.lab.service(service);
    const managed = { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };
    const labels = { ...metadata.labels, ...managed, 'kubernetes.io/service-name': name };
    const endpoints = nodes.map((nodeName, i) => ({
      addresses: [addressType === 'IPv4' ? `10.244.0.${i + 1}` : `fd00:244::${i + 1}`],
      nodeName,
      conditions: { ready: true },
    }));
    const slice = { metadata: { name, namespace, labels }, addressType, endpoints };
    const { admin } = this.lab;
    const { items } = await admin.list(ENDPOINT_SLICES, { namespace });
    const isThere = items.some((one) => one.metadata.name === name);
    if (!isThere) await admin.create(ENDPOINT_SLICES, slice);
    else await admin.patch(ENDPOINT_SLICES, { namespace, name }, slice, { type: 'merge' });
  }

  async explain(service: string): Promise<Explained> {
    const { code, out } = await this.plugin('explain', service, '-o', 'json');
    return { ...JSON.parse(out), exitCode: code };
  }

  async explainText(service: string): Promise<string> {
    return (await this.plugin('explain', service)).out;
  }

  /** Runs a command that `explain` has printed, as a shell does. */
  async run(command: string): Promise<void> {
    const plugin = /^kubectl skycap (.*)$/.exec(command)?.[1];
    if (plugin) {
      const { code, err } = await this.plugin(...plugin.split(' '));
      expect([code, err]).toEqual([0, '']);
      return;
    }
    await paste(command, this.#kubeconfig);
  }

  plugin(...args: readonly string[]): Promise<PluginRun> {
    return runPlugin(['--kubeconfig', this.#kubeconfig, ...args]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab[Symbol.asyncDispose]();
  }
}

function well(node: string): Status {
  const owned = node === NODE_NAMES[0] ? [{ address: OWNED_ADDRESS, interface: 'eth0' }] : [];
  const none = { layer2Unable: [], layer2Conflicts: [], conditions: [] };
  return { ...none, sessions: PEER_NAMES.map((peer) => session(peer)), layer2Addresses: owned };
}

export function session(peer: string, differs: Partial<SpeakerSession> = {}): SpeakerSession {
  const neighborAddress = `192.0.2.${PEER_NAMES.indexOf(peer) + 1}`;
  const ends = { neighborAddress, neighborAs: 64513, neighborRouterId: '192.0.2.1', localAs: 64512 };
  return { peer, ...ends, state: 'Established', routesSent: 2, disabled: false, ...differs };
}

export function condition(type: string, status: Condition['status'], reason: string, message: string): Condition {
  return { type, status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' };
}

export function readyIs(status: 'True' | 'Unknown') {
  return { type: 'Ready', status, reason: 'Kubelet', message: 'as the kubelet says' };
}
