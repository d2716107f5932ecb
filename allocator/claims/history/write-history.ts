/**
 * Appends the gathered entries to the AddressHistories. Every write reads the last object first and is a compare-and-swap, so two replicas that believe to lead lose
 * nothing, and an entry that both gathered is written once.
 */
import { type AddressHistory, firstNumberOf, historyName } from '../../../lib/api/skycap/address-history.ts';
import { entryKey, type HistoryEntry } from '../../../lib/ipam/history/entry.ts';
import { decodeEntries, encodeEntries } from '../../../lib/ipam/history/entry-lines.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import { isNotFound } from '../../../lib/kube/errors.ts';
import { ADDRESS_HISTORIES } from '../../../lib/kube/resource.ts';
import { type Clock, pause } from '../../../lib/process/clock.ts';
import type { AllocatorMetrics } from '../../metrics.ts';
import type { FormerHolders } from './former-holders.ts';
import { appended, expired, type HistoryLimits, type Segment } from './plan-segments.ts';

export interface HistoryDeps extends Pick<Clock, 'nowMs'> {
  readonly client: KubeClient;
  readonly formerHolders: FormerHolders;
  readonly limits: HistoryLimits;
  readonly metrics: Pick<AllocatorMetrics, 'historyEntries'>;
}

interface StoredSegment extends Segment {
  readonly name: string;
}

/** A burst of changes is one write. */
export const HISTORY_GATHER_MS = 10_000;
/** The clocks of two replicas differ by less. */
const SKEW_MS = 60_000;

/** Waits for further entries before it writes. */
export async function writeGathered(deps: HistoryDeps, gatherMs: number, signal: AbortSignal): Promise<void> {
  if (deps.limits.entries === 0) return;
  await pause(gatherMs, signal);
  if (!signal.aborted) await writeHistory(deps, signal);
}

/** @throws if a write fails. The entries stay gathered. */
export async function writeHistory(deps: HistoryDeps, signal: AbortSignal): Promise<void> {
  const entries = deps.formerHolders.take();
  if (entries.length === 0) return;
  try {
    const written = await append(entries, deps, signal);
    deps.metrics.historyEntries('written', written);
  } catch (error) {
    deps.formerHolders.putBack(entries);
    throw error;
  }
}

/** @returns how many entries were not there yet. */
async function append(
  entries: readonly HistoryEntry[],
  { client, limits, nowMs }: HistoryDeps,
  signal: AbortSignal,
): Promise<number> {
  const segments = await storedSegments(client, signal);
  const last = segments.at(-1);
  const object = last && (await client.get(ADDRESS_HISTORIES, { name: last.name }, { signal }));
  const stored = object ? await decodeEntries(object.spec.entries) : [];
  const known = new Set(stored.map(entryKey));
  for (const key of await olderKeys(client, segments, entries, signal)) known.add(key);
  const fresh = entries.filter((entry) => !known.has(entryKey(entry)));
  if (fresh.length === 0) return 0;
  const texts = appended(last && { first: last.first, entries: stored }, fresh, limits);
  for (const { first, entries: all } of texts) {
    const spec = { count: all.length, entries: await encodeEntries(all) };
    if (object && first === last?.first) await client.replace(ADDRESS_HISTORIES, { ...object, spec }, { signal });
    else await client.create(ADDRESS_HISTORIES, newObject(first, spec), { signal });
  }
  const end = texts.at(-1);
  const total = end ? end.first + end.entries.length : 0;
  const created = texts
    .filter(({ first }) => first !== last?.first)
    .map(({ first }) => ({ first, createdMs: nowMs() }));
  for (const { first } of expired([...segments, ...created], total, limits, nowMs())) {
    await remove(client, historyName(first), signal);
  }
  return fresh.length;
}

async function storedSegments(client: KubeClient, signal: AbortSignal): Promise<StoredSegment[]> {
  const { items } = await client.list(ADDRESS_HISTORIES, { metadataOnly: true, signal });
  const segments = items.flatMap(({ metadata: { name = '', creationTimestamp = '' } }): StoredSegment[] => {
    const first = firstNumberOf(name);
    return first === undefined ? [] : [{ name, first, createdMs: Date.parse(creationTimestamp) }];
  });
  return segments.sort((a, b) => a.first - b.first);
}

/** The entries of the objects before the last one, as far back as another replica may have written one of these. */
async function olderKeys(
  client: KubeClient,
  segments: readonly StoredSegment[],
  entries: readonly HistoryEntry[],
  signal: AbortSignal,
): Promise<string[]> {
  const sinceMs = Math.min(...entries.map(({ to }) => Date.parse(to))) - SKEW_MS;
  const keys: string[] = [];
  for (let i = segments.length - 1; i > 0 && segments[i]!.createdMs > sinceMs; i--) {
    const { spec } = await client.get(ADDRESS_HISTORIES, { name: segments[i - 1]!.name }, { signal });
    keys.push(...(await decodeEntries(spec.entries)).map(entryKey));
  }
  return keys;
}

async function remove(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  try {
    await client.delete(ADDRESS_HISTORIES, { name }, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function newObject(first: number, spec: AddressHistory['spec']): AddressHistory {
  return { metadata: { name: historyName(first) }, spec };
}
