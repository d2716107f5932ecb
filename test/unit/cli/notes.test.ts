import { notesText } from '../../../cli/output/notes.ts';
import { PLAIN } from '../../../cli/output/view.ts';

test('kinds with the same sentence share a line, others do not', () => {
  const unread = (resource: string, message: string) => ({ resource, reason: 'Forbidden', message }) as const;
  const text = notesText(
    [
      unread('services', 'You may not list services in all namespaces: only those of namespace shop are considered.'),
      unread('eips', 'You may not list eips: nothing is known of them.'),
      unread('nodes', 'You may not list nodes: nothing is known of them.'),
    ],
    PLAIN,
  );
  expect(text).toBe(
    `Note: You may not list services in all namespaces: only those of namespace shop are considered.
Note: You may not list eips, nodes: nothing is known of them.`,
  );
});
