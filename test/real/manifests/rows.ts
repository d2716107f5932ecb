/** What the definitions refuse by themselves, with the words that the author of the object reads, and what they must let through. */
import type { Manifest } from '../../unit/manifests/files.ts';

const V1ALPHA2 = 'network.kubesphere.io/v1alpha2';

export const eip = (spec: object, name = 'e', annotations: object = {}): Manifest => ({
  apiVersion: V1ALPHA2,
  kind: 'Eip',
  metadata: { name, annotations },
  spec,
});
export const conf = (spec: object): Manifest => ({
  apiVersion: V1ALPHA2,
  kind: 'BgpConf',
  metadata: { name: 'c' },
  spec,
});
export const peer = (spec: object): Manifest => ({
  apiVersion: V1ALPHA2,
  kind: 'BgpPeer',
  metadata: { name: 'p' },
  spec,
});
const ROUTER = { neighborAddress: '192.0.2.1', peerAs: 65_000 };
/** A BgpPeer that is right but for `extra` in its conf, or `rest` beside it. */
export const neighbour = (extra: object, rest: object = {}): Manifest =>
  peer({ conf: { ...ROUTER, ...extra }, ...rest });
export const claim = (name: string, address: string, holders: readonly object[] = []): Manifest => ({
  apiVersion: 'skycap.io/v1alpha1',
  kind: 'EipClaim',
  metadata: { name },
  spec: { address, eip: 'web', holders },
});
const timers = (config: object): Manifest => neighbour({}, { timers: { config } });
const selecting = (expression: object): Manifest => neighbour({}, { nodeSelector: { matchExpressions: [expression] } });

export const REFUSED: readonly (readonly [string, Manifest, RegExp])[] = [
  ['a name', eip({ address: 'web' }), /is not an address, a CIDR or a range; write one such as/],
  ['an Eip without address', eip({ protocol: 'bgp' }), /spec\.address: Required value/],
  ['an Eip without spec', { ...eip({}), spec: undefined }, /spec is missing; write spec\.address/],
  [
    'a name that is no label value',
    eip({ address: '192.0.2.1' }, 'n'.repeat(64)),
    /metadata\.name is longer than 63 characters/,
  ],
  [
    'an unknown protocol',
    eip({ address: '192.0.2.1', protocol: 'ospf' }),
    /spec\.protocol: Unsupported value: "ospf": supported values: "bgp", "layer2", "vip"/,
  ],
  [
    'an interface that is none',
    eip({ address: '192.0.2.1', interface: 'eth0:1' }),
    /spec\.interface: .*is not an interface/,
  ],
  [
    'can_reach without an address',
    eip({ address: '192.0.2.1', interface: 'can_reach:gateway' }),
    /spec\.interface: .*is not an interface/,
  ],
  [
    'interfaces with an empty part between them',
    eip({ address: '192.0.2.1', interface: 'eth0,,bond0' }),
    /spec\.interface: .*is not an interface/,
  ],
  [
    'an interface with a name that none has',
    eip({ address: '192.0.2.1', interface: 'a-name-too-long-for-one' }),
    /spec\.interface: .*is not an interface/,
  ],
  [
    'a namespace that cannot be',
    eip({ address: '192.0.2.1', namespaces: ['ok', 'No'] }),
    /spec\.namespaces\[1\]: .*is not the name of a namespace/,
  ],
  ['an unknown whenFull', eip({ address: '192.0.2.1', whenFull: 'Wait' }), /spec\.whenFull: Unsupported value: "Wait"/],
  ['a BgpConf without AS', conf({ listenPort: 179 }), /spec: .*as is missing; write the AS number of this cluster/],
  ['AS 0', conf({ as: 0 }), /spec\.as: .*should be greater than or equal to 1/],
  ['an AS of 33 bits', conf({ as: 4_294_967_296 }), /spec\.as: .*should be less than or equal to 4294967295/],
  [
    'a router id that is no IPv4 address',
    conf({ as: 1, routerId: '2001:db8::1' }),
    /spec\.routerId: .*is not an IPv4 address/,
  ],
  ['a router id of zeros', conf({ as: 1, routerId: '0.0.0.0' }), /spec\.routerId: .*is not an IPv4 address/],
  ['a port below -1', conf({ as: 1, listenPort: -2 }), /spec\.listenPort: .*should be greater than or equal to -1/],
  ['a port too high', conf({ as: 1, listenPort: 65_536 }), /spec\.listenPort: .*should be less than or equal to 65535/],
  [
    'a listen address that is none',
    conf({ as: 1, listenAddresses: ['eth0'] }),
    /spec\.listenAddresses\[0\]: .*is neither an IP address nor a prefix/,
  ],
  ['a BgpPeer without conf', peer({}), /spec: .*conf is missing; write conf\.neighborAddress and conf\.peerAs/],
  ['a neighbour without address', peer({ conf: { peerAs: 1 } }), /spec\.conf: .*neighborAddress is missing/],
  ['a neighbour without AS', peer({ conf: { neighborAddress: '192.0.2.1' } }), /spec\.conf: .*peerAs is missing/],
  [
    'a neighbour by name',
    neighbour({ neighborAddress: 'router' }),
    /spec\.conf\.neighborAddress: .*is not an IP address; write one such as 192\.0\.2\.1, without port/,
  ],
  [
    'a neighbour that would break bird.conf',
    neighbour({ neighborAddress: '192.0.2.1 as 1; }' }),
    /spec\.conf\.neighborAddress: .*is not an IP address/,
  ],
  ['a hold time of 2', timers({ holdTime: '2' }), /timers\.config\.holdTime: .*is not a hold time/],
  ['a hold time in words', timers({ holdTime: '90s' }), /timers\.config\.holdTime: .*is not a hold time/],
  ['a hold time of 100000', timers({ holdTime: '100000' }), /timers\.config\.holdTime: .*is not a hold time/],
  ['a hold time as a number', timers({ holdTime: 90 }), /holdTime.* must be of type string/],
  ['a keepalive of a minus', timers({ keepaliveInterval: '-1' }), /keepaliveInterval: .*is not an interval/],
  ['a connect time of 100000', timers({ connectRetry: '100000' }), /connectRetry: .*is not an interval/],
  [
    'a remote port too high',
    neighbour({}, { transport: { remotePort: 65_536 } }),
    /spec\.transport\.remotePort: .*should be less than or equal to 65535/,
  ],
  [
    'a family that carries no addresses',
    neighbour({}, { afiSafis: [{ config: { family: { afi: 'AFI_L2VPN' } } }] }),
    /afi: Unsupported value: "AFI_L2VPN": supported values: "AFI_IP", "AFI_IP6"/,
  ],
  [
    'a TTL of 256',
    neighbour({}, { ebgpMultihop: { enabled: true, multihopTtl: 256 } }),
    /multihopTtl: .*should be less than or equal to 255/,
  ],
  [
    'a selector without values',
    selecting({ key: 'a', operator: 'In' }),
    /values is missing; the operators In and NotIn need at least one/,
  ],
  [
    'a selector with values too many',
    selecting({ key: 'a', operator: 'Exists', values: ['b'] }),
    /values must be left out with the operators Exists and DoesNotExist/,
  ],
  [
    'an Eip for nodes of an unknown operator',
    eip({ address: '192.0.2.1', nodeSelector: { matchExpressions: [{ key: 'a', operator: 'Gt' }] } }),
    /spec\.nodeSelector\.matchExpressions\[0\]\.operator: Unsupported value: "Gt"/,
  ],
  ['a selector with an unknown operator', selecting({ key: 'a', operator: 'Gt' }), /operator: Unsupported value: "Gt"/],
  ['a claim under another name', claim('192.0.2.8', '192.0.2.7'), /metadata\.name is not the name for spec\.address/],
  [
    'an IPv6 claim under a short name',
    claim('2001-db8--1', '2001:db8::1'),
    /metadata\.name is not the name for spec\.address/,
  ],
  [
    'a claim not in canonical text',
    claim('2001-0db8-0000-0000-0000-0000-0000-0001', '2001:0db8::1'),
    /is not an IP address in canonical text/,
  ],
];

