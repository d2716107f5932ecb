/** Eip, BgpConf and BgpPeer under review: refused with the remedy, warned of what has no effect, and never for what was wrong before. */
import pino from 'pino';
import { ALL_PROTOCOLS, parseProtocols } from '../../../../lib/api/eip/protocols.ts';
import type { KubeObject } from '../../../../lib/api/meta/object.ts';
import { findPolicy } from '../../../../lib/api/policy/find-policy.ts';
import { validate } from '../../../../webhook/admission/validate.ts';
import type { AdmissionRequest } from '../../../../webhook/review/review.ts';
import { aPolicyMap } from '../../../support/speaker-builders.ts';
import { claim, holder } from '../../lib/ipam/builders.ts';
import { clusterStateOf, eipObject } from '../builders.ts';

const DEFAULT = { annotations: { 'eip.openelb.kubesphere.io/is-default-eip': 'true' } };
const stored = [eipObject('web', '198.51.100.0/24', {}, DEFAULT), eipObject('v6', '2001:db8::/64')];
const { cluster, sources } = clusterStateOf(stored, [claim('198.51.100.7', [holder('front')])]);
const log = pino({ level: 'silent' });

function judged(
  kind: string,
  object: KubeObject,
  old?: KubeObject,
  differs: Partial<AdmissionRequest> = {},
  protocols = ALL_PROTOCOLS,
): string {
  const { answer } = validate(
    {
      uid: 'r1',
      kind,
      operation: old ? 'UPDATE' : 'CREATE',
      name: object.metadata.name ?? '',
      namespace: '',
      object,
      ...(old && { oldObject: old }),
      dryRun: false,
      userName: 'kim',
      ...differs,
    },
    { cluster, policyOf: (policy) => findPolicy(`skycap-system/${policy}`, configMaps.get(policy)), protocols, log },
  );
  const warnings = answer.warnings ?? [];
  return [answer.allowed ? 'allowed' : `refused ${answer.message}`, ...warnings.map((text) => `warning ${text}`)].join(
    '\n',
  );
}

/** ConfigMaps of Skycap's namespace, by name. */
const configMaps = new Map([
  ['good', aPolicyMap('[global.apply-policy.config]\ndefault-export-policy = "reject-route"\n')],
  ['broken', aPolicyMap('[global.apply-policy.config]\ndefault-export-policy = "reject"\n')],
]);

const bgpConf = (spec: object, metadata: object = {}): KubeObject =>
  ({ metadata: { name: 'default', ...metadata }, spec }) as KubeObject;
const bgpPeer = (conf: object, spec: object = {}): KubeObject =>
  ({
    metadata: { name: 'router' },
    spec: { conf: { neighborAddress: '192.0.2.1', peerAs: 64513, ...conf }, ...spec },
  }) as KubeObject;

it('an Eip or a BgpPeer of a protocol that is off has a warning when it is written', () => {
  const off = ' is off in this installation; add it to SKYCAP_PROTOCOLS (value protocols of the Helm chart)';
  const [onLan, layer2] = [eipObject('new', '203.0.113.0/24', { protocol: 'layer2' }), parseProtocols('layer2')];
  expect(judged('Eip', onLan, undefined, {}, layer2)).toBe('allowed');
  expect(judged('Eip', onLan, undefined, {}, parseProtocols('bgp'))).toBe(
    `allowed\nwarning spec.protocol: layer2${off}`,
  );
  expect(judged('Eip', onLan, onLan, {}, parseProtocols('bgp'))).toBe('allowed');
  expect(judged('BgpPeer', bgpPeer({}), undefined, {}, layer2)).toBe(`allowed\nwarning spec: bgp${off}`);
  const watched = bgpPeer({}, { bfd: { enabled: true } });
  expect(judged('BgpPeer', watched, undefined, {}, parseProtocols('bgp'))).toBe(`allowed\nwarning spec.bfd: bfd${off}`);
});

