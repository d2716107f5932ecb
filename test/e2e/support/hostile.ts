/**
 * Two hundred objects that no cluster should be given, some from a table, the rest generated: what is malformed, what would mean something to BIRD, to a shell or
 * to a terminal, what is far too long, what takes addresses that are not to be had.
 */
import fc from 'fast-check';
import type { KubeObject } from '../../../lib/api/meta/object.ts';
import { PASSWORDS, REFUSED } from '../../real/manifests/rows.ts';

export type HostileKind = 'Eip' | 'BgpConf' | 'BgpPeer' | 'Service';

/** An object with anything as its spec. */
export interface Hostile extends KubeObject {
  readonly kind: HostileKind;
  readonly spec?: unknown;
}

const OPT_IN = { 'lb.kubesphere.io/v1alpha1': 'openelb' };
const TEXTS: readonly string[] = [
  '"; }\nprotocol kernel evil { ipv4 { export all; }; }\n#',
  'include "/etc/shadow";',
  '$(reboot) `reboot`',
  "'; DROP TABLE eips; --",
  '../../../etc/passwd',
  '%s%n%d',
  '\u001b[31mred',
  '\u202egnirts',
  'a\u0000b',
  '[object Object]',
  'é'.repeat(3_000),
  '',
  ' ',
];
/** Each would be an address or a range to a parser that is less strict, or is one that nobody may be given. */
const ADDRESSES: readonly string[] = [
  '0.0.0.0/0',
  '::/0',
  '127.0.0.1',
  '169.254.169.254',
  '224.0.0.0/4',
  '255.255.255.255',
  'fe80::/10',
  '::1',
  '198.51.100.300',
  '0x0a.0.0.1',
  '0300.51.100.1',
  '3325256704',
  '198.51.100.0/33',
  '198.51.100.0/-1',
  '198.51.100.0/24/24',
  '198.51.100.9-198.51.100.1',
  '198.51.100.1-2001:db8::1',
  '198.51.100.1-',
  '::ffff:198.51.100.1',
  '2001:db8::1%eth0',
  '１９８.51.100.1',
];
const ANNOTATIONS: readonly string[] = [
  'eip.openelb.kubesphere.io/v1alpha1',
  'protocol.openelb.kubesphere.io/v1alpha1',
  'node-proxy.openelb.kubesphere.io/type',
];

const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: 'binary', maxLength: 60 }));
const number = fc.oneof(fc.constantFrom(-1, 4_294_967_296, 2 ** 53, 65_536, 0.5), fc.integer({ max: -1 }));
const spec = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>) => fc.record(fields, { noNullPrototype: true });

/** Each generated object has one thing wrong with it, and is else as it should be. */
const eipSpecs = fc.oneof(
  spec({ address: fc.oneof(text, fc.constantFrom(...ADDRESSES)) }),
  spec({
    address: fc.constant('203.0.113.7'),
    protocol: fc.oneof(
      fc.constantFrom('ospf', 'BGP'),
      text.filter((t) => t !== ''),
    ),
  }),
  spec({
    address: fc.constant('203.0.113.7'),
    namespaces: fc.array(fc.constantFrom('No', '-', 'a/b', '"'), { minLength: 1 }),
  }),
  spec({ address: fc.constant('203.0.113.7'), whenFull: fc.constantFrom('pend', 'Explode', '"') }),
);
const confSpecs = fc.oneof(
  spec({ as: number }),
  spec({
    as: fc.constant(64_512),
    routerId: fc.oneof(
      fc.constantFrom('0.0.0.0', '::1', '1.2.3'),
      text.filter((t) => t !== ''),
    ),
  }),
  spec({ as: fc.constant(64_512), listenPort: number }),
  spec({ asPerRack: fc.dictionary(fc.constantFrom('rack-1', '"; }'), number, { minKeys: 1 }) }),
);
const router = { neighborAddress: '203.0.113.1', peerAs: 65_001 };
const peerSpecs = fc.oneof(
  text.map((neighborAddress) => ({ conf: { ...router, neighborAddress } })),
  fc
    .constantFrom('0.0.0.0', '224.0.0.5', 'fe80::1', '::')
    .map((neighborAddress) => ({ conf: { ...router, neighborAddress } })),
  number.map((peerAs) => ({ conf: { ...router, peerAs } })),
  fc.constantFrom('a"b', 'a\nb', 'é'.repeat(41)).map((authPassword) => ({ conf: { ...router, authPassword } })),
  fc
    .constantFrom('1', '2', '65536', '90s', '-3')
    .map((holdTime) => ({ conf: router, timers: { config: { holdTime } } })),
  number.map((remotePort) => ({ conf: router, transport: { remotePort } })),
  fc
    .constantFrom('Gt', 'in', '')
    .map((operator) => ({ conf: router, nodeSelector: { matchExpressions: [{ key: 'a', operator }] } })),
);
const serviceAnnotations = fc.tuple(
  fc.constantFrom(...ANNOTATIONS),
  text.filter((t) => /[^\s,]/.test(t)),
);

