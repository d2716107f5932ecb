/** Trims Services and the Speakers of other nodes to the fields that decisions use, as in `lib/announce/trim-objects.ts`. */
import { trimMetadata } from '../../lib/announce/trim-objects.ts';
import { SERVICE_ANNOTATIONS } from '../../lib/api/keys.ts';
import { pick } from '../../lib/api/meta/object.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../lib/api/skycap/speaker-types.ts';

const OVERRIDES = [SERVICE_ANNOTATIONS.communities[0], SERVICE_ANNOTATIONS.peers[0]] as const;

export function slimService(service: Service): Service {
  const { spec, status } = service;
  const { annotations = {}, creationTimestamp } = service.metadata;
  const overrides = pick(annotations, OVERRIDES);
  return {
    metadata: {
      ...trimMetadata(service),
      ...(creationTimestamp !== undefined && { creationTimestamp }),
      ...(Object.keys(overrides).length > 0 && { annotations: overrides }),
    },
    ...(spec && { spec: pick(spec, ['type', 'externalTrafficPolicy']) }),
    ...(status?.loadBalancer && { status: { loadBalancer: status.loadBalancer } }),
  };
}

/** The fields that other nodes decide by, and the sessions that are established. */
export function slimSpeaker({ apiVersion, kind, metadata, status }: SpeakerObject): SpeakerObject {
  const kept = pick(status ?? {}, [
    'layer2Addresses',
    'layer2Unable',
    'layer2Interfaces',
    'layer2Conflicts',
    'suspects',
    'stopping',
  ]);
  return {
    apiVersion,
    kind,
    metadata: pick(metadata, ['name', 'uid', 'resourceVersion']),
    ...(status && { status: { ...kept, ...establishedIn(status) } }),
  };
}

/** Without the number of routes, which changes with every Service. */
function establishedIn({
  sessions = [],
}: NonNullable<SpeakerObject['status']>): Pick<NonNullable<SpeakerObject['status']>, 'sessions'> {
  const established = sessions.filter(({ state, disabled }) => state === 'Established' && !disabled);
  return established.length === 0 ? {} : { sessions: established.map((one) => ({ ...one, routesSent: 0 })) };
}
