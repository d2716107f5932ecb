/**
 * The remedy for each reason, for `kubectl skycap`: the column "what helps" of docs/reasons.md without its links; a test compares the two. PURE. A reason without a remedy
 * needs none.
 */
import type { Reason } from '../api/reasons.ts';

const REMEDIES: Partial<Record<Reason, string>> = {
  KeepsFormerAddress:
    'Follow the message, or undo the request. If the Eip is gone: create the Eip again, or have the Service name another.',
  NoEipMatches: 'Create an Eip, or name one in eip.openelb.kubesphere.io/v1alpha2.',
  EipNotFound: 'Create the Eip, or name another.',
  EipDisabled: 'Set spec.disable: false, or name another Eip.',
  EipDeleting: "Name another Eip, or create one. On the Eip: look at metadata.finalizers; Skycap removes OpenELB's.",
  EipInvalid: 'Correct the Eip: its conditions name the problem.',
  EipFull: 'Delete a Service, enlarge an Eip or add one. The longest-waiting Service is served first.',
  EipFamilyMismatch:
    'Add an Eip of that family, or name one. A stored Service keeps the first of spec.ipFamilies: for the other family, set spec.ipFamilyPolicy: PreferDualStack, or create the Service again.',
  EipProtocolMismatch: 'Change the annotation, or name another Eip.',
  AddressInUse:
    'Request another address, or share: both Services need the same skycap.io/sharing-key, or must request the address in one namespace.',
  AddressOutsideEip: 'Request an address of the Eip, or enlarge the Eip.',
  AddressReserved:
    'Request another address. On an Eip: no action, or exclude these addresses. Published addresses stay.',
  SharingRefused: 'Follow the message.',
  CreationsRefused: 'No action. Find out why creations fail.',
  InvalidRequest: 'Correct the field; the message names field and value.',
  NodeProxyUnsupported: 'Remove the annotation to get an address from an Eip.',
  DefaultEip: 'To opt out, give lb.kubesphere.io/v1alpha1 another value.',
  ServedByAnother: 'No action if intended. To have Skycap serve the Service, set lb.kubesphere.io/v1alpha1: openelb.',
  OverrideNotAllowed: 'Set spec.bgp.allowServiceOverrides of the Eip, or remove the annotation.',
  OlderServiceDecides: 'Write the same annotations, or use another address.',
  NoSpeaker: 'Look at the DaemonSet skycap-speaker.',
  ProtocolOff:
    'Use an Eip of the other protocol, or add the protocol to SKYCAP_PROTOCOLS (value protocols of the chart).',
  AllNodesExcluded: 'Remove the label from a node, or set the label to false.',
  NodeLost: 'Look at the nodes.',
  AddressPending: 'See the reason in the message.',
  StatusContested:
    'Let one controller serve the Service: stop the other, or give lb.kubesphere.io/v1alpha1 another value.',
  ClaimExpired: 'If there are many: find out why creations fail or are slow.',
  Invalid: 'Correct the field; the message names field and value.',
  Overlaps: 'Change or delete one of the two.',
  OwnAddress: "Write the router's address; for another BGP daemon on the node, see docs/bgp.md.",
  Unsupported: 'Remove the field, or wait for a version that supports the field.',
  AnnouncedByCni: 'Remove the label if Skycap is to announce the addresses.',
  AnnouncedByCalico:
    'Unknown: no action. True: remove the prefix at Calico, or set the label openelb.kubesphere.io/cni: calico on the Eip.',
  NotTheDefault: 'Name the BgpConf default. Remove the annotation from one of the two Eips.',
  PolicyInvalid: 'Correct the ConfigMap.',
  PolicyNotFound: 'Create the ConfigMap, or remove spec.policy.',
  WriteRefused:
    'Follow the message. For a leftover webhook of OpenELB: kubectl delete validatingwebhookconfiguration openelb-admission.',
  PoolOfAnother: 'Take the addresses out of the pool or out of the Eip.',
  DefaultContested: 'Follow the message, or remove the annotation for the default from the Eip.',
  OpenElbRunning: 'Stop OpenELB; the message has the command.',
  CrdOutdated: 'Apply the definitions of this version; the message has the command.',
  OtherProtocol: 'No action; or set spec.protocol.',
  NotChosen: 'No action. To have more nodes announce the address, raise spec.bgp.announcers of the Eip.',
  NodeExcluded: 'Remove the label, or set the label to false.',
  NodeLeaving: 'On a Speaker whose machine is gone for good: delete the Speaker.',
  NodeDraining: 'No action.',
  NodeInMaintenance: 'Remove the annotation after the work.',
  NoOtherNode:
    'End the maintenance of another node, run an endpoint of the Local Services on another node, or lower the minimum.',
  NoLocalEndpoints: 'No action while another node has an endpoint.',
  NoEndpoints: "Look at the Service's pods.",
  NodeHasNoAddressOfFamily: 'Give the node an address of the family.',
  OwnerLost: 'Look at the other node.',
  OwnerResponding: 'Find out why its Lease is not renewed, or what drops UDP port 3784 between the nodes.',
  NoOwner:
    "On a Service: look at the speakers. The Eip's nodeSelector and interface, and with Local the endpoints, determine the eligible nodes.",
  AddressConflict: 'Find the machine, or take the address out of the Eip. On a node, remove the address there.',
  NoInterface: 'Correct the field or the interface; or select the intended nodes by spec.nodeSelector.',
  SpeakerStopping: 'On a Service or an Eip: look at the DaemonSet skycap-speaker.',
  CutOff: "Look at the node's network.",
  PacketSocketDenied:
    'Find what removes the capability NET_RAW from the container speaker: a policy, or the runtime. The log has the error (layer 2 impaired).',
  SessionsDown: 'Look at the router, the AS numbers, the password, and whether port 179 is open.',
  PortInUse:
    'Stop that process, or set spec.listenPort of the BgpConf. Skycap retries once the port is free; established sessions are not touched.',
  BfdPortInUse:
    'Find the process with ss -lunp on the node, such as the BFD daemon of FRR or of a CNI, and switch off BFD there or in the BgpPeers. BIRD uses the port as soon as the port is free.',
  PeerDisabled: 'Set adminDown to false.',
  PasswordNotFound:
    "Follow the message: create the Secret or the key, or add the Secret's name to the Role skycap-bgp-passwords.",
  NoSessions: 'Look at spec.nodeSelector and at the speakers.',
  NoAddPath: 'Switch on ADD-PATH at the router, or write nextHops: Self and make every node a neighbour.',
  NoBgpConf: 'Create or correct the BgpConf.',
  NodeNotSelected: 'No action if intended. Otherwise change the selector, or label a node.',
  BirdRefused: 'Report the message as a defect.',
  NotWritten: "Remove other files from /run/skycap of the speaker's pod, or delete the pod.",
  BirdUnreachable: 'Look at the log of the container bird, and whether the node is short of memory or processors.',
  WatchSilent: "Look at the network between node and API server; the speaker's /readyz has the details.",
};

export function remedyFor(reason: Reason): string | undefined {
  return REMEDIES[reason];
}

/** The reasons with a remedy. */
export const REMEDIED = Object.keys(REMEDIES) as readonly Reason[];
