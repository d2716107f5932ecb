/** Judges whether what a process uses grows. Pure. */

/** What a process used at one moment, after its garbage was collected. */
export interface Usage {
  readonly heapBytes: number;
  /** Open files, sockets included. */
  readonly files: number;
  /** `TCPSocketWrap`, `Timeout` and so on → how many keep the process alive. */
  readonly resources: Readonly<Record<string, number>>;
}

/** At rest the heap differs by half a percent from one look to the next; of what is in it, most is code. */
const MOST_GROWTH = 0.03;
/** Timers come and go; a leak is no matter of one or two. */
const MOST_MORE = 4;
/**
 * Of connections the API server alone keeps up to 25 open to a webhook, for 90 s (`idleConnsPerHost` in k8s.io/client-go/transport): as many as it once needed
 * at the same time. A leak in one of a hundred changes is more than that.
 */
const MOST_MORE_CONNECTIONS = 25;
const OPEN_FILES = 'open files';
const HOLDS_CONNECTIONS: readonly string[] = [OPEN_FILES, 'TCPSocketWrap', 'TLSWrap'];

/**
 * @param usages in their order; those of the warming up left out.
 * @returns what grew from the first third to the last, as sentences; none where nothing did. Medians, since a single look may come at a bad moment.
 */
export function growthIn(usages: readonly Usage[]): string[] {
  const third = Math.floor(usages.length / 3);
  if (third === 0) throw new RangeError('Cannot judge growth: there are fewer than three looks');
  const [first, last] = [usages.slice(0, third), usages.slice(-third)];
  const change = (of: (usage: Usage) => number) => ({ from: median(first.map(of)), to: median(last.map(of)) });
  const problems: string[] = [];
  const heap = change(({ heapBytes }) => heapBytes);
  if (heap.to > heap.from * (1 + MOST_GROWTH)) {
    problems.push(
      `the heap grew by ${((heap.to / heap.from - 1) * 100).toFixed(1)} %: ${mb(heap.from)} to ${mb(heap.to)}`,
    );
  }
  const kinds = new Set(usages.flatMap(({ resources }) => Object.keys(resources)));
  const counts: [string, (usage: Usage) => number][] = [
    [OPEN_FILES, ({ files }) => files],
    ...[...kinds].map((kind): [string, (usage: Usage) => number] => [kind, ({ resources }) => resources[kind] ?? 0]),
  ];
  for (const [what, of] of counts) {
    const { from, to } = change(of);
    const most = from + (HOLDS_CONNECTIONS.includes(what) ? MOST_MORE_CONNECTIONS : MOST_MORE);
    if (to > most) problems.push(`there are more and more of ${what}: ${from} became ${to}`);
  }
  return problems;
}

/** `heap 21.3 → 21.5 MB, files 24 → 24`: for the record. */
export function usageText(usages: readonly Usage[]): string {
  const third = Math.max(1, Math.floor(usages.length / 3));
  const [first, last] = [usages.slice(0, third), usages.slice(-third)];
  const pair = (of: (usage: Usage) => number, format: (value: number) => string) =>
    `${format(median(first.map(of)))} → ${format(median(last.map(of)))}`;
  const heap = pair(({ heapBytes }) => heapBytes, mb);
  return `heap ${heap}, files ${pair(({ files }) => files, String)}, ${usages.length} looks`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}
