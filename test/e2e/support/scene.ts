/** What one test file has of the lab: a namespace and an address pool of its own, removed with everything in them at the end. */

import type { EipObject } from '../../../lib/api/eip/eip-types.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { EipClaim } from '../../../lib/api/skycap/claim.ts';
import type { ApiAnswer } from '../../lab/api.ts';
import type { Examples } from '../../lab/demo.ts';
import { SKYCAP_NAMESPACE } from '../../lab/install.ts';
import { Lab } from '../../lab/lab.ts';
import { eventually } from '../../lab/poll.ts';
import { deployBackends } from './backends.ts';

export type LabService = Service & { readonly metadata: { readonly name: string } };

export interface ServiceOptions {
  /** Overrides and additions to a Service with our annotation and port 80, which names the scene's Eip. */
  readonly annotations?: Readonly<Record<string, string | undefined>>;
  readonly spec?: NonNullable<Service['spec']>;
  readonly generateName?: boolean;
  readonly dryRun?: boolean;
}

const EIPS = '/apis/network.kubesphere.io/v1alpha2/eips';
const CLAIMS = '/apis/skycap.io/v1alpha1/eipclaims';
const GONE_DEADLINE_MS = 60_000;

export class Scene {
  readonly lab: Lab;
  readonly namespace: string;
  /** Name of the Eip of the family. */
  readonly eip: { readonly v4: string; readonly v6: string };
  /** Those of the scene's own Eips that there are; its Services name them, so that no other pool serves them when these are full. */
  readonly #eips: string[] = [];
  /** All that were created here. */
  readonly #created: string[] = [];

  private constructor(lab: Lab, name: string) {
    this.lab = lab;
    this.namespace = name;
    this.eip = { v4: `${name}-v4`, v6: `${name}-v6` };
  }

  /**
   * @param pools `spec.address` of the Eip of each family; bound to the scene's namespace.
   * @param spec what else stands in them.
   * @param labName the one that the tests use where nothing is said.
   */
  static async open(
    name: string,
    pools: { readonly v4?: string; readonly v6?: string },
    spec: NonNullable<EipObject['spec']> = {},
    labName?: string,
  ): Promise<Scene> {
    const scene = new Scene(await Lab.attach(labName), name);
    await eventually(() => scene.isNamespaceGone(), {
      what: `the namespace ${name} of a run before gone`,
      deadlineMs: GONE_DEADLINE_MS,
    });
    await scene.lab.api.create('/api/v1/namespaces', { metadata: { name } });
    for (const family of ['v4', 'v6'] as const) {
      const address = pools[family];
      if (!address) continue;
      await scene.createEip(scene.eip[family], { ...spec, address });
      scene.#eips.push(scene.eip[family]);
    }
    return scene;
  }

  async close(): Promise<void> {
    const { api } = this.lab;
    const services = await this.services();
    const tokens = new Set(services.map(({ metadata }) => metadata.annotations?.['skycap.io/claim']));
    await Promise.all(services.map(({ metadata }) => this.deleteService(metadata.name)));
    // What was claimed for a creation that failed has its grace period; `zz-whole-run.test.ts` sees that it goes.
    const isHeld = ({ spec }: EipClaim): boolean => spec.holders.some(({ uid, token }) => uid || tokens.has(token));
    await eventually(async () => !(await this.claims()).some(isHeld), {
      what: `the claims of ${this.namespace} gone`,
      deadlineMs: GONE_DEADLINE_MS,
    });
    // What else is in it goes without anybody waiting: Kubernetes takes ten seconds for that.
    await api.delete(`/api/v1/namespaces/${this.namespace}`);
    for (const name of this.#created) await api.delete(`${EIPS}/${name}`).catch(() => undefined);
    await this.lab.detach();
  }

  async createEip(name: string, spec: NonNullable<EipObject['spec']>): Promise<ApiAnswer<EipObject>> {
    this.#created.push(name);
    return this.lab.api.create(EIPS, {
      apiVersion: 'network.kubesphere.io/v1alpha2',
      kind: 'Eip',
      metadata: { name },
      spec: { namespaces: [this.namespace], ...spec },
    });
  }

  async createService(name: string, options: ServiceOptions = {}): Promise<ApiAnswer<LabService>> {
    return this.lab.api.create(
      `${this.#services()}${options.dryRun ? '?dryRun=All' : ''}`,
      this.serviceObject(name, options),
    );
  }

  serviceObject(name: string, { annotations, spec, generateName }: ServiceOptions = {}): object {
    return {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...(generateName ? { generateName: name } : { name }),
        namespace: this.namespace,
        annotations: {
          'lb.kubesphere.io/v1alpha1': 'openelb',
          'eip.openelb.kubesphere.io/v1alpha2': this.#eips.join(),
          ...annotations,
        },
      },
      spec: { type: 'LoadBalancer', selector: { app: 'backend' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
    };
  }

  service(name: string): Promise<LabService> {
    return this.lab.api.get<LabService>(`${this.#services()}/${name}`);
  }

  async services(): Promise<readonly LabService[]> {
    return (await this.lab.api.get<{ items: LabService[] }>(this.#services())).items;
  }

  async deleteService(name: string): Promise<void> {
    await this.lab.api.delete(`${this.#services()}/${name}`);
  }

  async patchService(name: string, patch: object): Promise<ApiAnswer<LabService>> {
    return this.lab.api.patch(`${this.#services()}/${name}`, patch);
  }

  async replaceService(name: string, object: object): Promise<ApiAnswer<LabService>> {
    return this.lab.api.replace(`${this.#services()}/${name}`, object);
  }

  /** Waits until the Service's status shows that many addresses. @returns them. */
  async published(name: string, count = 1, deadlineMs = 20_000): Promise<string[]> {
    return eventually(
      async () => {
        const ips = publishedOf(await this.service(name));
        return ips.length === count && ips;
      },
      { what: `Service ${this.namespace}/${name} with ${count} published addresses`, deadlineMs, intervalMs: 10 },
    );
  }

  /**
   * Runs the examples' backend in this namespace: pods labelled `app: <name>`, one a node where they are three.
   *
   * @param nodeSelector of the nodes where they may run.
   */
  async deployBackends(
    examples: Examples,
    replicas: number,
    name = 'backend',
    nodeSelector: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await deployBackends(this.lab, examples, { namespace: this.namespace, name, replicas, nodeSelector });
  }

  /** Names of the pods of one of Skycap's components. */
  async pods(component: string): Promise<string[]> {
    const selector = `app.kubernetes.io/component=${component}`;
    const list = await this.lab.kubectl(['-n', SKYCAP_NAMESPACE, 'get', 'pods', '-l', selector, '-o', 'name']);
    return list.split('\n').flatMap((line) => (line === '' ? [] : [line.replace('pod/', '')]));
  }

  /** The claims that Services of this namespace hold. */
  async claims(): Promise<readonly EipClaim[]> {
    const { items } = await this.lab.api.get<{ items: EipClaim[] }>(CLAIMS);
    return items.filter((claim) => claim.spec.holders.some((holder) => holder.namespace === this.namespace));
  }

  private async isNamespaceGone(): Promise<boolean> {
    return this.lab.api.get(`/api/v1/namespaces/${this.namespace}`).then(
      () => false,
      () => true,
    );
  }

  #services(): string {
    return `/api/v1/namespaces/${this.namespace}/services`;
  }
}

/** What the annotation says that Skycap gave. */
export function addressesOf(service: LabService): string[] {
  return (service.metadata.annotations?.['skycap.io/addresses'] ?? '').split(',').filter((text) => text !== '');
}

export function publishedOf(service: LabService): string[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
}
