/** JSON Patch (RFC 6902) from one Service to another, annotations and labels only: nothing else of a Service is the webhook's to change. Pure. */
import { createPatch } from 'rfc6902';
import type { Service } from '../../lib/api/service/service.ts';
import type { JsonPatchOperation } from './review.ts';

export function patchFor(service: Service, changed: Service): readonly JsonPatchOperation[] {
  return createPatch({ metadata: mapsOf(service) }, { metadata: mapsOf(changed) });
}

/** An empty map is the same as none, so that none is added for nothing. */
function mapsOf({ metadata: { annotations, labels } }: Service): Pick<Service['metadata'], 'annotations' | 'labels'> {
  return { ...(isFilled(annotations) && { annotations }), ...(isFilled(labels) && { labels }) };
}

function isFilled(map: object | undefined): boolean {
  return map !== undefined && Object.keys(map).length > 0;
}
