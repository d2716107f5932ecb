/** Plays a scene on a stage, step by step. At the first step with another result, it reports the expected and the actual result. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import { ApiError } from '../../lab/api.ts';
import { contains, differencesOf, type SeenEvent } from './expectation.ts';
import { type NamedObject, refOf } from './object-ref.ts';
import { PublishedHistory } from './published-history.ts';
import { RivalController } from './rival-controller.ts';
import { durationMs, type Expectations, listOf, type Scene, type Step } from './scene-file.ts';
import type { Component, Stage } from './stage.ts';

const LOOK_MS = 100;
const WITHIN_MS = 20_000;
const STAYS_MS = 2_000;

export interface Playing {
  readonly stage: Stage;
  readonly scene: Scene;
  /** Called with the text of each step, for a progress display. */
  readonly onStep?: (text: string) => void;
}

/** @throws {Error} with the step and the differences. */
export async function playScene({ stage, scene, onStep }: Playing): Promise<void> {
  const play = new Play(stage);
  try {
    await play.open();
    for (const [i, step] of scene.steps.entries()) {
      const title = `step ${i + 1} (${titleOf(step)})`;
      onStep?.(title);
      await play.step(step).catch((error) => {
        throw new Error(`${scene.scene}\n${title}: ${error.message}`, { cause: error });
      });
    }
  } finally {
    for (const step of scene.finally ?? [])
      await play.step(step).catch((error) => onStep?.(`finally: ${error.message}`));
    await play.close();
  }
}

/** The verb and, if short, its object. */
function titleOf(step: Step): string {
  const [verb = '', value] = Object.entries(step)[0] ?? [];
  const names = typeof value === 'object' && !Array.isArray(value) ? Object.keys(value as object) : [value].flat();
  const text = names.join(', ');
  return text.includes('\n') ? `${verb} ${namesIn(text).join(', ')}` : `${verb} ${text}`;
}

function namesIn(manifest: string): string[] {
  return objectsIn(manifest).map(
    ({ kind, metadata }) =>
      `${kind?.toLowerCase()} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name ?? metadata.generateName}`,
  );
}

function objectsIn(manifest: string): KubeObject[] {
  return parseAllDocuments(manifest).flatMap((document) => document.toJS() ?? []) as KubeObject[];
}

