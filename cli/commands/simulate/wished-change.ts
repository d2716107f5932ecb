/** Reads the change that the command line names: kinds as kubectl spells them, and files. */
import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import {
  APPLICABLE_KINDS,
  type ApplicableKind,
  type AppliedObject,
  type Change,
  DELETABLE_KINDS,
  type DeletableKind,
} from '../../../lib/explain/simulation/change/change.ts';
import { CommandError } from '../../session/failure.ts';
import type { Wish } from './wish.ts';

/** @param namespace of a Service that names none. */
export async function wishedChange(wish: Wish, namespace: string): Promise<Change> {
  switch (wish.kind) {
    case 'delete': {
      const of = kindNamed(wish.of);
      return { kind: 'delete', of, name: wish.name, ...(of === 'Service' && { namespace }) };
    }
    case 'apply':
      return {
        kind: 'apply',
        objects: (await Promise.all(wish.paths.map((path) => objectsIn(path, namespace)))).flat(),
      };
    default:
      return wish;
  }
}

/** `eip`, `eips`, `svc`. */
function kindNamed(text: string): DeletableKind {
  const word = text.toLowerCase().split('.')[0]!;
  const found = DELETABLE_KINDS.find((kind) => {
    const name = kind.toLowerCase();
    return (
      [name, `${name}s`].includes(word) || (kind === 'Service' && word === 'svc') || (kind === 'Node' && word === 'no')
    );
  });
  if (found) return found;
  const kinds = DELETABLE_KINDS.map((kind) => kind.toLowerCase()).join(', ');
  throw new CommandError(`Cannot simulate the deletion of ${JSON.stringify(text)}: write one of ${kinds}.`);
}

async function objectsIn(path: string, namespace: string): Promise<AppliedObject[]> {
  const text = await textOf(path);
  return parseAllDocuments(text).flatMap((document, i) => {
    const where = `document ${i + 1} of ${path === '-' ? 'the input' : path}`;
    const [error] = document.errors;
    if (error) throw new CommandError(`Cannot read ${where}: ${error.message.split('\n')[0]}.`);
    const value: unknown = document.toJS();
    return itemsOf(value).map((item) => appliedObject(item, where, namespace));
  });
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path === '-' ? '/dev/stdin' : path, 'utf8');
  } catch (error) {
    throw new CommandError(`Cannot read ${path}: ${(error as Error).message}.`);
  }
}

/** An empty document has none; a List has its own. */
function itemsOf(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  const { kind, items } = value as { readonly kind?: unknown; readonly items?: unknown };
  return kind === 'List' && Array.isArray(items) ? items : [value];
}

function appliedObject(value: unknown, where: string, namespace: string): AppliedObject {
  const { kind, metadata, ...rest } = (typeof value === 'object' && value !== null ? value : {}) as Partial<KubeObject>;
  const found = APPLICABLE_KINDS.find((one) => one === kind);
  if (!found) {
    const kinds = APPLICABLE_KINDS.join(', ');
    throw new CommandError(
      `Cannot simulate ${where}: its kind is ${JSON.stringify(kind ?? null)}, and the simulation knows ${kinds}.`,
    );
  }
  if (typeof metadata?.name !== 'string' || metadata.name === '') {
    throw new CommandError(`Cannot simulate ${where}: it has no metadata.name; write one.`);
  }
  return {
    ...(rest as object),
    apiVersion: rest.apiVersion ?? '',
    kind: found,
    metadata: found === 'Service' ? { namespace, ...metadata } : withoutNamespace(metadata),
  } satisfies AppliedObject as AppliedObject & { readonly kind: ApplicableKind };
}

/** As kubectl does for a cluster-scoped kind. */
function withoutNamespace({ namespace: _, ...metadata }: KubeObject['metadata']): KubeObject['metadata'] {
  return metadata;
}
