/** A real API server with webhook and allocator on which Services come into trouble, and the answers of `kubectl skycap explain`. */
import type { Explanation, Step } from '../../../../lib/explain/explanation.ts';
import { ApiStage } from '../../../scenes/support/api-stage.ts';
import { until } from '../../../support/eventually.ts';
import { runPlugin } from '../../../support/plugin.ts';
import { paste } from './paste.ts';

export class ExplainStage {
  readonly stage: ApiStage;
  readonly #kubeconfig: string;

  private constructor(stage: ApiStage, kubeconfig: string) {
    this.stage = stage;
    this.#kubeconfig = kubeconfig;
  }

  static async open(): Promise<ExplainStage> {
    const stage = await ApiStage.open();
    return new ExplainStage(stage, await stage.kubeconfig());
  }

  /** @param target of `explain`, then its options. */
  async explained(...target: string[]): Promise<Explanation> {
    const { out, err } = await runPlugin(['--kubeconfig', this.#kubeconfig, 'explain', ...target, '-o', 'json']);
    if (out === '') throw new Error(err);
    return JSON.parse(out);
  }

  /** Waits until a step of the explanation has the reason. */
  async untilSaid(target: string, reason: string, state: Step['state'], from = ''): Promise<[Step, Explanation]> {
    let found: [Step, Explanation] | undefined;
    await until(`explain ${target} says ${reason}`, async () => {
      const explanation = await this.explained(target);
      const step = explanation.steps.find(
        (one) => one.reason === reason && one.state === state && one.from.startsWith(from),
      );
      found = step && [step, explanation];
      return found !== undefined;
    });
    return found!;
  }

  /** Waits until the allocator has looked at the Service. */
  async untilKnown(target: string): Promise<void> {
    const [namespace = '', name = ''] = target.split('/');
    const path = '{.status.conditions[?(@.type=="skycap.io/AddressAssigned")].reason}';
    await until(`${target} has its condition`, async () => {
      const { output } = await this.stage.kubectl(['get', 'service', name, '-n', namespace, '-o', `jsonpath=${path}`]);
      return output !== '';
    });
  }

  /** Waits until the Service publishes the addresses that it asks for. */
  async untilAssigned(target: string): Promise<void> {
    await until(`${target} has its address`, async () => {
      const { steps } = await this.explained(target);
      const isAssigned = steps.some(({ reason, state }) => reason === 'Assigned' && state === 'ok');
      return isAssigned && steps.some(({ fact }) => fact.startsWith('status.loadBalancer has'));
    });
  }

  async apply(...manifests: object[]): Promise<void> {
    for (const manifest of manifests) {
      const { code, errors } = await this.stage.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
      if (code !== 0) throw new Error(errors);
    }
  }

  async paste(command: string): Promise<void> {
    expect(command).toMatch(/^kubectl \w/);
    await paste(command, this.#kubeconfig);
  }
}

export const eip = (name: string, spec: object, annotations: object = {}) => ({
  apiVersion: 'network.kubesphere.io/v1alpha2',
  kind: 'Eip',
  metadata: { name, annotations },
  spec,
});

const OPT_IN = { 'lb.kubesphere.io/v1alpha1': 'openelb' };
const SHORT: Readonly<Record<string, string>> = {
  eip: 'eip.openelb.kubesphere.io/v1alpha2',
  address: 'eip.openelb.kubesphere.io/v1alpha1',
  protocol: 'protocol.openelb.kubesphere.io/v1alpha1',
  key: 'skycap.io/sharing-key',
  communities: 'skycap.io/bgp-communities',
  nodeProxy: 'node-proxy.openelb.kubesphere.io/type',
};

/** @param wish annotations, some of them by a short name. */
export function service(name: string, wish: Readonly<Record<string, string>> = {}, spec: object = {}) {
  return unmarked(name, { ...OPT_IN, ...wish }, spec);
}

/** Without class and annotation for Skycap. */
export function unmarked(name: string, wish: Readonly<Record<string, string>> = {}, spec: object = {}) {
  const annotations = Object.fromEntries(Object.entries(wish).map(([key, value]) => [SHORT[key] ?? key, value]));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', annotations },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
  };
}
