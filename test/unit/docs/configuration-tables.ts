/** The tables of docs/configuration.md that follow from the sources: the chart's values, the environment and the definitions. PURE. */
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';
import type { Env } from '../../../lib/process/env.ts';
import type { Manifest } from '../manifests/files.ts';

const cell = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim();

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))];
  return lines.map((row) => `| ${row.join(' | ')} |`.replaceAll('|  |', '| |')).join('\n');
}

/** A row for each value of values.yaml. A component's value without a comment has that of the webhook. */
export function valuesTable(text: string): string {
  const rows = valuesOf(parseDocument(text).contents as YAMLMap, '');
  const comments = new Map(rows.map(({ path, comment }) => [path, comment]));
  const meaning = (path: string): string =>
    comments.get(path) || comments.get(path.replace(/^(allocator|speaker)\.(bird\.)?/, 'webhook.')) || '';
  return table(
    ['value', 'default', 'meaning'],
    rows.map(({ path, value }) => [`\`${path}\``, value === '' ? '' : `\`${value}\``, meaning(path)]),
  );
}

interface Value {
  readonly path: string;
  readonly value: string;
  readonly comment: string;
}

function valuesOf(map: YAMLMap, at: string): readonly Value[] {
  return map.items.flatMap((pair, index): readonly Value[] => {
    const path = `${at}${keyOf(pair)}`;
    const first = index === 0 ? (map.commentBefore ?? '') : '';
    const comment = (first || commentOf(pair)).replaceAll(/^ ?/gm, '').trim();
    const { value } = pair;
    if (!isMap(value) || value.flow || !isGroup(path)) return [{ path, value: shown(value), comment }];
    const inner = valuesOf(value, `${path}.`);
    // The comment of a group is that of its own row, if it says something.
    return inner;
  });
}

/** Requests and limits are one value. */
const isGroup = (path: string): boolean => !path.endsWith('resources');

const keyOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : String(key));
const commentOf = ({ key }: Pair): string => (isScalar(key) ? (key.commentBefore ?? '') : '');

function shown(node: unknown): string {
  const value = JSON.parse(JSON.stringify(node));
  return typeof value === 'string'
    ? value
    : JSON.stringify(value)
        .replaceAll('"', '')
        .replaceAll(/([,:])(?! )/g, '$1 ');
}

/** The variables that a component reads. @param readConfig the component's. */
export function variablesOf(readConfig: (env: Env) => unknown): readonly string[] {
  const asked = new Set<string>();
  readConfig(
    new Proxy({} as Env, {
      get: (_, name) => {
        asked.add(String(name));
        return undefined;
      },
    }),
  );
  return [...asked];
}

/** A row for each field of the schema: of a list its elements, of a selector or a condition only the field itself. */
export function fieldsTable(schema: Manifest, part: 'spec' | 'status'): string {
  const rows = fieldsOf(schema.properties[part], '');
  return table(['field', 'type', 'meaning'], rows);
}

const OPAQUE = ['nodeSelector', 'selector', 'conditions'];

function fieldsOf(schema: Manifest, at: string): readonly (readonly string[])[] {
  return Object.entries<Manifest>(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = at === '' ? name : `${at}.${name}`;
    const row = [`\`${path}\``, typeOf(field), field.description ?? ''];
    if (OPAQUE.includes(name)) return [row];
    const inner = field.type === 'array' ? field.items : field.additionalProperties || field;
    const suffix = field.type === 'array' ? '[]' : field.additionalProperties ? '{}' : '';
    return [row, ...fieldsOf(inner, `${path}${suffix}`)];
  });
}

function typeOf(field: Manifest): string {
  if (field.enum) return field.enum.map((word: string) => `\`${word}\``).join(', ');
  if (field.type === 'array') return `list of ${typeOf(field.items)}`;
  if (field.additionalProperties) return `map of ${typeOf(field.additionalProperties)}`;
  const { minimum, maximum } = field;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  return field.type;
}
