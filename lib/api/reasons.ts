/**
 * Every reason that Skycap gives: one word, the same in the log, the metric's label, the condition, the Event and docs/reasons.md
 * (a test compares that page with this file, both ways). What each means and what helps stands there.
 */
export const REASONS = [
  // Whether a Service has its address (condition skycap.io/AddressAssigned).
  'Assigned',
  'KeepsFormerAddress',
  'NoEipMatches',
  'EipNotFound',
  'EipDisabled',
  'EipDeleting',
  'EipInvalid',
  'EipFull',
  'EipFamilyMismatch',
  'EipProtocolMismatch',
  'AddressInUse',
  'AddressOutsideEip',
  'AddressReserved',
  'SharingRefused',
  'CreationsRefused',
  'InvalidRequest',
  'NodeProxyUnsupported',
  // Why a Service that asks for nobody is ours, or not (condition skycap.io/ByDefault).
  'DefaultEip',
  'ServedByAnother',
  // Why annotations of a Service for BGP have no effect (condition skycap.io/RouteOverrides).
  'OverrideNotAllowed',
  'OlderServiceDecides',
  // What happened to an address (Events on the Service).
  'AssignIP',
  'ReleaseIP',
  'AddressPending',
  'StatusContested',
  // Why a claim was released (log of the allocator).
  'ServiceGone',
  'NoLongerUsed',
  'ClaimExpired',
  // The state of an Eip, a BgpConf or a BgpPeer.
  'Accepted',
  'Invalid',
  'Overlaps',
  'OwnAddress',
  'Unsupported',
  'AnnouncedByCni',
  'NotTheDefault',
  'WriteRefused',
  'Ready',
  // What the speaker does with an address on its node.
  'Announced',
  'NotPublished',
  'NotLoadBalancer',
  'OtherProtocol',
  'NodeExcluded',
  'NodeLeaving',
  'NodeDraining',
  'NodeInMaintenance',
  'NoOtherNode',
  'NoLocalEndpoints',
  'NoEndpoints',
  'NodeHasNoAddressOfFamily',
  // Why none does (condition skycap.io/Announced of a Service, Announced of an Eip).
  'NoSpeaker',
  'AllNodesExcluded',
  'NodeLost',
  // What it does with an address of layer 2, which one node at a time has.
  'OwnedElsewhere',
  'HandingOver',
  'OwnerLeaves',
  'OwnerLost',
  'OwnerResponding',
  'NoOwner',
  'Rebalanced',
  'AddressConflict',
  'AddressConflictOver',
  'NoInterface',
  'SpeakerStopping',
  'CutOff',
  'PacketSocketDenied',
  // Sessions and BIRD.
  'SessionsEstablished',
  'SessionsDown',
  'PortInUse',
  'PeerDisabled',
  'NoSessions',
  'NoBgpConf',
  'NodeNotSelected',
  'Applied',
  'BirdRefused',
  'BirdUnreachable',
  'WatchSilent',
] as const;

export type Reason = (typeof REASONS)[number];
