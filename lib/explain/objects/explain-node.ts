/** Explains a node: whether it may announce addresses, what its speaker says, its sessions and its addresses, and for each Eip why not. PURE. */

import { nodeState } from '../../announce/node-state.ts';
import { addressesText, quantityText } from '../../api/count.ts';
import { shortened } from '../../api/problem.ts';
import type { Reason } from '../../api/reasons.ts';
import type { Node } from '../../api/service/service.ts';
import type { SpeakerObject } from '../../api/skycap/speaker-types.ts';
import { isLost, SPEAKER_PODS } from '../../reach/heard-speaker.ts';
import { type Explanation, explanationOf, failed, ok, type Step, unknown, warning } from '../explanation.ts';
import { remedyFor } from '../remedies.ts';
import type { World } from '../world.ts';
import { conditionSteps } from './condition-steps.ts';

const MOST_NAMED = 10;

export function explainNode(world: World, node: Node): Explanation {
  const { name = '' } = node.metadata;
  const speaker = world.read.speakers.items.find(({ metadata }) => metadata.name === name);
  const steps = [...nodeSteps(node), ...(speaker ? speakerSteps(world, name, speaker) : [noSpeaker(world, name)])];
  return explanationOf(`Node ${name}`, steps, { unread: world.unread });
}

function nodeSteps(node: Node): Step[] {
  const { name = '' } = node.metadata;
  const from = `Node ${name}`;
  const { leaving, excluded, cordoned, inMaintenance, addresses } = nodeState(name, node);
  const bad = (reason: Reason, fact: string): Step => failed(reason, fact, from);
  const troubles = [
    ...(isLost(node) ? [bad('NodeLost', 'Kubernetes hears nothing of the node')] : []),
    ...(leaving ? [bad('NodeLeaving', 'is being deleted, shut down or taken out of service')] : []),
    ...(excluded ? [bad('NodeExcluded', 'has the label node.kubernetes.io/exclude-from-external-load-balancers')] : []),
    ...(Object.keys(addresses).length === 0 ? [bad('NodeHasNoAddressOfFamily', 'has no InternalIP')] : []),
    ...(inMaintenance
      ? [warning('is in maintenance', from, { reason: 'NodeInMaintenance', remedy: remedyFor('NodeInMaintenance') })]
      : []),
    ...(cordoned ? [warning('is cordoned', from)] : []),
  ];
  return troubles.length > 0 ? troubles : [ok('may announce addresses', from)];
}

function noSpeaker(world: World, name: string): Step {
  const from = `Speaker ${name}`;
  return world.read.speakers.unread
    ? unknown('can not be read', from)
    : failed('NoSpeaker', 'does not exist: no speaker runs on the node, or none has reported yet', from);
}

function endedStep({ settings }: World, name: string): Step {
  const pods = `kubectl get pods -n ${settings.namespace} -l ${SPEAKER_PODS} --field-selector spec.nodeName=${name}`;
  return failed('SpeakerStopping', 'the speaker has ended, and with it its sessions and addresses', `Speaker ${name}`, {
    remedy: remedyFor('NoSpeaker'),
    command: pods,
  });
}

function speakerSteps(world: World, name: string, { status }: SpeakerObject): Step[] {
  if (status?.stopping) return [endedStep(world, name)];
  const from = `Speaker ${name}`;
  const sessions = (status?.sessions ?? []).map(
    ({ peer, neighborAddress, neighborAs, state, routesSent, lastError, disabled }): Step => {
      const text = `session with ${neighborAddress} (BgpPeer ${peer}, AS ${neighborAs})`;
      if (state === 'Established') return ok(`${text} is established, ${quantityText(routesSent, 'route')} sent`, from);
      if (disabled)
        return warning(`${text} is shut down by spec.conf.adminDown`, from, {
          reason: 'PeerDisabled',
          remedy: remedyFor('PeerDisabled'),
        });
      return failed('SessionsDown', `${text} is ${state}${lastError ? `: ${lastError}` : ''}`, from);
    },
  );
  const refused = (status?.refusedPeers ?? []).map(({ peer, reason, message }) =>
    failed(reason, `no session with BgpPeer ${peer}: ${message}`, from),
  );
  return [
    ...conditionSteps('Speaker', from, status?.conditions),
    ...sessions,
    ...refused,
    addressesStep(from, status),
    ...eipSteps(world, name),
  ];
}

function addressesStep(from: string, status: SpeakerObject['status']): Step {
  const owned = status?.layer2Addresses ?? [];
  const details = shortened(owned, MOST_NAMED, ({ address, interface: on }) => `${address} on ${on}`);
  const fact = `announces ${addressesText(BigInt(status?.announcedAddresses ?? 0))} by BGP, and answers for ${owned.length} on layer 2`;
  return ok(fact, from, { details });
}

/** The Eips whose addresses the node does not announce. */
function eipSteps(world: World, name: string): Step[] {
  return world.read.eips.items.flatMap(({ metadata }): Step[] => {
    const eip = world.parsedEips.get(metadata.name ?? '');
    const standing = eip?.ok ? world.announcers.reachOf(eip.value).standings.get(name) : undefined;
    if (standing === undefined || standing === 'Announced') return [];
    return [
      warning('this node does not announce its addresses', `Eip ${metadata.name}`, {
        reason: standing,
        remedy: remedyFor(standing),
      }),
    ];
  });
}
