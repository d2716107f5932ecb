/** A stage without machines: a real API server and controller manager, the manifests as they are, webhook and allocator as processes. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import { Api } from '../../lab/api.ts';
import { WebhookLab, type WebhookProcess } from '../../real/webhook/harness.ts';
import { startAllocator } from '../../support/allocator-daemon.ts';
import type { ComponentDaemon } from '../../support/component-daemon.ts';
import { ADMIN, findBinaries } from '../../support/control-plane.ts';
import { eventually, until } from '../../support/eventually.ts';
import type { Component, Kubectl, Stage } from './stage.ts';

/** The defaults of manifests/base/settings.env, but with shorter times for tests. */
const ALLOCATOR_ENV = { SKYCAP_CLAIM_GRACE_SECONDS: '6' };
const OPENELB = '/apis/network.kubesphere.io/v1alpha2';
const SKYCAP = '/apis/skycap.io/v1alpha1';
const READY_MS = 60_000;
const KUBECTL_OUTPUT_BYTES = 16 * 1024 * 1024;

interface List {
  readonly items: readonly KubeObject[];
}

export class ApiStage implements Stage {
  readonly api: Api;
  readonly #lab: WebhookLab;
  #allocator: ComponentDaemon | undefined;
  #webhook: WebhookProcess | undefined;
  #started = 0;

  private constructor(lab: WebhookLab) {
    this.#lab = lab;
    this.#webhook = lab.webhooks[0];
    const { url: server, caPem } = lab.plane;
    this.api = new Api({ server, caPem, token: lab.plane.user(ADMIN).token });
  }

  static async open(): Promise<ApiStage> {
    const stage = new ApiStage(await WebhookLab.start(1, { isReplaceable: true, controllerManager: true }));
    try {
      await stage.start('allocator');
      return stage;
    } catch (error) {
      await stage.dispose();
      throw error;
    }
  }

  /** Path of the cluster admin's kubeconfig. */
  kubeconfig(): Promise<string> {
    return this.#lab.plane.kubeconfigFile();
  }

  async kubectl(args: readonly string[], input?: string): Promise<Kubectl> {
    const program = join(findBinaries(), 'kubectl');
    return runKubectl(program, ['--kubeconfig', await this.kubeconfig(), ...args], input);
  }

  async stop(component: Component): Promise<void> {
    if (component === 'allocator') {
      // In order, so that the next replica need not wait until the Lease expires.
      await this.#allocator?.daemon.kill('SIGTERM');
      this.#allocator = undefined;
    } else {
      await this.#webhook?.daemon.kill();
      this.#webhook = undefined;
    }
  }

  async start(component: Component): Promise<void> {
    if (component === 'webhook') {
      if (this.#webhook) return;
      const webhook = await this.#lab.startWebhook();
      this.#webhook = webhook;
      await eventually(() => this.#lab.metric(webhook, /^skycap_reflector_objects/), { withinMs: READY_MS });
      await this.untilEipsAreKnown();
      return;
    }
    if (this.#allocator) return;
    const { plane } = this.#lab;
    const allocator = await startAllocator({
      plane,
      name: `allocator-${++this.#started}`,
      folder: plane.dir,
      env: ALLOCATOR_ENV,
    });
    this.#allocator = allocator;
    await until(
      'the allocator leads',
      async () => {
        if (allocator.daemon.exited) throw new Error(`${allocator.daemon.exited}: ${allocator.daemon.tail()}`);
        const metrics = await fetch(`http://${allocator.health}/metrics`).then((response) => response.text());
        return /^skycap_leader(?:\{[^}]*\})? 1$/m.test(metrics);
      },
      { withinMs: READY_MS },
    );
  }

  async untilEipsAreKnown(): Promise<void> {
    await this.#lab.untilInStep('eips');
  }

  async clear(): Promise<void> {
    const { items: services } = await this.api.get<List>('/api/v1/services');
    for (const { metadata } of services) {
      if (metadata.name === 'kubernetes') continue;
      const path = `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}`;
      if (metadata.finalizers?.length) await this.api.patch(path, { metadata: { finalizers: null } });
      await this.api.delete(path);
    }
    for (const path of [
      `${OPENELB}/bgppeers`,
      `${OPENELB}/bgpconfs`,
      `${SKYCAP}/speakers`,
      '/api/v1/nodes',
      `${SKYCAP}/eipclaims`,
    ]) {
      await this.#deleteAll(path);
    }
    await this.#deleteAll('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', 'skycap');
    await this.#deleteAll('/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', 'skycap');
    const { items: quotas } = await this.api.get<List>('/api/v1/resourcequotas');
    for (const { metadata } of quotas) {
      await this.api.delete(`/api/v1/namespaces/${metadata.namespace}/resourcequotas/${metadata.name}`);
    }
    // A claim may have been written meanwhile, for a Service that is gone.
    await eventually(async () => {
      await this.#deleteAll(`${SKYCAP}/eipclaims`);
      await this.#deleteAll(`${OPENELB}/eips`);
      await this.#lab.untilInStep('eipclaims');
      const left = await this.api.get<List>(`${SKYCAP}/eipclaims`);
      if (left.items.length > 0) throw new Error('claims are left');
    });
    await this.untilEipsAreKnown();
  }

  async dispose(): Promise<void> {
    await this.api[Symbol.asyncDispose]();
    await this.#allocator?.daemon.kill();
    await this.#lab[Symbol.asyncDispose]();
  }

  async #deleteAll(path: string, but = ''): Promise<void> {
    const { items } = await this.api.get<List>(path);
    for (const { metadata } of items) {
      if (metadata.name === but) continue;
      if (metadata.finalizers?.length)
        await this.api.patch(`${path}/${metadata.name}`, { metadata: { finalizers: null } });
      await this.api.delete(`${path}/${metadata.name}`).catch(() => undefined);
    }
  }
}

/** Never throws: the result has kubectl's errors. */
export function runKubectl(program: string, args: readonly string[], input?: string): Promise<Kubectl> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { maxBuffer: KUBECTL_OUTPUT_BYTES }, (error, output, errors) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
      resolve({ code, output, errors: errors || (error?.message ?? '') });
    });
    child.stdin?.end(input ?? '');
  });
}
