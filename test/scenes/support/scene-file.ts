/** A scene as its file has it: read, checked against `scene.schema.json`, and refused with the file and the place of what is wrong. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

export const SCENES_FOLDER = join(import.meta.dirname, '..');

/** Names, or texts that are looked for, as YAML has one or several. */
export type OneOrMore = string | readonly string[];

/** What an object must look like; `expectation.ts` has the meaning of each key. */
export type Expectations = Readonly<Record<string, unknown>>;

export interface Step {
  readonly apply?: string;
  readonly create?: string;
  readonly replace?: string;
  readonly delete?: OneOrMore;
  readonly kubectl?: OneOrMore;
  /** What `kubectl` reads as `-f -`. */
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

/** Another controller that writes the status of an object whenever it says something else. */
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
  /** They undo what was done to machines. */
  readonly finally?: readonly Step[];
}

const schema = JSON.parse(readFileSync(join(SCENES_FOLDER, 'scene.schema.json'), 'utf8'));
const isScene = new Ajv2020({ allErrors: true }).compile<Omit<Scene, 'name'>>(schema);

/** @throws {Error} naming the place of what is wrong. */
export function parseScene(name: string, text: string): Scene {
  const content: unknown = parse(text);
  if (isScene(content)) return { name, ...content };
  const problems = (isScene.errors ?? []).map(({ instancePath, message, params }) => {
    const extra = 'additionalProperty' in params ? ` "${params.additionalProperty}"` : '';
    return `${instancePath || '/'} ${message}${extra}`;
  });
  throw new Error(`Cannot read the scene ${name}: ${problems.join('; ')}`);
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
