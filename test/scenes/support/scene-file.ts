/** Reads a scene from its file and checks it against `scene.schema.json`. An error names the file and the place of the fault. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { didYouMean } from '../../../lib/api/service/did-you-mean.ts';

export const SCENES_FOLDER = join(import.meta.dirname, '..');

/** Names, or texts that are looked for, as YAML has one or several. */
export type OneOrMore = string | readonly string[];

/** The expected state of an object; `expectation.ts` defines each key. */
export type Expectations = Readonly<Record<string, unknown>>;

export interface Step {
  readonly apply?: string;
  readonly create?: string;
  readonly replace?: string;
  readonly delete?: OneOrMore;
  readonly kubectl?: OneOrMore;
  /** kubectl's input for `-f -`. */
  readonly input?: string;
  /** Merge patches by object. */
  readonly patch?: Readonly<Record<string, object>>;
  readonly patchStatus?: Readonly<Record<string, object>>;
  /** Field manager of a patch. */
  readonly as?: string;
  readonly flags?: OneOrMore;
  readonly warns?: OneOrMore;
  readonly warnsNot?: OneOrMore;
  readonly refused?: OneOrMore;
  readonly prints?: OneOrMore;
  readonly printsNot?: OneOrMore;
  readonly see?: Expectations;
  readonly within?: string;
  readonly stays?: Expectations;
  readonly for?: string;
  readonly keep?: OneOrMore;
  readonly stop?: OneOrMore;
  readonly start?: OneOrMore;
  readonly wait?: string;
  readonly rival?: Rival;
  readonly backends?: {
    readonly in: string;
    readonly app?: string;
    readonly replicas: number;
    readonly on?: string;
  };
  readonly exec?: { readonly on: string; readonly run: string };
  readonly power?: Readonly<Record<string, 'on' | 'off'>>;
}

/** Another controller that restores the status of an object whenever the status differs. */
export interface Rival {
  /** Its field manager. */
  readonly name: string;
  readonly object: string;
  readonly status: object;
  readonly for: string;
}

export interface Scene {
  /** `sharing/takeover`: the path below `test/scenes` without its ending. */
  readonly name: string;
  readonly scene: string;
  readonly where: 'api' | 'lab';
  readonly steps: readonly Step[];
  /** The steps that undo changes to machines. */
  readonly finally?: readonly Step[];
}

const schema = JSON.parse(readFileSync(join(SCENES_FOLDER, 'scene.schema.json'), 'utf8'));
const isScene = new Ajv2020({ allErrors: true }).compile<Omit<Scene, 'name'>>(schema);

/** The verbs of the steps. Each step has one. */
const VERBS = [
  ...['apply', 'create', 'replace', 'delete', 'kubectl', 'patch', 'patchStatus'],
  ...['stop', 'start', 'rival', 'wait', 'backends', 'exec', 'power'],
] as const;
/** The verbs of steps with output. */
const SAYING: readonly string[] = VERBS.slice(0, 7);
const SAID: readonly string[] = ['warns', 'warnsNot', 'refused', 'prints', 'printsNot'];
const ON_MACHINES: readonly string[] = VERBS.slice(-3);
const LOOKS: readonly string[] = ['see', 'stays', 'keep'];

/** @throws {Error} that names the place of the fault. */
export function parseScene(name: string, text: string): Scene {
  const content = parsed(name, text);
  if (!isScene(content)) throw new Error(`Cannot read the scene ${name}: ${schemaProblems().join('; ')}`);
  const steps = [...content.steps, ...(content.finally ?? [])];
  const problems = steps.flatMap((step, i) =>
    stepProblems(step, content.where).map((problem) => `step ${i + 1} ${problem}`),
  );
  if (problems.length > 0) throw new Error(`Cannot read the scene ${name}: ${problems.join('; ')}`);
  return { name, ...content };
}

function parsed(name: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`Cannot read the scene ${name}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

function schemaProblems(): string[] {
  return (isScene.errors ?? []).map(({ instancePath, message, params }) => {
    const place = instancePath.replace(/^\/steps\/(\d+)/, (_, index) => `step ${Number(index) + 1}`) || 'the scene';
    if (!('additionalProperty' in params)) return `${place} ${message}`;
    const known = Object.keys(instancePath === '' ? schema.properties : schema.$defs.step.properties);
    const meant = didYouMean(params.additionalProperty, known);
    return `${place} has "${params.additionalProperty}"; ${meant ? `did you mean ${meant}?` : `write ${known.join(', ')}`}`;
  });
}

/** Fields that would have no effect without a message. */
function stepProblems(step: Step, where: Scene['where']): string[] {
  const keys = Object.keys(step);
  const verbs = VERBS.filter((verb) => keys.includes(verb));
  const said = keys.filter((key) => SAID.includes(key));
  const [verb] = verbs;
  const problems: string[] = [];
  if (verbs.length > 1) problems.push(`does several things (${verbs.join(', ')}); write a step for each`);
  if (verbs.length === 0 && !keys.some((key) => LOOKS.includes(key))) {
    problems.push(`does nothing; write one of ${[...VERBS, ...LOOKS].join(', ')}`);
  }
  if (said.length > 0 && !(verb && SAYING.includes(verb))) {
    problems.push(`has ${said.join(', ')}, which belongs to a step with ${SAYING.join(', ')}`);
  }
  if (where === 'api' && verb && ON_MACHINES.includes(verb)) problems.push(`has ${verb}, which needs where: lab`);
  if (step.within && !step.see) problems.push('has within, which belongs to see');
  if (step.for && !step.stays) problems.push('has for, which belongs to stays');
  return problems;
}

/** All scenes, by name. */
export function readScenes(): Scene[] {
  return readdirSync(SCENES_FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.yaml'))
    .sort()
    .map((path) => parseScene(path.replace(/\.yaml$/, ''), readFileSync(join(SCENES_FOLDER, path), 'utf8')));
}

export function listOf(value: OneOrMore | undefined): readonly string[] {
  return value === undefined ? [] : [value].flat();
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** `500ms`, `3s`, `1m`. */
export function durationMs(text: string): number {
  const [, count = '', unit = ''] = /^(\d+)(ms|s|m)$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  if (unitMs === undefined) throw new Error(`Cannot read the duration "${text}": write 500ms, 3s or 1m`);
  return Number(count) * unitMs;
}
