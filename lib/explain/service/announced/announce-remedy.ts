/** The remedy for an address that no node announces, with the objects of the cluster, and a command that does what the remedy says or shows more. PURE. */
import type { Reason } from '../../../api/reasons.ts';
import { SPEAKER_PODS } from '../../../reach/heard-speaker.ts';
import { remedyFor } from '../../remedies.ts';
import { endpointsRemedy, localEndpointsRemedy } from './endpoint-remedies.ts';
import { excludedRemedy, leavingRemedy, lostRemedy, maintenanceRemedy, unselectedRemedy } from './node-remedies.ts';
import { cniRemedy, disabledRemedy, noConfRemedy, noSessionsRemedy, sessionsDownRemedy } from './session-remedies.ts';
import type { Remedy, Trouble } from './trouble.ts';

export function announceRemedy(reason: Reason, trouble: Trouble): Remedy {
  return { remedy: remedyFor(reason), ...REMEDIES[reason]?.(trouble) };
}

const REMEDIES: Partial<Record<Reason, (trouble: Trouble) => Remedy>> = {
  NoSpeaker: speakerPods,
  SpeakerStopping: (trouble) => ({ remedy: remedyFor('NoSpeaker'), ...speakerPods(trouble) }),
  NoOwner: (trouble) => ({ remedy: 'Look at the log of the speakers.', ...logOf('speaker', trouble) }),
  PacketSocketDenied: (trouble) => logOf('speaker', trouble),
  NoInterface: ({ eip }) => ({ command: `kubectl edit eip ${eip.name}` }),
  NodeLeaving: leavingRemedy,
  AllNodesExcluded: excludedRemedy,
  NodeNotSelected: unselectedRemedy,
  NodeLost: lostRemedy,
  NodeInMaintenance: maintenanceRemedy,
  NoLocalEndpoints: localEndpointsRemedy,
  NoEndpoints: ({ service }) => endpointsRemedy(service),
  AnnouncedByCni: cniRemedy,
  AnnouncedByCalico: () => ({
    remedy:
      'No action if Calico is to announce it. Otherwise create a BgpPeer, and remove the prefix from spec.serviceLoadBalancerIPs of BGPConfiguration default.',
  }),
  NoBgpConf: noConfRemedy,
  NoSessions: noSessionsRemedy,
  PeerDisabled: disabledRemedy,
  SessionsDown: sessionsDownRemedy,
  BirdUnreachable: (trouble) => logOf('bird', trouble),
};

function speakerPods({ world }: Trouble): Remedy {
  return { command: `kubectl get daemonset,pods -n ${world.settings.namespace} -l ${SPEAKER_PODS} -o wide` };
}

function logOf(container: 'speaker' | 'bird', { world }: Trouble): Remedy {
  return { command: `kubectl logs -n ${world.settings.namespace} -l ${SPEAKER_PODS} -c ${container} --tail=20` };
}
