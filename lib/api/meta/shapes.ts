/**
 * Checks the shape of a field before reading it. The schema checks new objects; an object that was stored before the schema, or while it was relaxed, may have any
 * shape, and must not stop the work on other objects.
 */
import { type Problem, textOf } from '../problem.ts';

/** @returns the map itself; an empty one if the field is absent, or has another type, which is a problem. */
export function mapAt<T extends object>(raw: T | undefined | null, field: string, problems: Problem[]): Partial<T> {
  if (raw === undefined || raw === null) return {};
  if (isMap(raw)) return raw;
  problems.push({ field, value: textOf(raw), message: 'is not a map of fields; write one, or leave it out' });
  return {};
}

/** @returns the list itself; an empty one if the field is absent, or has another type, which is a problem. */
export function listAt<T>(raw: readonly T[] | undefined | null, field: string, problems: Problem[]): readonly T[] {
  if (raw === undefined || raw === null) return [];
  if (Array.isArray(raw)) return raw;
  problems.push({ field, value: textOf(raw), message: 'is not a list; write one, or leave it out' });
  return [];
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
