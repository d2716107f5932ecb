/**
 * Whatever stands in an object is refused by us or harmless in bird.conf, judged by the real BIRD: object → parse → plan → render → `bird -p`.
 *
 * Harmless means more than accepted: the text has the same lines as for a tame object, except within the one string.
 */
import fc from 'fast-check';
import type { BgpPeerObject } from '../../../../lib/api/bgp/bgp-types.ts';
import type { EipObject } from '../../../../lib/api/eip/eip-types.ts';
import { makePlan } from '../../../../lib/bgp/plan.ts';
import { buildBirdConfig } from '../../../../speaker/bird/config/model.ts';
import { renderBirdConfig } from '../../../../speaker/bird/config/render.ts';
import { birdRefusal, localBirdVersion } from '../../../support/bird-binary.ts';
import {
  aBgpConf,
  aBgpPeer,
  aNode,
  anEip,
  aPolicyMap,
  aService,
  aSnapshot,
  type ClusterOptions,
} from '../../../support/speaker-builders.ts';

const version = localBirdVersion();

function render(options: ClusterOptions): { readonly text: string; readonly refused: readonly string[] } {
  const planned = makePlan(aSnapshot(options));
  if (planned.kind !== 'plan') return { text: '', refused: [planned.message] };
  const { text } = renderBirdConfig(buildBirdConfig(planned.plan, version));
  return { text, refused: planned.refusedPeers.map(({ message }) => message) };
}

/** The text with what is inside strings and generated names taken out. */
function structure(text: string): string {
  return text.replace(/"[^"\n]*"/g, '""').replace(/skycap_peer_\w*/g, 'skycap_peer_');
}

const tame = structure(render({ bgpPeers: [aBgpPeer('x', { conf: { authPassword: 'x', description: 'x' } })] }).text);

const STRINGS: readonly (readonly [string, string])[] = [
  ['an end of string and of block', '"; }\nprotocol kernel evil { ipv4 { export all; }; }\n#'],
  ['only an end of string', '"'],
  ['a newline', 'a\nb'],
  ['a carriage return', 'a\rb'],
  ['a null', 'a\0b'],
  ['a backslash at the end', 'a\\'],
  ['an escaped quote', 'a\\"b'],
  ['a comment', '# a'],
  ['a block comment that does not end', '/* a'],
  ['an include', 'include "/etc/shadow";'],
  ['a shell', '$(reboot) `reboot`'],
  ['format signs', '%s%n%d'],
  ['unicode', 'Zürich 東京 🚀'],
  ['right to left', '\u202egnirts'],
  ['a line separator', 'a\u2028b'],
  ['half a surrogate pair', 'a\ud83d'],
  ['a byte order mark', '\ufeffa'],
  ["a terminal's escape", '\u001b[31mred'],
  ["10 kB, which crashes BIRD's parser", 'a'.repeat(10_000)],
  ['10 kB of unicode', 'é'.repeat(5_000)],
  ['a keyword', 'protocol'],
  ['a name of ours', 'skycap_config'],
  ['nothing', ''],
  ['a space', ' '],
];

describe.each(STRINGS)('%s', (_, hostile) => {
  it.each<[string, (text: string) => ClusterOptions]>([
    ['as a password', (authPassword) => ({ bgpPeers: [aBgpPeer('x', { conf: { authPassword, description: 'x' } })] })],
    [
      'as a description',
      (description) => ({ bgpPeers: [aBgpPeer('x', { conf: { authPassword: 'x', description } })] }),
    ],
    [
      'as the name of a peer',
      (name) => ({ bgpPeers: [aBgpPeer(name, { conf: { authPassword: 'x', description: 'x' } })] }),
    ],
  ])('%s is refused or harmless', (_, options) => {
    const { text, refused } = render(options(hostile));
    if (refused.length > 0) expect(text).not.toContain('protocol bgp');
    // An empty password is none.
    else expect(structure(text)).toBe(hostile === '' ? structure(render(options('')).text) : tame);
    expect(birdRefusal(text)).toBeUndefined();
  });
});

