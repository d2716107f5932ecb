/** Prints the events of a history that explain a violation: a broken rule alone does not show what was written in between. */
import { keyOf } from '../../lib/api/meta/object.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { EipClaim } from '../../lib/api/skycap/claim.ts';
import { byRevision, type Happened } from './history-rules.ts';

/** @returns a line for each event of the Services, and of the claims of the addresses, that the text names, in the order of their revisions. */
export function eventsNamedIn(text: string, events: readonly Happened[]): readonly string[] {
  const named = new Set(text.match(/[\w.:/-]*\w/g));
  return byRevision(events)
    .filter(({ kind, object }) => named.has(kind === 'claim' ? (object as EipClaim).spec.address : keyOf(object)))
    .map(lineOf);
}

function lineOf({ kind, object, deleted, revision }: Happened): string {
  const what = kind === 'claim' ? (object as EipClaim).spec : factsOf(object as Service);
  return `${revision} ${kind} ${keyOf(object)}${deleted ? ' deleted' : ''}: ${JSON.stringify(what)}`;
}

function factsOf({ metadata, spec, status }: Service): unknown {
  const own = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith('skycap.io/'));
  return { uid: metadata.uid, type: spec?.type, ...Object.fromEntries(own), status: status?.loadBalancer?.ingress };
}
