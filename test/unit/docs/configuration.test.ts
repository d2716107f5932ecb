/**
 * docs/configuration.md names every value, variable, key and field. Tables between `<!-- from … -->` and `<!-- end -->` are written by this test with `UPDATE_GOLDEN=1`; the other tables
 * are compared.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig as allocator } from '../../../allocator/config.ts';
import * as keys from '../../../lib/api/keys.ts';
import { readConfig as speaker } from '../../../speaker/config.ts';
import { readConfig as webhook } from '../../../webhook/config.ts';
import { ROOT, readCrds, schemaOf } from '../manifests/files.ts';
import { fieldsTable, valuesTable, variablesOf } from './configuration-tables.ts';

const PAGE = join(ROOT, 'docs/configuration.md');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const VERSIONS = {
  eips: 'v1alpha2',
  bgpconfs: 'v1alpha2',
  bgppeers: 'v1alpha2',
  eipclaims: 'v1alpha1',
  addresshistories: 'v1alpha1',
  speakers: 'v1alpha1',
};

/** By the words after `from`. */
const TABLES: Readonly<Record<string, () => string>> = {
  'manifests/chart/values.yaml': () => valuesTable(read('manifests/chart/values.yaml')),
  ...Object.fromEntries(
    Object.entries(VERSIONS).flatMap(([plural, version]) => {
      const schema = schemaOf(readCrds()[plural], version);
      const parts = (['spec', 'status'] as const).filter((part) => schema.properties[part]);
      return parts.map((part) => [`${part} of ${plural}`, () => fieldsTable(schema, part)]);
    }),
  ),
};

const page = readFileSync(PAGE, 'utf8');

test('each generated table follows from its source', () => {
  const fresh = page.replaceAll(/<!-- from (.*?) -->\n[\s\S]*?<!-- end -->/g, (_, source: string) => {
    const write = TABLES[source];
    if (!write) throw new Error(`Cannot write the table "${source}" of docs/configuration.md`);
    return `<!-- from ${source} -->\n\n${write()}\n\n<!-- end -->`;
  });
  if (process.env.UPDATE_GOLDEN) writeFileSync(PAGE, fresh);
  else expect(page).toBe(fresh);
  for (const source of Object.keys(TABLES)) expect(page).toContain(`<!-- from ${source} -->`);
});

/** The text in code of the first column of the section's tables. */
function firstColumn(heading: string): readonly string[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const cells = section.split('\n').flatMap((line) => /^\| (`[^|]+) \|/.exec(line)?.[1] ?? []);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text));
}

test('each environment variable of a component has a row', () => {
  const variables = [webhook, allocator, speaker].flatMap(variablesOf);
  expect([...firstColumn('Environment variables')].sort()).toEqual([...new Set(variables)].sort());
});

test('each default of an environment variable is that of the code', () => {
  const required = { POD_NAMESPACE: 'skycap-system', POD_NAME: 'x', NODE_NAME: 'x' };
  const configs = [webhook, allocator, speaker].map((readConfig) => readConfig(required));
  const shown = [...page.matchAll(/^\| `(\w+)` \| [^|]* \| `([^`|]+)` \|/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  expect(shown.length).toBeGreaterThan(8);
  const withDefaults = [webhook, allocator, speaker].map((readConfig) =>
    readConfig({ ...required, ...Object.fromEntries(shown) }),
  );
  expect(withDefaults).toEqual(configs);
});

test('each annotation, label, class and condition that lib/api/keys.ts has is on the page', () => {
  const words = Object.values(keys).flatMap(function wordsOf(value: unknown): string[] {
    if (typeof value === 'string') return [value];
    return value !== null && typeof value === 'object' ? Object.values(value).flatMap(wordsOf) : [];
  });
  expect(words.length).toBeGreaterThan(30);
  expect(words.filter((word) => !page.includes(`\`${word}`))).toEqual([]);
});
