/**
 * AddressHistory (`skycap.io/v1alpha1`, cluster-scoped): former holders of addresses. The allocator appends entries, and no component watches these objects. The name
 * has the number of the first entry, so the names of all objects tell how many entries each one has.
 */
import type { KubeObject } from '../meta/object.ts';

export interface AddressHistory extends KubeObject {
  readonly spec: {
    readonly count: number;
    /** Lines of JSON, one for each entry, compressed with gzip, in base64. */
    readonly entries: string;
  };
}

const NAME = /^entries-(\d{9,15})$/;

export function historyName(firstNumber: number): string {
  return `entries-${String(firstNumber).padStart(9, '0')}`;
}

/** @returns undefined for a name that Skycap did not write. */
export function firstNumberOf(name: string): number | undefined {
  const [, digits] = NAME.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
