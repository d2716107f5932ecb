/** The lines below a result that say why not everything is known. PURE. */
import type { Unread } from '../../lib/snapshot/cluster-read.ts';
import type { View } from './view.ts';

export function notesText(unread: readonly Unread[], view: View): string {
  return sentencesOf(unread)
    .map((sentence) => view.dim(`Note: ${sentence}`))
    .join('\n');
}

/** Kinds with the same sentence share one. */
export function sentencesOf(unread: readonly Unread[]): string[] {
  const kinds = new Map<string, string[]>();
  for (const { message, resource } of unread) {
    // A function, since "$" in a text has a meaning of its own.
    const sentence = message.replace(new RegExp(`(?<= )${resource}\\b`), () => '\0');
    kinds.set(sentence, [...(kinds.get(sentence) ?? []), resource]);
  }
  return [...kinds].map(([sentence, resources]) => sentence.replace('\0', () => resources.join(', ')));
}
