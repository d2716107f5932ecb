/** Entries as the text of an AddressHistory. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { HistoryEntry } from './entry.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** More than all entries of an object have; a forged text does not fill the memory. */
const MOST_BYTES = 16 * 1024 * 1024;

export async function encodeEntries(entries: readonly HistoryEntry[]): Promise<string> {
  const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  return (await compress(text)).toString('base64');
}

/** Lines that can't be read are left out: a user may have edited the object. */
export async function decodeEntries(text: string): Promise<HistoryEntry[]> {
  try {
    const lines = await decompress(Buffer.from(text, 'base64'), { maxOutputLength: MOST_BYTES });
    return lines.toString('utf8').split('\n').flatMap(parseLine);
  } catch {
    return [];
  }
}

function parseLine(line: string): HistoryEntry[] {
  try {
    const entry: unknown = JSON.parse(line);
    return isEntry(entry) ? [entry] : [];
  } catch {
    return [];
  }
}

function isEntry(value: unknown): value is HistoryEntry {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  const texts = ['address', 'eip', 'namespace', 'name', 'from', 'to', 'given', 'taken'];
  const { uid, next } = fields;
  return (
    texts.every((field) => typeof fields[field] === 'string') &&
    (uid === undefined || typeof uid === 'string') &&
    (next === undefined || (Array.isArray(next) && next.every((one) => typeof one === 'string')))
  );
}