class Play {
  readonly #stage: Stage;
  readonly #history: PublishedHistory;
  readonly #made: KubeObject[] = [];
  readonly #namespaces = new Set(['default']);
  readonly #rivals: RivalController[] = [];
  readonly #startedMs = Date.now();
  readonly #stopped = new Set<Component>();

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#history = new PublishedHistory(stage.api);
  }

  async open(): Promise<void> {
    await this.#history.start();
  }

  async close(): Promise<void> {
    for (const rival of this.#rivals) await rival.stop();
    await this.#history.stop();
    for (const component of this.#stopped) await this.#stage.start(component);
    await this.#stage.clear(this.#made);
  }

  async step(step: Step): Promise<void> {
    const said = await this.#act(step);
    if (said) judge(step, said);
    if (step.see) await this.#see(step.see, step.within ? durationMs(step.within) : WITHIN_MS);
    if (step.stays) await this.#stays(step.stays, step.for ? durationMs(step.for) : STAYS_MS);
    if (step.keep) await this.#history.keep(listOf(step.keep).map(refOf));
    const broken = this.#history.broken();
    if (broken.length > 0) throw new Error(`what is published was to stay: ${broken.join('; ')}`);
  }

  async #act(step: Step): Promise<Said | undefined> {
    const stage = this.#stage;
    const machine = stage.machineStep?.(step);
    if (machine) return { code: 0, output: await machine, errors: '' };
    for (const verb of ['apply', 'create', 'replace'] as const) {
      const manifest = step[verb];
      if (manifest !== undefined) return this.#send(verb, manifest, listOf(step.flags));
    }
    if (step.delete !== undefined) return this.#delete(listOf(step.delete), listOf(step.flags));
    if (step.kubectl !== undefined) {
      const args = typeof step.kubectl === 'string' ? step.kubectl.split(/\s+/) : step.kubectl;
      return stage.kubectl(args, step.input);
    }
    if (step.patch) return this.#patch(step.patch, '', step.as);
    if (step.patchStatus) return this.#patch(step.patchStatus, '/status', step.as);
    if (step.wait) await sleep(durationMs(step.wait));
    for (const component of listOf(step.stop) as readonly Component[]) {
      this.#stopped.add(component);
      await stage.stop(component);
    }
    for (const component of listOf(step.start) as readonly Component[]) {
      this.#stopped.delete(component);
      await stage.start(component);
    }
    if (step.rival) this.#rivals.push(new RivalController(stage.api, step.rival));
    return undefined;
  }

  async #send(verb: 'apply' | 'create' | 'replace', manifest: string, flags: readonly string[]): Promise<Said> {
    const objects = objectsIn(manifest);
    await this.#makeNamespaces(objects);
    this.#made.push(...objects);
    const said = await this.#stage.kubectl([verb, '-f', '-', ...flags], manifest);
    if (objects.some(({ kind }) => kind === 'Eip') && !this.#stopped.has('webhook'))
      await this.#stage.untilEipsAreKnown();
    return said;
  }

  /** Scenes need not create the namespaces of their objects. */
  async #makeNamespaces(objects: readonly KubeObject[]): Promise<void> {
    const written = objects.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? (metadata.name ?? []) : []));
    for (const { metadata } of objects) {
      const { namespace } = metadata;
      if (!namespace || this.#namespaces.has(namespace) || written.includes(namespace)) continue;
      this.#namespaces.add(namespace);
      await this.#stage.api.create('/api/v1/namespaces', { metadata: { name: namespace } }).catch(ignoreStatus(409));
    }
  }

  async #delete(names: readonly string[], flags: readonly string[]): Promise<Said> {
    const all: Said[] = [];
    for (const { kind, namespace, name } of names.map(refOf)) {
      const where = namespace ? ['-n', namespace] : [];
      all.push(await this.#stage.kubectl(['delete', kind, name, ...where, '--timeout=20s', ...flags]));
    }
    return {
      code: Math.max(...all.map(({ code }) => code)),
      output: all.map(({ output }) => output).join(''),
      errors: all.map(({ errors }) => errors).join(''),
    };
  }

  async #patch(bodies: Readonly<Record<string, object>>, subresource: string, manager = 'scene'): Promise<Said> {
    const warnings: string[] = [];
    for (const [text, body] of Object.entries(bodies)) {
      const path = `${refOf(text).path}${subresource}?fieldManager=${encodeURIComponent(manager)}`;
      try {
        const whole = subresource ? { status: body } : body;
        warnings.push(...(await this.#stage.api.patch(path, whole)).warnings);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return { code: 1, output: '', errors: error.message };
      }
    }
    return { code: 0, output: '', errors: warnings.map((text) => `Warning: ${text}\n`).join('') };
  }

  async #see(expected: Expectations, withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const differences = await this.#differences(expected);
      if (differences.length === 0) return;
      if (performance.now() > deadline)
        throw new Error(`not seen within ${withinMs} ms:\n  ${differences.join('\n  ')}`);
      await sleep(LOOK_MS);
    }
  }

  async #stays(expected: Expectations, forMs: number): Promise<void> {
    const deadline = performance.now() + forMs;
    do {
      const differences = await this.#differences(expected);
      if (differences.length > 0) throw new Error(`did not stay:\n  ${differences.join('\n  ')}`);
      await sleep(LOOK_MS);
    } while (performance.now() < deadline);
  }

  async #differences(expected: Expectations): Promise<string[]> {
    const all = Object.entries(expected).map(async ([what, wanted]) => {
      const onMachines = this.#stage.machineDifferences?.(what, wanted);
      const ref = onMachines ? undefined : refOf(what);
      const found = onMachines
        ? await onMachines
        : differencesOf({ object: await this.#object(ref!), events: await this.#events(ref!, wanted) }, wanted);
      return found.map((difference) => `${what} ${difference}`);
    });
    return (await Promise.all(all)).flat();
  }

  async #object({ path }: NamedObject): Promise<KubeObject | undefined> {
    return this.#stage.api.get<KubeObject>(path).catch(ignoreStatus(404));
  }

  async #events({ kind, namespace, name }: NamedObject, wanted: unknown): Promise<SeenEvent[]> {
    const isWanted = typeof wanted === 'object' && wanted !== null && ('events' in wanted || 'noEvents' in wanted);
    if (!isWanted) return [];
    const { items } = await this.#stage.api.get<{ items: readonly ApiEventObject[] }>('/apis/events.k8s.io/v1/events');
    return items
      .filter(
        ({ regarding }) => regarding?.kind === kind && regarding.name === name && regarding.namespace === namespace,
      )
      .filter(({ eventTime, series }) => Date.parse(series?.lastObservedTime ?? eventTime ?? '') >= this.#startedMs)
      .map(({ reason = '', type = '', note = '' }) => ({ reason, type, note }));
  }
}

interface ApiEventObject {
  readonly regarding?: { readonly kind?: string; readonly name?: string; readonly namespace?: string };
  readonly reason?: string;
  readonly type?: string;
  readonly note?: string;
  readonly eventTime?: string;
  readonly series?: { readonly lastObservedTime?: string };
}

interface Said {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Checks the printed texts, the warnings and the refusal. @throws {Error} if they differ from the step's. */
function judge(step: Step, { code, output, errors }: Said): void {
  const refused = listOf(step.refused);
  if (refused.length > 0 && code === 0) throw new Error(`was not refused: ${output}${errors}`);
  if (refused.length === 0 && code !== 0) throw new Error(`was refused: ${errors}${output}`);
  const warnings = errors.split('\n').filter((line) => line.startsWith('Warning: '));
  const rows: [string, readonly string[], string, boolean][] = [
    ['refused', refused, errors, true],
    ['warns', listOf(step.warns), warnings.join('\n'), true],
    ['warnsNot', listOf(step.warnsNot), warnings.join('\n'), false],
    ['prints', listOf(step.prints), output, true],
    ['printsNot', listOf(step.printsNot), output, false],
  ];
  for (const [key, words, text, isWanted] of rows) {
    const wrong = words.filter((word) => contains(text, word) !== isWanted);
    if (wrong.length > 0)
      throw new Error(`${key} ${wrong.map((word) => JSON.stringify(word)).join(', ')}; it said: ${text || 'nothing'}`);
  }
}

/** For a request whose refusal with this status is a valid answer. */
function ignoreStatus(status: number): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof ApiError && error.status === status) return undefined;
    throw error;
  };
}