describe.each(STRINGS)('%s in a policy', (_, hostile) => {
  const quoted = JSON.stringify(hostile);
  const accepted = (name: string) => `
[[defined-sets.prefix-sets]]
prefix-set-name = ${name}
prefix-list = [{ ip-prefix = "198.51.100.0/24" }]
[[policy-definitions]]
name = ${name}
[[policy-definitions.statements]]
name = ${name}
conditions.match-prefix-set.prefix-set = ${name}
actions.route-disposition = "reject-route"
[global.apply-policy.config]
export-policy-list = [${name}]
`;
  const rendered = (policy: string) =>
    render({ bgpConfs: [aBgpConf({ policy: 'bgp-policy' })], configMaps: [aPolicyMap(policy)] });

  it('names of sets, policies and statements are in no text', () => {
    const { text, refused } = rendered(accepted(quoted));
    expect(text).toBe(refused.length > 0 ? '' : rendered(accepted('"x"')).text);
  });

  it.each([
    'set-med',
    'set-local-pref',
    'set-next-hop',
    'set-route-origin',
    'set-as-path-prepend = { repeat-n = 1, as',
    'set-community = { options = "add", set-community-method.communities-list',
    'set-ext-community = { options = "remove", set-ext-community-method.communities-list',
  ])('as a value of %s it is refused or harmless', (key) => {
    const value = key.endsWith('list') ? `[${quoted}]` : quoted;
    const { text } = rendered(
      `[[policy-definitions]]\nname = "p"\n[[policy-definitions.statements]]\nactions.bgp-actions.${key} = ${value}${key.includes('{') ? ' }' : ''}\n[global.apply-policy.config]\nexport-policy-list = ["p"]\n`,
    );
    expect(text).not.toMatch(/kernel|include|evil|reboot/);
    if (text !== '') expect(birdRefusal(text)).toBeUndefined();
  });
});

describe('fields that are no free text', () => {
  const hostile = '1; } protocol kernel { };';
  it.each<[string, ClusterOptions]>([
    ['neighborAddress', { bgpPeers: [aBgpPeer('x', { conf: { neighborAddress: `192.0.2.1 ${hostile}` } })] }],
    ['peerAs', { bgpPeers: [aBgpPeer('x', { conf: { peerAs: hostile as unknown as number } })] }],
    ['localAs', { bgpPeers: [aBgpPeer('x', { conf: { localAs: hostile as unknown as number } })] }],
    ['holdTime', { bgpPeers: [aBgpPeer('x', { timers: { config: { holdTime: hostile } } })] }],
    ['remotePort', { bgpPeers: [aBgpPeer('x', { transport: { remotePort: hostile as unknown as number } })] }],
    [
      'multihopTtl',
      { bgpPeers: [aBgpPeer('x', { ebgpMultihop: { enabled: true, multihopTtl: hostile as unknown as number } })] },
    ],
    ['neighborInterface', { bgpPeers: [aBgpPeer('x', { conf: { neighborAddress: '', neighborInterface: hostile } })] }],
    [
      'neighborInterface beside an address',
      { bgpPeers: [aBgpPeer('x', { conf: { neighborAddress: 'fe80::1', neighborInterface: 'e"; }' } })] },
    ],
    [
      'neighborPrefix',
      { bgpPeers: [aBgpPeer('x', { conf: { neighborAddress: '', neighborPrefix: `192.0.2.0/24 ${hostile}` } })] },
    ],
    ['dynamicPeerAs', { bgpPeers: [aBgpPeer('x', { conf: { peerAs: 0, dynamicPeerAs: hostile as 'external' } })] }],
    ['vrf', { bgpPeers: [aBgpPeer('x', { conf: { vrf: 'r"; }' } })] }],
    ['localAddress', { bgpPeers: [aBgpPeer('x', { transport: { localAddress: `192.0.2.11 ${hostile}` } })] }],
    ['bindInterface', { bgpPeers: [aBgpPeer('x', { transport: { bindInterface: 'e"; }' } })] }],
    ['ttlMin', { bgpPeers: [aBgpPeer('x', { ttlSecurity: { enabled: true, ttlMin: hostile as unknown as number } })] }],
    ...(['receiveIntervalMilliseconds', 'transmitIntervalMilliseconds', 'detectMultiplier'] as const).map(
      (field): [string, ClusterOptions] => [
        `bfd.${field}`,
        { bgpPeers: [aBgpPeer('x', { bfd: { enabled: true, [field]: hostile as unknown as number } })] },
      ],
    ),
    ...(['restartTime', 'staleRoutesTime'] as const).map((field): [string, ClusterOptions] => [
      `gracefulRestart.${field}`,
      { bgpPeers: [aBgpPeer('x', { gracefulRestart: { [field]: hostile as unknown as number } })] },
    ]),
    [
      'gracefulRestart of the BgpConf',
      { bgpConfs: [aBgpConf({ gracefulRestart: { restartTime: hostile as never } })] },
    ],
    ['listenAddresses', { bgpConfs: [aBgpConf({ listenAddresses: [hostile] })] }],
    ['families', { bgpConfs: [aBgpConf({ families: [hostile as unknown as number] })] }],
    ['as', { bgpConfs: [aBgpConf({ as: hostile as unknown as number })] }],
    ['asPerRack', { bgpConfs: [aBgpConf({ asPerRack: { [hostile]: hostile as unknown as number } })] }],
    ['routerId', { bgpConfs: [aBgpConf({ routerId: hostile })] }],
    ['listenPort', { bgpConfs: [aBgpConf({ listenPort: hostile as unknown as number })] }],
  ])('%s is refused', (_, options) => {
    const { text, refused } = render(options);
    expect(refused).toHaveLength(1);
    expect(text).not.toContain('kernel');
  });

  it.each<[string, ClusterOptions]>([
    ['a published address', { services: [aService({ ips: [hostile] })] }],
    [
      'the name of an Eip and of a Service',
      { eips: [anEip(hostile)], services: [aService({ name: hostile, eip: hostile })] },
    ],
    [
      'the name of an Eip with attributes',
      {
        eips: [anEip(hostile, { address: '198.51.100.0/24', bgp: { med: 1 } })],
        services: [aService({ eip: hostile })],
      },
    ],
    ['a community', { eips: [anEip('v4', { bgp: { communities: [hostile] } })], services: [aService()] }],
    ['a MED', { eips: [anEip('v4', { bgp: { med: hostile as unknown as number } })], services: [aService()] }],
    [
      'a prefix length',
      { eips: [anEip('v4', { bgp: { aggregation: { ipv4: hostile as unknown as number } } })], services: [aService()] },
    ],
    [
      'the name of a BgpPeer',
      { eips: [anEip('v4', { bgp: { peers: { names: [hostile] } } })], services: [aService()] },
    ],
    [
      'annotations of a Service',
      {
        eips: [anEip('v4', { bgp: { allowServiceOverrides: { communities: true, peers: true } } })],
        services: [aService({ annotations: { 'skycap.io/bgp-communities': hostile, 'skycap.io/bgp-peers': hostile } })],
      },
    ],
    ['the address of a node', { nodes: [aNode({ ips: ['192.0.2.11', hostile] })] }],
    ['the name of a node', { nodeName: hostile, nodes: [aNode({ name: hostile })] }],
  ])('%s does not get into the text', (_, options) => {
    const { text } = render(options);
    expect(text).not.toContain('kernel');
    expect(birdRefusal(text)).toBeUndefined();
  });
});