/** @param namespace of the Services. */
export function hostileObjects(namespace: string, generated: number, seed: number): readonly Hostile[] {
  const each = Math.ceil(generated / 4);
  const sample = <T>(arbitrary: fc.Arbitrary<T>): T[] => fc.sample(arbitrary, { numRuns: each, seed });
  const objects: Hostile[] = [
    ...REFUSED.map(([, manifest]) => manifest as unknown as Hostile).filter(
      ({ kind }) => kind !== ('EipClaim' as string),
    ),
    ...PASSWORDS.map(([, authPassword]) => made('BgpPeer', { conf: { ...router, authPassword } })),
    ...ADDRESSES.map((address) => made('Eip', { address })),
    ...TEXTS.map((address) => made('Eip', { address })),
    ...sample(eipSpecs).map((one) => made('Eip', one)),
    ...sample(confSpecs).map((one) => made('BgpConf', one)),
    ...sample(peerSpecs).map((one) => made('BgpPeer', one)),
    ...sample(serviceAnnotations).map(([key, value]) => hostileService(namespace, { [key]: value })),
    hostileService(namespace, { 'eip.openelb.kubesphere.io/v1alpha1': '198.51.100.1,198.51.100.2' }),
    hostileService(namespace, { 'eip.openelb.kubesphere.io/v1alpha1': '2001:db8::1' }),
    hostileService(namespace, { 'eip.openelb.kubesphere.io/v1alpha2': '"; }\n' }),
    hostileService(namespace, { 'skycap.io/sharing-key': 'k'.repeat(300) }),
  ];
  return objects.map((object, i) => ({
    ...object,
    apiVersion: object.kind === 'Service' ? 'v1' : 'network.kubesphere.io/v1alpha2',
    metadata: { ...object.metadata, name: nameFor(object, i) },
  }));
}

/** What only gets in where nothing looks at shapes: each field of a kind that it is not. */
export function shapeless(namespaced: string): readonly Hostile[] {
  const specs: readonly unknown[] = [
    null,
    'x',
    5,
    [],
    {},
    { address: 5, conf: 5, as: 'x' },
    { address: {}, conf: [], as: {} },
    { address: '0.0.0.0/0', conf: { neighborAddress: {}, peerAs: '"; }' }, as: -1 },
    { address: '203.0.113.9-203.0.113.1', conf: { ...router, authPassword: 'a"\n}' }, as: 64_512, routerId: '"; }' },
    { address: '203.0.113.7', priority: 'high', conf: router, afiSafis: {}, as: 64_512, listenPort: 'x' },
    { address: '203.0.113.7', namespaces: {}, conf: router, afiSafis: [null, 5, 'x'], asPerRack: [1] },
    { address: '203.0.113.7', namespaces: [5, null], conf: router, timers: 5, asPerRack: { a: 'x' } },
    { address: '203.0.113.7', namespaceSelector: [1], conf: router, timers: { config: { holdTime: {} } }, as: 0.5 },
    {
      address: '203.0.113.7',
      whenFull: { toString: 5 },
      conf: router,
      nodeSelector: { matchExpressions: 'x' },
      as: [1],
    },
    { address: '203.0.113.7', protocol: [], conf: router, nodeSelector: { matchExpressions: [5] }, as: 1e300 },
    { address: '203.0.113.7', protocol: 'ospf', conf: router, transport: { remotePort: '179; }' }, listenAddresses: 5 },
  ];
  return (['Eip', 'BgpPeer', 'BgpConf'] as const).flatMap((kind) =>
    specs.map((one, i) => ({
      apiVersion: 'network.kubesphere.io/v1alpha2',
      kind,
      metadata: { name: `${namespaced}-${kind.toLowerCase()}-${i}` },
      spec: one,
    })),
  );
}

function made(kind: HostileKind, of: unknown): Hostile {
  return { kind, metadata: {}, spec: of };
}

function hostileService(namespace: string, annotations: Readonly<Record<string, string>>): Hostile {
  const metadata = { namespace, annotations: { ...OPT_IN, ...annotations } };
  return { kind: 'Service', metadata, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } };
}

/** Names that are wrong stay so. */
function nameFor({ kind, metadata: { name } }: Hostile, i: number): string {
  return name !== undefined && name.length > 63 ? name : `bad-${kind.toLowerCase()}-${i}`;
}
