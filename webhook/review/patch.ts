/** JSON Patch (RFC 6902) from one Service to another, of annotations and labels only: the webhook changes nothing else. Pure. */
import { createPatch } from 'rfc6902';
import type { Service } from '../../lib/api/service/service.ts';
import type { JsonPatchOperation } from './review.ts';

export function patchFor(service: Service, changed: Service): readonly JsonPatchOperation[] {
  return createPatch({ metadata: mapsOf(service) }, { metadata: mapsOf(changed) });
}

/** An empty map counts as absent, so that the patch adds no empty map. */
function mapsOf({ metadata: { annotations, labels } }: Service): Pick<Service['metadata'], 'annotations' | 'labels'> {
  return { ...(isFilled(annotations) && { annotations }), ...(isFilled(labels) && { labels }) };
}

function isFilled(map: object | undefined): boolean {
  return map !== undefined && Object.keys(map).length > 0;
}
