/**
 * What all runs of the model share: one API server, two webhooks and two allocators as processes that can be killed, and a watch over
 * everything (`history.ts`). A run has namespaces, Eips and addresses of its own in it.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { basename, join } from 'node:path';
import { applyPatch } from 'rfc6902';
import type { Service } from '../../../lib/api/service/service.ts';
import type { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { ALLOCATOR_USER } from '../../support/allocator-daemon.ts';
import { startComponent } from '../../support/component-daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { until } from '../../support/eventually.ts';
import { WebhookLab, type WebhookProcess } from '../webhook/harness.ts';
import { History } from './history.ts';

/** Longer than the slowest creation takes on a busy machine: younger claims may belong to a call under way. */
export const GRACE_SECONDS = 8;
/** A Service with this label is refused after admission, as by a quota. */
export const REFUSED_LABEL = 'model-refused';
const ALLOCATORS = 2;
const REVIEW_TIMEOUT_MS = 10_000;
/** Webhooks that have ended and are still asked for what they logged. */
const GONE_KEPT = 4;

export type EndSignal = 'SIGTERM' | 'SIGKILL';

export class Site implements AsyncDisposable {
  readonly lab: WebhookLab;
  readonly history: History;
  readonly #allocators: Daemon[] = [];
  readonly #ending = new WeakSet<Daemon>();
  #started = 0;
  #storing: HttpKubeClient | undefined;

  private constructor(lab: WebhookLab) {
    this.lab = lab;
    this.history = new History(lab.client);
  }

