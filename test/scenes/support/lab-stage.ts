/**
 * A stage with machines: the running lab. Scenes check routes in the router's kernel, the machines that answer on the nodes' network, and the answers to a client
 * behind the router. Scenes may run programs on the machines.
 */
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import type { ClaimHolder, EipClaim } from '../../../lib/api/skycap/claim.ts';
import { deployBackends } from '../../e2e/support/backends.ts';
import { answeringTo, macOf } from '../../e2e/support/layer2.ts';

import type { Api } from '../../lab/api.ts';
import { type Examples, readExamples, waitForSessions } from '../../lab/demo.ts';
import { SKYCAP_NAMESPACE } from '../../lab/install.ts';
import { Lab } from '../../lab/lab.ts';
import { namespaceOf } from '../../lab/layout.ts';
import { inNamespace } from '../../lab/network.ts';
import { eventually } from '../../lab/poll.ts';
import { run } from '../../lab/shell.ts';
import { runKubectl } from './api-stage.ts';
import type { Step } from './scene-file.ts';
import type { Component, Kubectl, Stage } from './stage.ts';

const GONE_DEADLINE_MS = 60_000;
/** As in the manifests. */
const REPLICAS: Readonly<Record<Component, number>> = { webhook: 2, allocator: 2 };
/** Of so many not one goes to a node of three by a chance of one in three million. */
const SOME_REQUESTS = 40;

export class LabStage implements Stage {
  readonly api: Api;
  readonly #lab: Lab;
  readonly #examples: Examples;

  private constructor(lab: Lab, examples: Examples) {
    this.#lab = lab;
    this.#examples = examples;
    this.api = lab.api;
  }

  /** The lab that runs; the examples' BgpConf and BgpPeers are in it. */
  static async attach(): Promise<LabStage> {
    const lab = await Lab.attach();
    const examples = await readExamples(lab);
    await lab.apply(...examples.configuration);
    await waitForSessions(lab);
    return new LabStage(lab, examples);
  }