describe('Eip', () => {
  it.each<[string, KubeObject, KubeObject | undefined, string | RegExp]>([
    ['a good one', eipObject('new', '203.0.113.0/24'), undefined, 'allowed'],
    [
      'malformed',
      eipObject('new', '10.0.0.300'),
      undefined,
      'refused spec.address: "10.0.0.300" is not an IP address; write a whole one, with numbers from 0 to 255, without leading zeros',
    ],
    [
      'a CIDR with host bits: what it will mean',
      eipObject('new', '203.0.113.9/29'),
      undefined,
      'allowed\nwarning spec.address: "203.0.113.9/29" means all of 203.0.113.8/29: 203.0.113.8 to 203.0.113.15',
    ],
    [
      'a CIDR with host bits, as it was',
      eipObject('new', '203.0.113.9/29', {}, { labels: { a: 'b' } }),
      eipObject('new', '203.0.113.9/29'),
      'allowed',
    ],
    ['a single address as a CIDR', eipObject('new', '203.0.113.9/32'), undefined, 'allowed'],
    ['overlapping', eipObject('new', '198.51.100.128/25'), undefined, /^refused spec.address: .* overlaps Eip "web"/],
    [
      'a second default',
      eipObject('new', '203.0.113.0/24', {}, DEFAULT),
      undefined,
      /^refused .*second default.*"web"/,
    ],
    [
      'with a field that has no effect',
      eipObject('new', '203.0.113.0/24', { interface: 'eth0' }),
      undefined,
      /^allowed\nwarning spec.interface: "eth0" has no effect with protocol bgp/,
    ],
    [
      'with an attribute that is none',
      eipObject('new', '203.0.113.0/24', { bgp: { communities: ['65536:1'] } }),
      undefined,
      /^refused spec.bgp.communities\[0\]: "65536:1" has a number above 65535/,
    ],
    [
      'for a router that is not there, with an aggregate beyond its addresses',
      eipObject('new', '203.0.113.0/25', { bgp: { peers: { names: ['tor'] }, aggregation: { ipv4: 24 } } }),
      undefined,
      [
        'allowed',
        'warning spec.bgp.aggregation.ipv4: 203.0.113.0/24 has addresses that are not of this Eip (203.0.113.0-203.0.113.127); routers send the packets for these to the nodes, too',
        'warning spec.bgp.peers.names: there is no BgpPeer "tor"',
        'warning spec.bgp.peers: selects no BgpPeer that exists, so no router gets the routes',
      ].join('\n'),
    ],
    [
      'for a router that is not there, as before',
      eipObject('new', '203.0.113.0/25', { bgp: { peers: { names: ['tor'] }, med: 5 } }),
      eipObject('new', '203.0.113.0/25', { bgp: { peers: { names: ['tor'] } } }),
      'allowed',
    ],
    ['growing', eipObject('web', '198.51.100.0-198.51.101.255', {}, DEFAULT), stored[0], 'allowed'],
    ['shrinking beside the addresses in use', eipObject('web', '198.51.100.0/28', {}, DEFAULT), stored[0], 'allowed'],
    [
      'shrinking under an address in use',
      eipObject('web', '198.51.100.128/25', {}, DEFAULT),
      stored[0],
      /^refused spec.address: .*198\.51\.100\.7 \(shop\/front\)/,
    ],
    [
      'labelled, though it was broken before',
      eipObject('web', 'nonsense', {}, { labels: { a: 'b' } }),
      eipObject('web', 'nonsense'),
      /^allowed\nwarning spec.address: "nonsense"/,
    ],
    [
      'broken in another way',
      eipObject('web', 'nonsense2'),
      eipObject('web', 'nonsense'),
      /^refused spec.address: "nonsense2"/,
    ],
    ['broken, but being deleted', eipObject('web', 'nonsense', {}, { deletionTimestamp: 'now' }), stored[0], 'allowed'],
  ])('%s', (_, object, old, expected) => {
    expect(judged('Eip', object, old)).toMatch(expected);
    if (typeof expected === 'string') expect(judged('Eip', object, old)).toBe(expected);
  });

  it('is not compared with others that are not known yet, and says so', () => {
    sources.eips.synced = false;
    expect(judged('Eip', eipObject('new', '198.51.100.128/25'))).toBe(
      'allowed\nwarning not compared with other Eips: the Eips are not read yet',
    );
    sources.eips.synced = true;
  });
});