describe('any objects', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 120 }),
    fc.string({
      unit: fc.constantFrom('"', '\\', '\n', '\r', ';', '{', '}', '#', '/', '*', ' ', 'a', '\0', 'é'),
      maxLength: 100,
    }),
    fc.string({ unit: 'grapheme', maxLength: 100 }),
  );
  /** Mostly a value that is fine, so that whole objects are accepted, and then one that is not. */
  const mostly = <T>(good: fc.Arbitrary<T>, any: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: any });
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
  const address = mostly(
    fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('127.0.0.1', '::1', 'fd00::1', '192.0.2.0', '10.255.255.255')),
    fc.constantFrom(
      '0.0.0.0',
      '224.0.0.1',
      '240.0.0.1',
      '255.255.255.255',
      '::',
      'fe80::1',
      'ff02::1',
      '::ffff:1.2.3.4',
    ),
  );
  const edges = fc.constantFrom(-1, 0, 1, 2, 3, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296);
  const as = mostly(fc.integer({ min: 1, max: 4_294_967_295 }), edges);
  const port = mostly(fc.integer({ min: 1, max: 65_535 }), edges);
  const seconds = mostly(fc.integer({ min: 3, max: 65_535 }), edges).map(String);
  const tamePassword = fc.string({ unit: fc.constantFrom('a', '\\', ';', '}', '#', "'", 'é', ' '), maxLength: 40 });
  const peer: fc.Arbitrary<BgpPeerObject> = fc
    .record({
      name: fc.oneof(text, fc.string({ minLength: 1, unit: fc.constantFrom('a', 'b', '-', '.', '1') })),
      conf: fc.record({
        neighborAddress: address,
        peerAs: as,
        localAs: maybe(as),
        authPassword: maybe(mostly(tamePassword, text)),
        description: maybe(text),
        adminDown: maybe(fc.boolean()),
      }),
      ebgpMultihop: maybe(
        fc.record({ enabled: fc.boolean(), multihopTtl: mostly(fc.integer({ min: 1, max: 255 }), edges) }),
      ),
      config: fc.record({ holdTime: maybe(seconds), connectRetry: maybe(seconds) }),
      transport: fc.record({ passiveMode: maybe(fc.boolean()), remotePort: maybe(port) }),
    })
    .map(({ name, conf, ebgpMultihop, config, transport }) => ({
      metadata: { name },
      spec: { conf, ebgpMultihop, timers: { config }, transport } as BgpPeerObject['spec'],
    }));
  const conf = fc.record({ as, routerId: maybe(fc.ipV4()), listenPort: maybe(port) });
  const wideEips: readonly EipObject[] = [anEip('v4', { address: '0.0.0.0/0' }), anEip('v6', { address: '::/0' })];
  const community = mostly(
    fc.oneof(
      fc.tuple(fc.nat(65_535), fc.nat(65_535)).map((parts) => parts.join(':')),
      fc.array(fc.nat(4_294_967_295), { minLength: 3, maxLength: 3 }).map((parts) => parts.join(':')),
      fc.tuple(fc.constantFrom('rt', 'ro'), fc.nat(65_535), fc.nat(4_294_967_295)).map((parts) => parts.join(':')),
      fc.tuple(fc.constantFrom('rt', 'ro'), fc.ipV4(), fc.nat(65_535)).map((parts) => parts.join(':')),
      fc.array(fc.nat(4_294_967_295), { minLength: 2, maxLength: 2 }).map((parts) => `generic:${parts.join(':')}`),
      fc.constantFrom('no-export', 'blackhole'),
    ),
    text,
  );
  const bgp = fc.record(
    {
      communities: fc.array(community, { maxLength: 32 }),
      localPref: mostly(fc.nat(4_294_967_295), edges),
      med: mostly(fc.nat(4_294_967_295), edges),
      asPathPrepend: mostly(fc.nat(10), edges),
      aggregation: fc.record({ ipv4: fc.integer({ min: 8, max: 31 }), ipv6: fc.integer({ min: 16, max: 127 }) }),
      peers: fc.record({ names: fc.array(fc.oneof(fc.constant('x'), text), { minLength: 1, maxLength: 3 }) }),
    },
    { requiredKeys: [] },
  );
  const allowed = { allowServiceOverrides: { communities: true, peers: true } };

  it('attributes that we accept BIRD accepts, and no text of an Eip or of a Service stands in the configuration', () => {
    let marked = 0;
    const listed = fc.array(fc.oneof(community, text), { maxLength: 4 }).map((items) => items.join());
    fc.assert(
      fc.property(bgp, listed, listed, (attributes, communities, peers) => {
        const annotations = { 'skycap.io/bgp-communities': communities, 'skycap.io/bgp-peers': peers };
        const { text } = render({
          bgpPeers: [aBgpPeer('x'), aBgpPeer('y', { conf: { neighborAddress: '192.0.2.2', peerAs: 64512 } })],
          eips: [
            anEip('v4', { bgp: { ...attributes, ...allowed } }),
            anEip('v6', { bgp: { ...attributes, ...allowed } }),
          ],
          services: [aService({ annotations }), aService({ name: 'other', ips: ['198.51.100.8', '2001:db8:100::8'] })],
        });
        expect(birdRefusal(text)).toBeUndefined();
        const statements = [...text.matchAll(/^ {6}(?!if source|accept;)(.*)$/gm)].map(([, statement]) => statement);
        for (const statement of statements) {
          expect(statement).toMatch(/^(bgp_\w+|skycap_\w+|if (defined\()?skycap_\w+)[ .:a-z_()=>,&!~0-9;-]*$/);
        }
        marked += statements.length;
      }),
      { numRuns: 80 },
    );
    expect(marked).toBeGreaterThan(200);
  });

  it('BIRD accepts what we accept, and the text holds no protocol that is not ours', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(peer, { maxLength: 8 }), conf, fc.array(address, { maxLength: 4 }), (peers, spec, ips) => {
        const bgpPeers = peers.filter(
          ({ metadata }, i) => peers.findIndex((other) => other.metadata.name === metadata.name) === i,
        );
        const services = ips.map((ip, i) =>
          aService({ name: `s${i}`, ips: [ip], eip: ip.includes(':') ? 'v6' : 'v4' }),
        );
        const { text } = render({ bgpConfs: [aBgpConf(spec)], bgpPeers, services, eips: wideEips });
        if (text === '') return;
        expect(birdRefusal(text)).toBeUndefined();
        const protocols = structure(text)
          .split('\n')
          .filter((line) => line.includes('protocol'));
        for (const line of protocols)
          expect(line).toMatch(/^(protocol (static|bgp|device) skycap_\w+ \{|timeformat protocol "";)$/);
        accepted += protocols.filter((line) => line.startsWith('protocol bgp')).length;
      }),
      { numRuns: 80 },
    );
    // Most random objects are refused; enough must not be.
    expect(accepted).toBeGreaterThan(100);
  });
});
