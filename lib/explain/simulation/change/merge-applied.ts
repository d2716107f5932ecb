/**
 * The stored object after `kubectl apply` of a file: fields of the file count, fields that only the last applied file had go, and all others stay. PURE. Lists are replaced
 * as a whole.
 */
import type { KubeObject } from '../../../api/meta/object.ts';
import type { AppliedObject } from './change.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

type Fields = Readonly<Record<string, unknown>>;

export function mergeApplied<T extends KubeObject>(stored: T | undefined, file: AppliedObject): T {
  if (!stored) return file as KubeObject as T;
  const last = lastApplied(stored);
  const merged = mergeFields(stored as unknown as Fields, withoutStatus(file), withoutStatus(last));
  return merged as unknown as T;
}

function mergeFields(stored: Fields, file: Fields, last: Fields): Fields {
  const result: Record<string, unknown> = { ...stored };
  for (const key of Object.keys(last)) if (!(key in file)) delete result[key];
  for (const [key, value] of Object.entries(file)) {
    const before = stored[key];
    result[key] =
      isFields(value) && isFields(before) ? mergeFields(before, value, isFields(last[key]) ? last[key] : {}) : value;
  }
  return result;
}

function lastApplied({ metadata }: KubeObject): Fields {
  try {
    const parsed: unknown = JSON.parse(metadata.annotations?.[LAST_APPLIED] ?? '{}');
    return isFields(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

/** The status is not part of an applied file. */
function withoutStatus(object: object): Fields {
  const { status: _, ...fields } = object as Record<string, unknown>;
  return fields;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
