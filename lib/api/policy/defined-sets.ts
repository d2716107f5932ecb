/** The sets that conditions name: of prefixes, neighbours, communities and AS paths. */
import { formatAddress } from '../../net/address.ts';
import { type AddressRange, firstAddress, parseRange } from '../../net/range.ts';
import { SPELLINGS } from './communities.ts';
import { parseAsPathPattern, parseCommunityPattern } from './patterns.ts';
import type { AsPathPattern, CommunityKind, CommunityPattern, PrefixEntry } from './route-policy.ts';
import type { Section, Word } from './toml/section.ts';

export interface DefinedSets {
  readonly prefixes: ReadonlyMap<string, readonly PrefixEntry[]>;
  readonly neighbors: ReadonlyMap<string, readonly AddressRange[]>;
  readonly communities: Readonly<Record<CommunityKind, ReadonlyMap<string, readonly CommunityPattern[]>>>;
  readonly asPaths: ReadonlyMap<string, readonly AsPathPattern[]>;
}

export function readDefinedSets(section: Section): DefinedSets {
  const bgp = section.section('bgp-defined-sets');
  const communities = (name: string, kind: CommunityKind) =>
    setsOf(bgp, `${name}s`, `${name}-name`, (one) => {
      const key = `${name.slice(0, -'-set'.length)}-list`;
      return entriesOf(one, key, (word) => parseCommunityPattern(kind, word.text), SPELLINGS[kind]);
    });
  const sets = {
    prefixes: setsOf(section, 'prefix-sets', 'prefix-set-name', prefixesOf),
    neighbors: setsOf(section, 'neighbor-sets', 'neighbor-set-name', (one) => rangesOf(one, 'neighbor-info-list')),
    communities: {
      standard: communities('community-set', 'standard'),
      extended: communities('ext-community-set', 'extended'),
      large: communities('large-community-set', 'large'),
    },
    asPaths: setsOf(bgp, 'as-path-sets', 'as-path-set-name', (one) =>
      entriesOf(one, 'as-path-list', ({ text }) => parseAsPathPattern(text), 'write one such as "^65000_"'),
    ),
  };
  bgp.end();
  section.end();
  return sets;
}

/** Addresses and prefixes. */
export function rangesOf(section: Section, key: string): readonly AddressRange[] {
  return entriesOf(section, key, ({ text }) => cidrOf(text), 'write an address or a prefix such as "192.0.2.0/24"');
}

function setsOf<T>(section: Section, key: string, nameKey: string, read: (one: Section) => T): Map<string, T> {
  const sets = new Map<string, T>();
  for (const one of section.sections(key)) {
    const name = one.word(nameKey)?.text;
    const entries = read(one);
    if (name === undefined) one.refuse(nameKey, 'is missing; give the set a name');
    else if (sets.has(name)) one.refuse(nameKey, 'is the name of an earlier set; give this one another');
    else sets.set(name, entries);
    one.end();
  }
  return sets;
}

function entriesOf<T>(section: Section, key: string, parse: (word: Word) => T | undefined, spelling: string): T[] {
  return section.words(key).flatMap((word) => {
    const entry = parse(word);
    if (entry === undefined) section.refuse(key, `can't be read; ${spelling}`, word);
    return entry === undefined ? [] : [entry];
  });
}

function cidrOf(text: string): AddressRange | undefined {
  const parsed = text.includes('-') ? undefined : parseRange(text);
  return parsed?.ok ? parsed.range : undefined;
}

/** A set has prefixes of one family, as GoBGP wants it. */
function prefixesOf(section: Section): PrefixEntry[] {
  const entries: PrefixEntry[] = [];
  for (const one of section.sections('prefix-list')) {
    const entry = prefixOf(one);
    if (entry && entries[0] && entry.range.family !== entries[0].range.family) {
      one.refuse('ip-prefix', 'is of another family than the first of the set; make a set of each family');
    } else if (entry) {
      entries.push(entry);
    }
    one.end();
  }
  return entries;
}

function prefixOf(section: Section): PrefixEntry | undefined {
  const prefix = section.word('ip-prefix');
  const lengths = section.word('masklength-range');
  const range = prefix?.text.includes('/') ? cidrOf(prefix.text) : undefined;
  if (!range || !prefix) {
    section.refuse('ip-prefix', 'is no prefix; write one such as "203.0.113.0/24"');
    return undefined;
  }
  const length = Number(prefix.text.split('/')[1]);
  if (!lengths) return { range, length, least: length, most: length };
  const [, least, most] = /^(\d{1,3})\.\.(\d{1,3})$/.exec(lengths.text) ?? [];
  const bits = range.family === 4 ? 32 : 128;
  if (least === undefined || Number(most) > bits || Number(least) > Number(most)) {
    const example = `${formatAddress(firstAddress(range))}/${length}, "${length}..${bits}"`;
    section.refuse(
      'masklength-range',
      `is no range of prefix lengths; write two numbers up to ${bits}, for ${example}`,
    );
    return undefined;
  }
  return { range, length, least: Number(least), most: Number(most) };
}
