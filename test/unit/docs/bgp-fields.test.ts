/** docs/bgp.md has a row for each field of BgpPeer and BgpConf, and no row for a field that is none. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BGP_CONFS, BGP_PEERS } from '../../../lib/kube/resource.ts';
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
function fieldsOf(resource: typeof BGP_CONFS | typeof BGP_PEERS): string[] {
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