describe('BgpConf and BgpPeer', () => {
  it.each<[string, string, KubeObject, KubeObject | undefined, string | RegExp]>([
    ['a good BgpConf', 'BgpConf', bgpConf({ as: 64512 }), undefined, 'allowed'],
    ['a BgpConf without AS', 'BgpConf', bgpConf({}), undefined, /^refused spec.as: is missing/],
    [
      'a BgpConf of another name',
      'BgpConf',
      bgpConf({ as: 64512 }, { name: 'mine' }),
      undefined,
      /^allowed\nwarning metadata.name: only the BgpConf named "default" has an effect$/,
    ],
    ['a BgpConf with a policy', 'BgpConf', bgpConf({ as: 64512, policy: 'good' }), undefined, 'allowed'],
    [
      'a BgpConf with a policy that is not there',
      'BgpConf',
      bgpConf({ as: 64512, policy: 'p' }),
      undefined,
      /^allowed\nwarning spec.policy: there is no ConfigMap skycap-system\/p; create it/,
    ],
    [
      'a BgpConf with a policy that is broken',
      'BgpConf',
      bgpConf({ as: 64512, policy: 'broken' }),
      undefined,
      /^allowed\nwarning spec.policy: ConfigMap skycap-system\/broken: gobgp.conf line 2: .*"reject" is unknown/,
    ],
    ['a good policy', 'ConfigMap', aPolicyMap(''), undefined, 'allowed'],
    [
      'a broken policy',
      'ConfigMap',
      aPolicyMap('a = 1'),
      undefined,
      /^refused gobgp.conf line 1: a: "1" is not supported/,
    ],
    [
      'a policy that was broken before',
      'ConfigMap',
      aPolicyMap('a = 1'),
      aPolicyMap('a = 1'),
      /^allowed\nwarning gobgp.conf line 1: a/,
    ],
    ['a good BgpPeer', 'BgpPeer', bgpPeer({}), undefined, 'allowed'],
    [
      'a BgpPeer without address',
      'BgpPeer',
      bgpPeer({ neighborAddress: '' }),
      undefined,
      /^refused spec.conf.neighborAddress: is missing/,
    ],
    [
      'a BgpPeer with a group',
      'BgpPeer',
      bgpPeer({ peerGroup: 'g', allowOwnAs: 1 }),
      undefined,
      /^allowed\nwarning spec.conf.peerGroup: has no effect: there are no groups; .*\nwarning spec.conf.allowOwnAs: has no effect: /,
    ],
    [
      'a BgpPeer that was broken before',
      'BgpPeer',
      bgpPeer({ peerAs: 0, description: 'x' }),
      bgpPeer({ peerAs: 0 }),
      /^allowed\nwarning spec.conf.peerAs/,
    ],
    [
      'an edit of a BgpPeer that resets its sessions',
      'BgpPeer',
      bgpPeer({ localAs: 65_000 }),
      bgpPeer({}),
      /^allowed\nwarning spec.conf.localAs: the edit resets the session of each selected node: routers lose their routes/,
    ],
    ['a kind that is not ours', 'Pod', bgpPeer({ neighborAddress: '' }), undefined, 'allowed'],
    [
      'a kind named as what every object has',
      'function Object() { [native code] }',
      bgpPeer({ neighborAddress: '' }),
      undefined,
      'allowed',
    ],
  ])('%s', (_, kind, object, old, expected) => {
    expect(judged(kind, object, old)).toMatch(expected);
  });

  it('a deletion is always allowed', () => {
    expect(judged('BgpConf', bgpConf({}), undefined, { operation: 'DELETE' })).toBe('allowed');
  });

  it('a password is shown in no refusal', () => {
    const said = judged('BgpPeer', bgpPeer({ authPassword: 'very"secret' }));
    expect(said).toMatch(/^refused spec.conf.authPassword/);
    expect(said).not.toContain('secret');
  });
});
