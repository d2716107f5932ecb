/** The speaker's metrics, named `skycap_speaker_*`. The labels' values are reasons of lib/api/reasons.ts. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface SpeakerMetrics {
  readonly sessionUp: Gauge<'peer'>;
  readonly portInUse: Gauge<'protocol'>;
  readonly sessionRoutes: Gauge<'peer'>;
  readonly sessionUpdates: Counter<'peer' | 'kind'>;
  readonly sessionsLost: Counter<'peer'>;
  readonly sessionBfdUp: Gauge<'peer'>;
  readonly bfdUp: Gauge<'node'>;
  readonly routes: Gauge<'family'>;
  readonly configureSeconds: Histogram;
  readonly configurations: Counter<'outcome'>;
  readonly birdUp: Gauge;
  readonly onHold: Gauge;
  readonly refused: Gauge;
  readonly lastRefusalSeconds: Gauge;
  readonly statusWrites: Counter;
  readonly layer2Addresses: Gauge;
  readonly layer2Changes: Counter<'reason'>;
  readonly layer2Conflicts: Counter;
  readonly layer2InConflict: Gauge;
}

export function speakerMetrics(registry: Registry): SpeakerMetrics {
  const registers = [registry];
  return {
    ...sessionMetrics(registers),
    ...reportMetrics(registers),
    ...configurationMetrics(registers),
    ...layer2Metrics(registers),
  };
}

/** By BgpPeer; of a BgpPeer whose routers connect by themselves, the sum of the sessions, or 1 if any is up. */
function sessionMetrics(registers: Registry[]) {
  return {
    sessionUp: new Gauge({
      name: 'skycap_speaker_session_up',
      help: '1 while BIRD answers and says that the session with the BgpPeer is Established. Absent for one with adminDown.',
      labelNames: ['peer'] as const,
      registers,
    }),
    sessionRoutes: new Gauge({
      name: 'skycap_speaker_session_routes',
      help: 'Routes that the router of the BgpPeer gets from this node.',
      labelNames: ['peer'] as const,
      registers,
    }),
    sessionUpdates: new Counter({
      name: 'skycap_speaker_session_updates_total',
      help: 'Routes sent to the router of the BgpPeer (update) or withdrawn from it (withdrawal) since the session is there.',
      labelNames: ['peer', 'kind'] as const,
      registers,
    }),
    sessionsLost: new Counter({
      name: 'skycap_speaker_sessions_lost_total',
      help: 'Times that an Established session with the BgpPeer ended.',
      labelNames: ['peer'] as const,
      registers,
    }),
    sessionBfdUp: new Gauge({
      name: 'skycap_speaker_session_bfd_up',
      help: '1 while the BFD session with the router of the BgpPeer is Up, for a BgpPeer with bfd.',
      labelNames: ['peer'] as const,
      registers,
    }),
  };
}

function reportMetrics(registers: Registry[]) {
  return {
    portInUse: new Gauge({
      name: 'skycap_speaker_port_in_use',
      help: '1 while another process of the node has the TCP port that BIRD needs for BGP, or a UDP port of BFD.',
      labelNames: ['protocol'] as const,
      registers,
    }),
    bfdUp: new Gauge({
      name: 'skycap_speaker_bfd_up',
      help: '1 while the BFD session with the node is Up, for layer 2: three nodes watch each.',
      labelNames: ['node'] as const,
      registers,
    }),
    routes: new Gauge({
      name: 'skycap_speaker_routes',
      help: 'Addresses that this node announces.',
      labelNames: ['family'] as const,
      registers,
    }),
    statusWrites: new Counter({
      name: 'skycap_speaker_status_writes_total',
      help: 'Writes of the Speaker object.',
      registers,
    }),
  };
}

function configurationMetrics(registers: Registry[]) {
  const configurations = new Counter({
    name: 'skycap_speaker_configurations_total',
    help: 'Configurations brought to BIRD, by outcome: Applied, BirdRefused, BirdUnreachable, NotWritten.',
    labelNames: ['outcome'] as const,
    registers,
  });
  // So that an alert on the first refusal has a zero to compare with.
  for (const outcome of ['Applied', 'BirdRefused', 'BirdUnreachable', 'NotWritten']) configurations.inc({ outcome }, 0);
  return {
    configurations,
    configureSeconds: new Histogram({
      name: 'skycap_speaker_configure_seconds',
      help: 'From a new configuration to BIRD running it.',
      buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
      registers,
    }),
    birdUp: new Gauge({
      name: 'skycap_speaker_bird_up',
      help: '1 while BIRD answers on its control socket.',
      registers,
    }),
    onHold: new Gauge({
      name: 'skycap_speaker_on_hold',
      help: '1 while BIRD is left alone because the BgpConf cannot be read.',
      registers,
    }),
    refused: new Gauge({
      name: 'skycap_speaker_configuration_refused',
      help: '1 while BIRD refuses the configuration that follows from the objects, and runs the former one.',
      registers,
    }),
    lastRefusalSeconds: new Gauge({
      name: 'skycap_speaker_last_refusal_timestamp_seconds',
      help: 'When BIRD last refused a configuration; 0 for never.',
      registers,
    }),
  };
}

function layer2Metrics(registers: Registry[]) {
  return {
    layer2Addresses: new Gauge({
      name: 'skycap_speaker_layer2_addresses',
      help: 'Addresses that this node answers ARP and NDP for.',
      registers,
    }),
    layer2Changes: new Counter({
      name: 'skycap_speaker_layer2_changes_total',
      help: 'Addresses taken, given up, handed over, or left to a node that seemed dead and answered; by reason.',
      labelNames: ['reason'] as const,
      registers,
    }),
    layer2InConflict: new Gauge({
      name: 'skycap_speaker_layer2_addresses_in_conflict',
      help: 'Addresses that another machine has, of those that this node answers for or would answer for.',
      registers,
    }),
    layer2Conflicts: new Counter({
      name: 'skycap_speaker_layer2_conflicts_total',
      help: 'Times that somebody else said that he has an address of this node; at most one a second, address and machine.',
      registers,
    }),
  };
}