  static async start(): Promise<Site> {
    const site = new Site(await WebhookLab.start(2));
    try {
      for (let i = 0; i < ALLOCATORS; i++) site.#allocators.push(await site.#startAllocator());
      await site.#refuseAfterAdmission();
      await site.#letStore();
      await site.history.start();
      await until('an allocator leads', () => site.#leads(), { withinMs: 120_000, everyMs: 250 });
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  get client(): HttpKubeClient {
    return this.lab.client;
  }

  /** Stores a Service as it was reviewed, without another review: no webhook is asked about what this user does. */
  get storing(): HttpKubeClient {
    this.#storing ??= this.lab.plane.client(ALLOCATOR_USER);
    return this.#storing;
  }

  /** Ends one of the two allocators and starts another in its place, unless that is being done. */
  async restartAllocator(which: number, signal: EndSignal): Promise<void> {
    const place = which % ALLOCATORS;
    const old = this.#allocators[place]!;
    if (this.#ending.has(old)) return;
    this.#ending.add(old);
    await old.kill(signal);
    this.#allocators[place] = await this.#startAllocator();
  }

  /** Ends one of the two webhooks and starts another in its place. With SIGTERM no new connection is sent to it, as if it were a pod. */
  async restartWebhook(which: number, signal: EndSignal): Promise<void> {
    const live = this.liveWebhooks();
    const old = live[which % live.length];
    if (!old || live.length < 2) return;
    old.isReady = signal === 'SIGKILL';
    old.daemon.signal(signal);
    await this.lab.startWebhook();
    const { webhooks } = this.lab;
    const gone = webhooks.filter(({ daemon }) => daemon.exited !== undefined);
    for (const one of gone.slice(0, -GONE_KEPT)) webhooks.splice(webhooks.indexOf(one), 1);
  }

  liveWebhooks(): readonly WebhookProcess[] {
    return this.lab.webhooks.filter(({ daemon, isReady }) => isReady && daemon.exited === undefined);
  }

  /** What the API server does: asks a webhook for its opinion of a creation. @returns the Service as the answer's patch makes it. */
  async review(which: number, service: Service, uid: string, dryRun = false): Promise<Service> {
    const live = this.liveWebhooks();
    const webhook = live[which % live.length];
    if (!webhook) throw new Error('Cannot ask a webhook: none is live');
    const { name = '', namespace = '' } = service.metadata;
    const answer = await post(webhook.port, {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid,
        kind: { group: '', version: 'v1', kind: 'Service' },
        operation: 'CREATE',
        dryRun,
        name,
        namespace,
        object: service,
        userInfo: { username: 'admin' },
      },
    });
    const { patch } = answer.response;
    const patched = structuredClone(service);
    if (patch) applyPatch(patched, JSON.parse(Buffer.from(patch, 'base64').toString()));
    return patched;
  }

  /** Lines that any of the processes logged about a namespace, in order of time. */
  linesAbout(namespacePrefix: string): string[] {
    const daemons = [...this.lab.webhooks.map(({ daemon }) => daemon), ...this.#allocators];
    return [...new Set(daemons.map(({ logFile }) => logFile))]
      .flatMap((logFile) =>
        readFileSync(logFile, 'utf8')
          .split('\n')
          .filter((line) => line.includes(namespacePrefix))
          .map((line) => ({ time: /"time":"([^"]*)"/.exec(line)?.[1] ?? '', line: `${basename(logFile)} ${line}` })),
      )
      .sort((a, b) => (a.time < b.time ? -1 : 1))
      .map(({ line }) => line);
  }

  /** Lines of processes that must not be: an API server that refused a request for want of a right, an error, an end by itself. */
  faults(): string[] {
    const dead = this.#allocators
      .filter(({ exited }) => exited !== undefined)
      .map(({ name, exited }) => `${name} ${exited}`);
    const said = this.linesAbout('"level":"').filter((line) => /"level":"(error|fatal)"|forbidden/.test(line));
    return [...dead, ...said];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.history.stop();
    await Promise.all(this.#allocators.map((daemon) => daemon.kill()));
    await this.lab[Symbol.asyncDispose]();
  }

  async #startAllocator(): Promise<Daemon> {
    const { plane } = this.lab;
    const name = `allocator-${++this.#started}`;
    const { daemon } = await startComponent({
      plane,
      user: ALLOCATOR_USER,
      name,
      program: 'test/real/model/allocator-process.ts',
      // One file for all, so that an end does not lose what was said.
      logFile: join(plane.dir, 'allocators.log'),
      env: { POD_NAME: name, SKYCAP_CLAIM_GRACE_SECONDS: String(GRACE_SECONDS) },
    });
    return daemon;
  }

  async #leads(): Promise<boolean> {
    for (const { name, exited, tail } of this.#allocators.map((daemon) => ({
      name: daemon.name,
      exited: daemon.exited,
      tail: daemon.tail(),
    }))) {
      if (exited) throw new Error(`Cannot go on: ${name} ${exited}: ${tail}`);
    }
    const holder = ['get', 'lease', 'skycap-allocator', '-n', 'skycap-system', '-o', 'jsonpath={.spec.holderIdentity}'];
    return (await this.lab.plane.kubectl(holder)) !== '';
  }

  async #letStore(): Promise<void> {
    const about = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'model-stores' } };
    const rules = [{ apiGroups: [''], resources: ['services'], verbs: ['create'] }];
    await this.lab.apply({ ...about, kind: 'ClusterRole', rules });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'model-stores' };
    const [, , namespace, name] = ALLOCATOR_USER.split(':');
    const subjects = [{ kind: 'ServiceAccount', namespace, name }];
    await this.lab.apply({ ...about, kind: 'ClusterRoleBinding', roleRef, subjects });
  }

  async #refuseAfterAdmission(): Promise<void> {
    const policy = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: REFUSED_LABEL } };
    const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['services'], operations: ['CREATE'] }];
    const expression = `!has(object.metadata.labels) || !('${REFUSED_LABEL}' in object.metadata.labels)`;
    const spec = { failurePolicy: 'Fail', matchConstraints: { resourceRules }, validations: [{ expression }] };
    await this.lab.apply({ ...policy, kind: 'ValidatingAdmissionPolicy', spec });
    const binding = { policyName: REFUSED_LABEL, validationActions: ['Deny'] };
    await this.lab.apply({ ...policy, kind: 'ValidatingAdmissionPolicyBinding', spec: binding });
  }
}

interface ReviewAnswer {
  readonly response: { readonly allowed: boolean; readonly patch?: string };
}

/** The certificate is the webhooks' own; who is asked is known by its port. */
function post(port: number, body: object): Promise<ReviewAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const options = { host: '127.0.0.1', port, path: '/mutate', method: 'POST', headers, rejectUnauthorized: false };
    const sent = request({ ...options, timeout: REVIEW_TIMEOUT_MS }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve(JSON.parse(text));
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}
