/** Remedies for an address without a session that sends it to a router. PURE. */
import type { BgpPeerObject } from '../../../api/bgp/bgp-types.ts';
import { parseBgpPeer } from '../../../api/bgp/parse-bgp-peer.ts';
import type { Eip } from '../../../api/eip/eip.ts';
import { BGP_CONF_NAME, CNI_LABELS, SERVICE_ANNOTATIONS } from '../../../api/keys.ts';
import { labelSelectorText, matchesLabels } from '../../../api/meta/label-selector.ts';
import { type KubeObject, keyOf } from '../../../api/meta/object.ts';
import { shortened } from '../../../api/problem.ts';
import { annotateCommand, labelCommand, patchBgpConfCommand, patchBgpPeerCommand } from '../../kubectl-commands.ts';
import { labelling, nodesAt } from './node-remedies.ts';
import { peerFamilies, peersFor, selectedPeers } from './peers-of.ts';
import type { Remedy, Trouble } from './trouble.ts';

const MOST_NAMED = 3;

export function noConfRemedy({ world }: Trouble): Remedy {
  const isThere = world.read.bgpConfs.items.some((one) => keyOf(one) === BGP_CONF_NAME);
  return isThere
    ? {
        remedy: 'Correct the BgpConf: its conditions name the field.',
        command: `kubectl describe bgpconf ${BGP_CONF_NAME}`,
      }
    : { remedy: `Create the BgpConf ${BGP_CONF_NAME}, with the AS number of the nodes in spec.as.` };
}

/** Looks for the cause in the order in which a speaker decides. */
export function noSessionsRemedy(trouble: Trouble): Remedy {
  const { world, eip } = trouble;
  const { bgpPeers, speakers } = world.read;
  if (bgpPeers.unread) return {};
  if (bgpPeers.items.length === 0) return { remedy: 'Create a BgpPeer for each router.' };
  const [selected] = selectedPeers(world, eip);
  if (!selected) return noneSelected(trouble);
  const peers = peersFor(world, eip);
  const [peer] = peers;
  if (!peer) return otherFamily(selected, eip);
  const command = `kubectl skycap explain bgppeer/${keyOf(peer)}`;
  const refused = speakers.items
    .flatMap(({ status }) => status?.refusedPeers ?? [])
    .find(({ peer: name }) => peers.some((one) => keyOf(one) === name));
  if (refused) return { remedy: `No session with BgpPeer ${refused.peer}: ${refused.message}`, command };
  return ofCni(peers) ?? ofSelector(peers, trouble) ?? { command };
}

function noneSelected({ world, service, eip }: Trouble): Remedy {
  const names = shortened(world.read.bgpPeers.items, MOST_NAMED, keyOf).join(', ');
  const [annotation] = SERVICE_ANNOTATIONS.peers;
  const isAnnotated = service.metadata.annotations?.[annotation] !== undefined;
  return isAnnotated && eip.bgp?.allowServiceOverrides.peers
    ? {
        remedy: `Have the annotation ${annotation} name a BgpPeer that spec.bgp.peers of Eip ${eip.name} selects (there are ${names}), or remove it.`,
        command: annotateCommand(service, { [annotation]: undefined }),
      }
    : {
        remedy: `Have spec.bgp.peers of Eip ${eip.name} select a BgpPeer that exists (${names}), or create one.`,
        command: `kubectl edit eip ${eip.name}`,
      };
}

/** The field of the BgpPeer counts before that of the BgpConf. */
function otherFamily(peer: BgpPeerObject, { range: { family } }: Eip): Remedy {
  const name = keyOf(peer);
  return peerFamilies(peer)
    ? {
        remedy: `Add IPv${family} to spec.afiSafis of BgpPeer ${name}, or leave the field out.`,
        command: patchBgpPeerCommand(name, { afiSafis: null }),
      }
    : {
        remedy: `Add IPv${family} to spec.families of BgpConf ${BGP_CONF_NAME}, or leave the field out for both families.`,
        command: patchBgpConfCommand({ families: null }),
      };
}

function ofCni(peers: readonly BgpPeerObject[]): Remedy | undefined {
  const labelled = peers.map((peer) => unlabelling('BgpPeer', peer));
  return labelled.every((one) => one !== undefined) ? labelled[0] : undefined;
}

/** The selector of a BgpPeer selects none of the nodes that lack a session. */
function ofSelector(peers: readonly BgpPeerObject[], { world, nodes }: Trouble): Remedy | undefined {
  const lacking = nodesAt('NoSessions', nodes);
  const labelsOf = (node: string) =>
    world.read.nodes.items.find(({ metadata }) => metadata.name === node)?.metadata.labels ?? {};
  for (const object of peers) {
    const parsed = parseBgpPeer(object);
    const selector = parsed.ok ? parsed.value.nodeSelector : [];
    const [node] = lacking;
    if (node === undefined || lacking.some((one) => matchesLabels(selector, labelsOf(one)))) continue;
    return {
      remedy: `Change spec.nodeSelector of BgpPeer ${keyOf(object)} (${labelSelectorText(selector)}), which selects none of these nodes, or label a node.`,
      ...labelling(node, selector),
    };
  }
  return undefined;
}

export function disabledRemedy(trouble: Trouble): Remedy {
  const peer = peersFor(trouble.world, trouble.eip).find(({ spec }) => spec?.conf?.adminDown === true);
  return peer
    ? {
        remedy: `Set spec.conf.adminDown of BgpPeer ${keyOf(peer)} to false.`,
        command: patchBgpPeerCommand(keyOf(peer), { conf: { adminDown: false } }),
      }
    : {};
}

export function sessionsDownRemedy(trouble: Trouble): Remedy {
  const [peer] = peersFor(trouble.world, trouble.eip);
  return peer ? { command: `kubectl skycap explain bgppeer/${keyOf(peer)}` } : {};
}

/** A label of the Eip or of the BgpConf. */
export function cniRemedy({ world, eip }: Trouble): Remedy {
  const named = (objects: readonly KubeObject[], name: string) => objects.find((one) => keyOf(one) === name);
  return (
    unlabelling('Eip', eip.announcedByCni ? named(world.read.eips.items, eip.name) : undefined) ??
    unlabelling('BgpConf', named(world.read.bgpConfs.items, BGP_CONF_NAME)) ??
    {}
  );
}

const KINDS = { Eip: 'eip', BgpConf: 'bgpconf', BgpPeer: 'bgppeer' } as const;

function unlabelling(kind: keyof typeof KINDS, object: KubeObject | undefined): Remedy | undefined {
  const keys = CNI_LABELS.filter((key) => object?.metadata.labels?.[key] !== undefined);
  if (!object || keys.length === 0) return undefined;
  return {
    remedy: `Remove the label ${keys.join(' and ')} from ${kind} ${keyOf(object)} if Skycap is to announce the addresses.`,
    command: labelCommand(KINDS[kind], keyOf(object), Object.fromEntries(keys.map((key) => [key, undefined]))),
  };
}