export const PASSWORDS: readonly (readonly [string, string, RegExp])[] = [
  ['a quote', 'secret"; }', /spec\.conf\.authPassword: .*has a double quote or a control character/],
  ['a newline', 'secret\n}', /spec\.conf\.authPassword: .*has a double quote or a control character/],
  ['a NUL', 'secret\u0000', /spec\.conf\.authPassword: .*has a double quote or a control character/],
  ['81 bytes', 's'.repeat(81), /spec\.conf\.authPassword: .*is longer than 80 bytes/],
  ['41 characters of two bytes', 'é'.repeat(41), /spec\.conf\.authPassword: .*is longer than 80 bytes/],
  ['10 kB', 's'.repeat(10_000), /spec\.conf\.authPassword: Too long/],
];

const ADDRESSES = [
  '192.0.2.7',
  '192.0.2.1/24',
  '192.0.2.1-192.0.2.100',
  '2001:db8::1',
  '2001:DB8::/64',
  '2001:db8::-2001:db8::10',
];

export const ACCEPTED: readonly (readonly [string, Manifest])[] = [
  ...ADDRESSES.map((address) => [`the address ${address}`, eip({ address })] as const),
  ['an Eip with a name of 63 characters', eip({ address: '192.0.2.1' }, 'n'.repeat(63))],
  [
    'an Eip for some nodes',
    eip({ address: '192.0.2.1', nodeSelector: { matchLabels: { edge: '' } }, rebalance: true }),
  ],
  ['no port to listen on', conf({ as: 1, listenPort: -1 })],
  ['the highest AS', neighbour({ peerAs: 4_294_967_295, localAs: 4_200_000_000 })],
  ['a password of 80 bytes in several scripts', neighbour({ authPassword: `${'é'.repeat(39)} '` })],
  ['timers at their edges', timers({ holdTime: '3', keepaliveInterval: '1', connectRetry: '65535' })],
  ['timers that ask for nothing', timers({ holdTime: '0', keepaliveInterval: '' })],
  ['a neighbour by interface', peer({ conf: { neighborInterface: 'eth1', dynamicPeerAs: 'external' } })],
  ['neighbours of a prefix', peer({ conf: { neighborPrefix: '192.0.2.0/24', dynamicPeerAs: 'internal' } })],
  ['addresses and prefixes to listen on', conf({ as: 1, listenAddresses: ['192.0.2.11', '192.0.2.0/24', '::'] })],
  ['a claim of an IPv4 address', claim('192.0.2.7', '192.0.2.7')],
  ['a claim of an IPv6 address', claim('2001-0db8-0000-0000-0000-0000-0000-0001', '2001:db8::1')],
];
