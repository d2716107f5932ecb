/** What the speaker counts. Names are `skycap_speaker_*`; the labels' values are reasons of lib/api/reasons.ts. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface SpeakerMetrics {
  readonly sessionUp: Gauge<'peer'>;
  readonly portInUse: Gauge<'protocol'>;
  readonly bfdUp: Gauge<'node'>;
  readonly routes: Gauge<'family'>;
  readonly configureSeconds: Histogram;
  readonly configurations: Counter<'outcome'>;
  readonly birdUp: Gauge;
  readonly onHold: Gauge;
  readonly lastRefusalSeconds: Gauge;
  readonly statusWrites: Counter;
  readonly layer2Addresses: Gauge;
  readonly layer2Changes: Counter<'reason'>;
  readonly layer2Conflicts: Counter;
}

export function speakerMetrics(registry: Registry): SpeakerMetrics {
  const registers = [registry];
  return { ...reportMetrics(registers), ...configurationMetrics(registers), ...layer2Metrics(registers) };
}

function reportMetrics(registers: Registry[]) {
  return {
    sessionUp: new Gauge({
      name: 'skycap_speaker_session_up',
      help: '1 while BIRD answers and says that the session with the BgpPeer is Established.',
      labelNames: ['peer'] as const,
      registers,
    }),
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
    help: 'Configurations brought to BIRD, by outcome: Applied, BirdRefused, BirdUnreachable.',
    labelNames: ['outcome'] as const,
    registers,
  });
  // So that an alert on the first refusal has a zero to compare with.
  for (const outcome of ['Applied', 'BirdRefused', 'BirdUnreachable']) configurations.inc({ outcome }, 0);
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
    layer2Conflicts: new Counter({
      name: 'skycap_speaker_layer2_conflicts_total',
      help: 'Times that somebody else said that he has an address of this node; at most one a second, address and machine.',
      registers,
    }),
  };
}
