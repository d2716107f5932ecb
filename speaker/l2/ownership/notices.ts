/**
 * Of which addresses this node says that it is about to give them up. A notice counts when this node hears it itself, by the watch that tells it what the others say:
 * the API server puts all changes in one order, so that what this node knows of the others by then is not older than the notice. One of two who give notice to each other hears
 * the other's notice first, or both do; and nobody lets go to one who has given notice. PURE.
 *
 * A notice is given or taken back only when the last change was heard: one that was taken back is else taken for the next.
 */

export interface NoticesInput {
  /** Texts of the addresses that this node has. */
  readonly holds: Iterable<string>;
  /** What was said last. */
  readonly said: ReadonlySet<string>;
  /** What this node's object says, as the watch has it. */
  readonly heard: ReadonlySet<string>;
  /** What is to be said. */
  readonly wanted: ReadonlySet<string>;
}

/** What is said next. */
export function nextNotices({ holds, said, heard, wanted }: NoticesInput): ReadonlySet<string> {
  const next = new Set<string>();
  for (const text of holds) {
    const mayChange = said.has(text) === heard.has(text);
    if ((mayChange ? wanted : said).has(text)) next.add(text);
  }
  return next;
}

/** Those that count. */
export function standingNotices(said: ReadonlySet<string>, heard: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...said].filter((text) => heard.has(text)));
}