  kubectl(args: readonly string[], input?: string): Promise<Kubectl> {
    return runKubectl(this.#lab.kubectlPath, ['--kubeconfig', this.#lab.kubeconfig, ...args], input);
  }

  async stop(component: Component): Promise<void> {
    await this.#scale(component, 0);
    await eventually(async () => (await this.#pods(component)).length === 0, {
      what: `no ${component}`,
      deadlineMs: GONE_DEADLINE_MS,
      intervalMs: 200,
    });
  }

  async start(component: Component): Promise<void> {
    await this.#scale(component, REPLICAS[component]);
    await this.#lab.kubectl([
      '-n',
      SKYCAP_NAMESPACE,
      'rollout',
      'status',
      `deployment/skycap-${component}`,
      '--timeout=90s',
    ]);
  }

  /** The lab's webhooks follow within moments. If a Service is created before that, the allocator gives it its address. */
  async untilEipsAreKnown(): Promise<void> {
    await eventually(async () => (await this.kubectl(['get', 'eips'])).code === 0, { what: 'Eips', deadlineMs: 5_000 });
  }

  machineStep(step: Step): Promise<string> | undefined {
    if (step.exec) return this.#exec(step.exec.on, step.exec.run);
    if (step.power) return this.#power(step.power);
    if (step.backends) {
      const { in: namespace, app = 'backend', replicas, on } = step.backends;
      const nodeSelector: Record<string, string> = on === undefined ? {} : { 'kubernetes.io/hostname': on };
      return deployBackends(this.#lab, this.#examples, { namespace, name: app, replicas, nodeSelector }).then(() => '');
    }
    return undefined;
  }

  machineDifferences(what: string, expected: unknown): Promise<string[]> | undefined {
    const [, word, rest = ''] = /^(route|answering|client) (\S+)$/.exec(what) ?? [];
    const wanted = expected === 'nobody' ? [] : ([expected].flat() as string[]);
    if (word === 'route') return this.#nextHops(rest).then((seen) => different('has the next hops', seen, wanted));
    if (word === 'answering')
      return this.#answering(rest).then((seen) => different('is answered for by', seen, wanted));
    if (word === 'client') return this.#served(rest).then((seen) => different('reaches pods on', seen, wanted));
    return undefined;
  }

  async clear(made: readonly KubeObject[]): Promise<void> {
    const objects = made.filter(({ kind }) => kind !== 'Namespace').toReversed();
    // Services release their addresses before their Eip is deleted.
    const services = objects.filter(({ kind }) => kind === 'Service');
    const tokens = services.length === 0 ? [] : await this.#tokensOf(services);
    for (const group of [services, objects.filter(({ kind }) => kind !== 'Service')]) {
      if (group.length === 0) continue;
      const list = { apiVersion: 'v1', kind: 'List', items: group };
      await this.kubectl(['delete', '-f', '-', '--ignore-not-found', '--timeout=30s'], JSON.stringify(list));
      if (group === services) await this.#untilClaimsAreGone(services, tokens);
    }
    await this.#lab.apply(...this.#examples.configuration);
  }

  async dispose(): Promise<void> {
    await this.#lab.detach();
  }

  async #tokensOf(services: readonly KubeObject[]): Promise<readonly string[]> {
    const keys = services.map(({ metadata }) => `${metadata.namespace ?? 'default'}/${metadata.name}`);
    const { items } = await this.api.get<{ items: KubeObject[] }>('/api/v1/services');
    return items
      .filter(({ metadata }) => keys.includes(`${metadata.namespace}/${metadata.name}`))
      .flatMap(({ metadata }) => metadata.annotations?.['skycap.io/claim'] ?? []);
  }

  async #untilClaimsAreGone(services: readonly KubeObject[], tokens: readonly string[]): Promise<void> {
    const namespaces = new Set(services.map(({ metadata }) => metadata.namespace ?? 'default'));
    await eventually(
      async () => {
        const { items } = await this.api.get<{ items: EipClaim[] }>('/apis/skycap.io/v1alpha1/eipclaims');
        // A claim of a creation that failed has its grace period.
        const isHeld = ({ namespace, uid, token }: ClaimHolder): boolean =>
          tokens.includes(token) || (uid !== undefined && namespaces.has(namespace));
        return !items.some(({ spec }) => spec.holders.some(isHeld));
      },
      { what: 'the claims gone', deadlineMs: GONE_DEADLINE_MS },
    );
  }

  async #exec(machine: string, program: string): Promise<string> {
    const command = ['sh', '-c', program];
    // On the nodes' network, and no node.
    if (machine === 'cp') return inNamespace(namespaceOf(this.#lab.layout, 'cp'), command);
    return this.#lab.exec(machine, command);
  }

  async #power(switches: Readonly<Record<string, 'on' | 'off'>>): Promise<string> {
    for (const [name, position] of Object.entries(switches)) {
      const node = this.#lab.nodes.find((one) => one.name === name);
      if (!node) throw new Error(`Cannot switch ${name} ${position}: it is no node`);
      if (position === 'off') await node.powerOff();
      else {
        await node.powerOn();
        await node.waitUntilReady();
      }
    }
    return '';
  }

  /** Nodes that the router's kernel sends to. */
  async #nextHops(address: string): Promise<string[]> {
    const { nextHops = [] } = (await this.#lab.router.route(address)) ?? {};
    return nextHops.map((hop) => this.#nameOf(hop)).sort();
  }

  /** Machines whose MAC address answers for the address on the nodes' network. */
  async #answering(address: string): Promise<string[]> {
    const names = ['router', ...this.#lab.nodes.map(({ name }) => name)];
    const byMac = new Map(
      await Promise.all(names.map(async (name): Promise<[string, string]> => [await macOf(this.#lab, name), name])),
    );
    return [...(await answeringTo(this.#lab, address))].map((mac) => byMac.get(mac) ?? mac).sort();
  }

  /** Nodes of the pods that answer the client, of some requests. */
  async #served(url: string): Promise<string[]> {
    const answers = await this.#lab.client.getMany(url, { count: SOME_REQUESTS });
    const served = answers.map((answer) =>
      answer.ok ? (/ on (\S+),/.exec(answer.body)?.[1] ?? `status ${answer.status}`) : answer.error,
    );
    return [...new Set(served)].sort();
  }

  #nameOf(hop: string): string {
    return this.#lab.nodes.find(({ address }) => address.v4 === hop || address.v6 === hop)?.name ?? hop;
  }

  async #scale(component: Component, replicas: number): Promise<void> {
    await this.#lab.kubectl([
      '-n',
      SKYCAP_NAMESPACE,
      'scale',
      `deployment/skycap-${component}`,
      `--replicas=${replicas}`,
    ]);
  }

  async #pods(component: Component): Promise<string[]> {
    const selector = `app.kubernetes.io/component=${component}`;
    const list = await run(
      this.#lab.kubectlPath,
      ['-n', SKYCAP_NAMESPACE, 'get', 'pods', '-l', selector, '-o', 'name'],
      {
        env: { KUBECONFIG: this.#lab.kubeconfig },
      },
    );
    return list.split('\n').filter((line) => line !== '');
  }
}

function different(verb: string, seen: readonly string[], wanted: readonly string[]): string[] {
  const isSame = seen.join() === wanted.toSorted().join();
  return isSame ? [] : [`${verb} ${seen.join(', ') || 'nobody'}, not ${wanted.join(', ') || 'nobody'}`];
}
