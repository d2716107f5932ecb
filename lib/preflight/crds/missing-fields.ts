/**
 * The fields of Skycap that a CustomResourceDefinition lacks: the API server removes a field that the schema does not have from each object that is written. PURE.
 * An older Skycap, or OpenELB, has left such a definition. `crd-fields.ts` lists the fields of `manifests/crds`; a test compares the two.
 */
import { shortened } from '../../api/problem.ts';
import type { Crd } from '../../kube/crd.ts';
import type { Finding } from '../finding.ts';
import { CRD_FIELDS } from './crd-fields.ts';

/** A part of a JSON schema. */
export interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

export interface CrdWithSchema extends Crd {
  readonly spec?: {
    readonly versions?: readonly {
      readonly name: string;
      readonly served?: boolean;
      readonly storage?: boolean;
      readonly schema?: { readonly openAPIV3Schema?: Schema };
    }[];
    readonly conversion?: { readonly strategy?: string };
  };
}

const MOST_NAMED = 5;

/** Each field of the schema; `[]` stands for the entries of a list. */
export function fieldsOf(schema: Schema | undefined, path = ''): string[] {
  if (schema?.items) return fieldsOf(schema.items, `${path}[]`);
  return Object.entries(schema?.properties ?? {}).flatMap(([name, property]) => {
    const at = path === '' ? name : `${path}.${name}`;
    return [at, ...fieldsOf(property, at)];
  });
}

export function missingCrd(name: string): Finding {
  return {
    reason: 'CrdMissing',
    object: { kind: 'CustomResourceDefinition', name },
    message: 'the definition does not exist, so the API server knows no such object; Services keep their addresses',
    remedy: 'apply the definitions of this version: kubectl apply --server-side -k manifests/crds',
  };
}

/** @returns nothing for an absent definition. */
export function crdFindings(name: string, crd: CrdWithSchema | undefined): Finding[] {
  const object = { kind: 'CustomResourceDefinition', name };
  const remedy = "apply Skycap's definitions: kubectl apply --server-side --force-conflicts -k manifests/crds";
  return Object.entries(CRD_FIELDS[name] ?? {}).flatMap(([versionName, wanted]): Finding[] => {
    if (!crd) return [];
    const version = crd.spec?.versions?.find((one) => one.name === versionName && one.served !== false);
    if (!version) {
      const message = `the definition does not serve ${versionName}, so Skycap reads no such object`;
      return [{ reason: 'CrdOutdated', object, message, remedy }];
    }
    const missing = missingFields(version.schema?.openAPIV3Schema, wanted);
    if (missing.length === 0) return [];
    const named = shortened(missing, MOST_NAMED, (field) => field).join(', ');
    const message = `the definition is of another version and lacks ${named}: the API server removes these fields from each object`;
    return [{ reason: 'CrdOutdated', object, message, remedy }];
  });
}

/** Of a missing object and its fields, only the object. */
export function missingFields(schema: Schema | undefined, wanted: readonly string[]): string[] {
  if (!schema || schema['x-kubernetes-preserve-unknown-fields']) return [];
  const missing: string[] = [];
  for (const field of wanted) {
    if (missing.some((parent) => field.startsWith(`${parent}.`) || field.startsWith(`${parent}[]`))) continue;
    if (!has(schema, field.split('.'))) missing.push(field);
  }
  return missing;
}

function has(schema: Schema, [step = '', ...rest]: readonly string[]): boolean {
  const name = step.replaceAll('[]', '');
  let at: Schema | undefined = schema.properties?.[name];
  for (let depth = 0; at && depth < (step.length - name.length) / 2; depth++) at = at.items;
  if (!at) return schema['x-kubernetes-preserve-unknown-fields'] === true;
  return rest.length === 0 || at['x-kubernetes-preserve-unknown-fields'] === true || has(at, rest);
}
