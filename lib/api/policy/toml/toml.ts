/** TOML as a tree in which each value knows its line. Keys are in lower case, as GoBGP's reader (viper) ignores their case. */
import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';

export interface TomlTable {
  readonly kind: 'table';
  readonly line: number;
  readonly entries: Map<string, TomlNode>;
}

export interface TomlArray {
  readonly kind: 'array';
  readonly line: number;
  readonly items: TomlNode[];
}

export interface TomlScalar {
  readonly kind: 'scalar';
  readonly line: number;
  readonly value: unknown;
}

export type TomlNode = TomlTable | TomlArray | TomlScalar;

export type ParsedToml =
  | { readonly ok: true; readonly table: TomlTable }
  | { readonly ok: false; readonly line: number; readonly message: string };

export function parseToml(text: string): ParsedToml {
  try {
    const root = newTable(1);
    for (const node of parseTOML(text, { tomlVersion: '1.0' }).body[0].body) {
      if (node.type === 'TOMLKeyValue') addPair(root, node);
      else addTable(root, node);
    }
    return { ok: true, table: root };
  } catch (error) {
    if (error instanceof ParseError) return { ok: false, line: error.lineNumber, message: error.message };
    // Brackets within brackets, thousands deep.
    if (error instanceof RangeError) return { ok: false, line: 1, message: 'Values are nested too deep' };
    throw error;
  }
}

function newTable(line: number): TomlTable {
  return { kind: 'table', line, entries: new Map() };
}

function addTable(root: TomlTable, node: AST.TOMLTable): void {
  const { line } = node.loc.start;
  let place: TomlNode = root;
  node.resolvedKey.forEach((key, i) => {
    const isList = typeof node.resolvedKey[i + 1] === 'number';
    if (typeof key === 'string' && place.kind === 'table') place = childOf(place, key.toLowerCase(), line, isList);
    else if (typeof key === 'number' && place.kind === 'array') place = place.items[key] ??= newTable(line);
  });
  if (place.kind === 'table') for (const pair of node.body) addPair(place, pair);
}

function childOf(table: TomlTable, key: string, line: number, isList: boolean): TomlNode {
  const found = table.entries.get(key);
  if (found) return found;
  const made: TomlNode = isList ? { kind: 'array', line, items: [] } : newTable(line);
  table.entries.set(key, made);
  return made;
}

/** `a.b = 1` is a table `a` with `b` in it. */
function addPair(table: TomlTable, { key, value, loc }: AST.TOMLKeyValue): void {
  const names = key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value).toLowerCase());
  let place: TomlNode = table;
  for (const name of names.slice(0, -1)) {
    if (place.kind === 'table') place = childOf(place, name, loc.start.line, false);
  }
  if (place.kind === 'table') place.entries.set(names.at(-1) ?? '', nodeOf(value));
}

function nodeOf(value: AST.TOMLContentNode): TomlNode {
  const { line } = value.loc.start;
  if (value.type === 'TOMLArray') return { kind: 'array', line, items: value.elements.map(nodeOf) };
  if (value.type === 'TOMLValue') return { kind: 'scalar', line, value: value.value };
  const table = newTable(line);
  for (const pair of value.body) addPair(table, pair);
  return table;
}
