/** Addresses that this node leaves to other nodes, and announces until these have had time to: routers never see the old route go before the new one comes. */
import { isAnnounced } from '../lib/bgp/announcement.ts';
import { type AnnouncementBlock, announcementsIn } from '../lib/bgp/routes.ts';

/** The API server tells all nodes of a change within moments, and BIRD needs some more. */
export const HAND_OVER_MS = 5_000;

const NONE: ReadonlySet<string> = new Set();

export class HandOver {
  readonly #untilMs = new Map<string, number>();
  #texts: ReadonlySet<string> = NONE;
  #released: ReadonlySet<string> = NONE;
  #before: readonly AnnouncementBlock[] = [];

  /** Texts of addresses that are to be announced still; the same set as before where nothing is different. */
  texts(nowMs: number): ReadonlySet<string> {
    const due = [...this.#untilMs].flatMap(([text, untilMs]) => (untilMs <= nowMs ? [text] : []));
    for (const text of due) this.#untilMs.delete(text);
    this.#released = new Set(due);
    if (due.length > 0) this.#texts = new Set(this.#untilMs.keys());
    return this.#texts;
  }

  /**
   * Compares the decisions made with {@link texts} with those before.
   *
   * @returns whether addresses are to be handed over that were not: the decisions are to be made again.
   */
  begins(after: readonly AnnouncementBlock[], nowMs: number): boolean {
    const left = leftNow(this.#before, after).filter((text) => !this.#released.has(text));
    this.#before = after;
    if (left.length === 0) return false;
    for (const text of left) this.#untilMs.set(text, nowMs + HAND_OVER_MS);
    this.#texts = new Set(this.#untilMs.keys());
    return true;
  }
}

/** Addresses that were announced and are left to other nodes. */
function leftNow(before: readonly AnnouncementBlock[], after: readonly AnnouncementBlock[]): string[] {
  const [had, has] = [new Set(before), new Set(after)];
  const left = announcementsIn(after.filter((block) => !had.has(block))).filter(({ reason }) => reason === 'NotChosen');
  if (left.length === 0) return [];
  const announced = announcementsIn(before.filter((block) => !has.has(block))).filter(isAnnounced);
  const texts = new Set(announced.map(({ text }) => text));
  return left.flatMap(({ text }) => (texts.has(text) ? [text] : []));
}
