/**
 * The addresses that this node has given notice for: it is about to release them. A notice counts when this node observes it by the watch that also delivers
 * the reports of the other nodes. The API server orders all changes, so this node's knowledge of the others is then not older than the notice. If two nodes
 * give notice to each other, at least one observes the other's notice first; and no node releases an address to one that has given notice. Pure.
 *
 * A notice is given or taken back only after the last change was observed: otherwise one that was taken back could be taken for the next.
 */

export interface NoticesInput {
  /** Texts of the addresses that this node holds. */
  readonly holds: Iterable<string>;
  /** The notices of the last report. */
  readonly written: ReadonlySet<string>;
  /** The notices in this node's Speaker object, as the watch has delivered it. */
  readonly observed: ReadonlySet<string>;
  readonly wanted: ReadonlySet<string>;
}

/** The notices of the next report. */
export function nextNotices({ holds, written, observed, wanted }: NoticesInput): ReadonlySet<string> {
  const next = new Set<string>();
  for (const text of holds) {
    const mayChange = written.has(text) === observed.has(text);
    if ((mayChange ? wanted : written).has(text)) next.add(text);
  }
  return next;
}

/** The notices that count. */
export function standingNotices(written: ReadonlySet<string>, observed: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...written].filter((text) => observed.has(text)));
}
