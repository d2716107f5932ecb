/** docs/bgp.md has a row for each field of BgpPeer, BgpConf and `Eip.spec.bgp`, and no row for a field that is none. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { eipBgpAdvice } from '../../../lib/api/eip/eip-bgp-advice.ts';
import { parseEip, unsupportedEipFields } from '../../../lib/api/eip/parse-eip.ts';
import { BGP_CONFS, BGP_PEERS, EIPS } from '../../../lib/kube/resource.ts';
import { ROOT, readCrds, schemaOf } from '../manifests/files.ts';
import { leaves, shapeOfSchema } from '../manifests/shape.ts';

const text = readFileSync(join(ROOT, 'docs/bgp.md'), 'utf8');

/** The fields that the first column of the table under the heading names. */
function documented(heading: string): string[] {
  const section = text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const cells = section.split('\n').flatMap((line) => /^\| (`[^|]+) \|/.exec(line)?.[1] ?? []);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, field = '']) => field));
}

/** Below `spec`; of a selector, a map and a list of plain values only the field itself. */
function fieldsOf(resource: typeof BGP_CONFS | typeof BGP_PEERS | typeof EIPS): string[] {
  const paths = leaves(shapeOfSchema(schemaOf(readCrds()[resource.plural], resource.version)))
    .filter((leaf) => leaf.startsWith('spec.'))
    .map((leaf) => leaf.replace(/^spec\./, '').replace(/: \w+$/, ''))
    .map((path) => path.replace(/^(nodeSelector)\..*/, '$1').replace(/(\{\}|\[\])$/, ''));
  return [...new Set(paths)].sort();
}

it.each([
  ['a BgpPeer', BGP_PEERS],
  ['a BgpConf', BGP_CONFS],
] as const)('%s', (kind, resource) => {
  const rows = documented(`Fields of ${kind}`);
  const fields = fieldsOf(resource);
  const covers = (row: string, field: string) =>
    row === field || (row.endsWith('.*') && field.startsWith(row.slice(0, -1)));
  expect(fields.filter((field) => !rows.some((row) => covers(row, field)))).toEqual([]);
  expect(rows.filter((row) => !fields.some((field) => covers(row, field)))).toEqual([]);
});

const ATTRIBUTES = "Attributes, aggregates and routers of an Eip's routes";

it('spec.bgp of an Eip', () => {
  const fields = fieldsOf(EIPS).flatMap((field) => {
    const [, path] = /^bgp\.(.*)$/.exec(field) ?? [];
    return path === undefined ? [] : [path.replace(/^(peers\.selector)\..*/, '$1')];
  });
  const rows = documented(ATTRIBUTES).filter((row) => !row.startsWith('skycap.io/'));
  expect(rows.sort()).toEqual([...new Set(fields)].sort());
});

it('the Eip of the recipe is accepted, with every field in effect', () => {
  const [, recipe = ''] = /```yaml\n(.*?)```/s.exec(text.split(`## ${ATTRIBUTES}\n`)[1] ?? '') ?? [];
  const eip = parse(recipe);
  const parsed = parseEip(eip);
  const tor = { metadata: { name: 'tor-1', labels: { side: 'left' } } };
  expect(parsed.ok && eipBgpAdvice(parsed.value, [tor], [])).toEqual([]);
  expect(unsupportedEipFields(eip)).toEqual([]);
});
