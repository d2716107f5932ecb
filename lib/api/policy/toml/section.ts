/** A table of the policy while it is read: each reader says what it can't take, with the line; {@link Section.end} says which keys nobody read. */
import { type Problem, textOf } from '../../problem.ts';
import type { TomlNode, TomlTable } from './toml.ts';

/** Key of the ConfigMap, OpenELB's. */
export const POLICY_KEY = 'gobgp.conf';

/** Problems with their lines, and sentences about what has no effect. */
export interface Findings {
  readonly problems: (Problem & { readonly line: number })[];
  readonly notes: string[];
}

/** A string of the policy and where it stands. */
export interface Word {
  readonly text: string;
  readonly line: number;
}

const EMPTY: TomlTable['entries'] = new Map();

export class Section {
  readonly line: number;
  readonly #entries: TomlTable['entries'];
  readonly #path: string;
  readonly #findings: Findings;
  readonly #read = new Set<string>();

  constructor(node: TomlNode | undefined, path: string, findings: Findings) {
    this.line = node?.line ?? 1;
    this.#path = path;
    this.#findings = findings;
    if (node && node.kind !== 'table') this.#say(path, node, 'is not a table');
    this.#entries = node?.kind === 'table' ? node.entries : EMPTY;
  }

  get keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  lineOf(key: string): number {
    return this.#entries.get(key)?.line ?? this.line;
  }

  /** A number will do, as for GoBGP. Empty means absent. */
  word(key: string): Word | undefined {
    const node = this.#take(key);
    if (!node) return undefined;
    const value = node.kind === 'scalar' ? node.value : undefined;
    if (typeof value !== 'string' && typeof value !== 'number') {
      this.#say(this.#pathOf(key), node, 'is not a string; write it in quotes');
      return undefined;
    }
    return value === '' ? undefined : { text: String(value), line: node.line };
  }

  /** One of the words; absent gives the first. */
  choice<const T extends string>(key: string, words: readonly [T, ...T[]]): T {
    const word = this.word(key);
    const chosen = words.find((one) => one === word?.text);
    if (word && !chosen) this.refuse(key, `is unknown; write ${words.map((one) => `"${one}"`).join(' or ')}`);
    return chosen ?? words[0];
  }

  integer(key: string, most: number): number | undefined {
    const node = this.#take(key);
    if (!node) return undefined;
    const value = node.kind === 'scalar' ? node.value : undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
    this.#say(this.#pathOf(key), node, `is not a whole number from 0 to ${most}`);
    return undefined;
  }

  words(key: string): readonly Word[] {
    const node = this.#take(key);
    if (!node) return [];
    const items = node.kind === 'array' ? node.items : undefined;
    if (!items) this.#say(this.#pathOf(key), node, 'is not a list; write it in brackets');
    return (items ?? []).flatMap((item) => {
      const text = item.kind === 'scalar' && typeof item.value === 'string' ? item.value : undefined;
      if (text === undefined) this.#say(this.#pathOf(key), item, 'is not a string; write it in quotes');
      return text === undefined ? [] : [{ text, line: item.line }];
    });
  }

  section(key: string): Section {
    return new Section(this.#take(key), this.#pathOf(key), this.#findings);
  }

  sections(key: string): readonly Section[] {
    const node = this.#take(key);
    if (!node) return [];
    if (node.kind === 'array') return node.items.map((item) => new Section(item, this.#pathOf(key), this.#findings));
    this.#say(this.#pathOf(key), node, `is not a list of tables; write [[${this.#pathOf(key)}]]`);
    return [];
  }

  /** Says that the value of the key, or the word of its list, can't be taken. */
  refuse(key: string, message: string, word?: Word): void {
    const node = this.#take(key) ?? { kind: 'table', line: this.line, entries: EMPTY };
    this.#say(this.#pathOf(key), word ? { kind: 'scalar', line: word.line, value: word.text } : node, message);
  }

  note(key: string, message: string): void {
    this.#take(key);
    this.#findings.notes.push(`${POLICY_KEY} line ${this.lineOf(key)}: ${this.#pathOf(key)} ${message}`);
  }

  /** To be called when everything that has a meaning was read. */
  end(): void {
    for (const key of this.keys) if (!this.#read.has(key)) this.refuse(key, 'is not supported; remove it');
  }

  #take(key: string): TomlNode | undefined {
    this.#read.add(key);
    return this.#entries.get(key);
  }

  #pathOf(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }

  #say(path: string, node: TomlNode, message: string): void {
    this.#findings.problems.push({
      line: node.line,
      field: `${POLICY_KEY} line ${node.line}: ${path}`,
      ...(node.kind === 'scalar' && { value: textOf(node.value) }),
      message,
    });
  }
}
