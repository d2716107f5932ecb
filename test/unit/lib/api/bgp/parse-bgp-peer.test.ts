/** Reading a BgpPeer: OpenELB's fields, what each of their values means here, and that a password is never shown. */
import fc from 'fast-check';
import type { BgpPeerObject } from '../../../../../lib/api/bgp/bgp-types.ts';
import { parseBgpPeer } from '../../../../../lib/api/bgp/parse-bgp-peer.ts';
import { formatProblems } from '../../../../../lib/api/problem.ts';
import { aBgpPeer } from '../../../../support/speaker-builders.ts';

type Spec = NonNullable<BgpPeerObject['spec']>;

function parsed(spec: Spec = {}) {
  const result = parseBgpPeer(aBgpPeer('router-1', spec));
  if (!result.ok) throw new Error(`Cannot parse the BgpPeer: ${formatProblems(result.problems)}`);
  return result.value;
}

function problemsOf(spec: Spec): string {
  const result = parseBgpPeer(aBgpPeer('router-1', spec));
  return result.ok ? '' : formatProblems(result.problems);
}

const timers = (config: NonNullable<Spec['timers']>['config']): Spec => ({ timers: { config } });

describe('parseBgpPeer()', () => {
  it('fills in what is not said', () => {
    expect(parsed()).toEqual({
      name: 'router-1',
      neighbor: { kind: 'address', address: { family: 4, value: 0xc0000201n } },
      neighborPort: 179,
      neighborAs: 64513,
      disabled: false,
      passive: false,
      holdTimeSeconds: 15,
      keepaliveSeconds: 5,
      connectRetrySeconds: 10,
      nodeSelector: [],
      announcedByCni: false,
    });
  });

  it.each<[string, Spec, object]>([
    ['an AS number of its own', { conf: { localAs: 65000 } }, { localAs: 65000 }],
    ['a port', { transport: { remotePort: 1790 } }, { neighborPort: 1790 }],
    ['passive mode', { transport: { passiveMode: true } }, { passive: true }],
    ['adminDown', { conf: { adminDown: true } }, { disabled: true }],
    ['a password of 80 bytes', { conf: { authPassword: 'p'.repeat(80) } }, { password: 'p'.repeat(80) }],
    [
      'a Secret',
      { conf: { authPasswordSecretRef: { name: 's.x', key: 'r-1' } } },
      { passwordRef: { name: 's.x', key: 'r-1' } },
    ],
    [
      'a Secret without a key',
      { conf: { authPasswordSecretRef: { name: 's' } } },
      { passwordRef: { name: 's', key: 'password' } },
    ],
    ['a description', { conf: { description: 'the "left" router' } }, { description: 'the "left" router' }],
    ['a path by each node', { nextHops: 'AllNodes' }, { nextHops: 'AllNodes' }],
    ['multihop without a number', { ebgpMultihop: { enabled: true } }, { ebgpMultihopTtl: 255 }],
    ['multihop', { ebgpMultihop: { enabled: true, multihopTtl: 3 } }, { ebgpMultihopTtl: 3 }],
    ['a hold time, and a third of it', timers({ holdTime: '30' }), { holdTimeSeconds: 30, keepaliveSeconds: 10 }],
    ['a keepalive interval alone', timers({ keepaliveInterval: '60' }), { holdTimeSeconds: 90, keepaliveSeconds: 60 }],
    ['the shortest hold time', timers({ holdTime: '3' }), { holdTimeSeconds: 3, keepaliveSeconds: 1 }],
    [
      '"0", which is OpenELB for "not set"',
      timers({ holdTime: '0', connectRetry: '0', keepaliveInterval: '' }),
      { holdTimeSeconds: 15, keepaliveSeconds: 5, connectRetrySeconds: 10 },
    ],
    [
      'all timers',
      timers({ holdTime: '9', keepaliveInterval: '2', connectRetry: '120' }),
      { holdTimeSeconds: 9, keepaliveSeconds: 2, connectRetrySeconds: 120 },
    ],
    [
      'families',
      {
        afiSafis: [
          { config: { family: { afi: 'AFI_IP6', safi: 'SAFI_UNICAST' } } },
          { config: { family: { afi: 'AFI_IP' } } },
        ],
      },
      { families: [4, 6] },
    ],
    [
      'an entry without a family: that of the address',
      { afiSafis: [{ config: { enabled: true } }] },
      { families: [4] },
    ],
    [
      'a family that is off',
      {
        afiSafis: [
          { config: { family: { afi: 'AFI_IP' }, enabled: false } },
          { config: { family: { afi: 'AFI_IP6' } } },
        ],
      },
      { families: [6] },
    ],
    [
      'a node selector',
      { nodeSelector: { matchLabels: { rack: 'a' }, matchExpressions: [{ key: 'gpu', operator: 'DoesNotExist' }] } },
      {
        nodeSelector: [
          { key: 'rack', operator: 'In', values: ['a'] },
          { key: 'gpu', operator: 'DoesNotExist', values: [] },
        ],
      },
    ],
    [
      'a link-local address and its interface',
      { conf: { neighborAddress: 'fe80::1', neighborInterface: 'eth1' } },
      { neighbor: { kind: 'linkLocal', interface: 'eth1' } },
    ],
    [
      'an interface alone',
      { conf: { neighborAddress: '', neighborInterface: 'eth1.10' } },
      { neighbor: { kind: 'interface', interface: 'eth1.10' } },
    ],
    [
      'a prefix, without its host bits',
      { conf: { neighborAddress: '', neighborPrefix: '192.0.2.7/24' } },
      { neighbor: { kind: 'prefix', text: '192.0.2.0/24' } },
    ],
    ['any AS number', { conf: { peerAs: 0, dynamicPeerAs: 'external' } }, { neighborAs: 'external' }],
    ["the node's AS number", { conf: { peerAs: 0, dynamicPeerAs: 'internal' } }, { neighborAs: 'internal' }],
    ['TTL security', { ttlSecurity: { enabled: true } }, { ttlSecurityHops: 1 }],
    ['TTL security over two hops', { ttlSecurity: { enabled: true, ttlMin: 254 } }, { ttlSecurityHops: 2 }],
    [
      'BFD',
      { bfd: { enabled: true } },
      { bfd: { receiveIntervalMs: 200, transmitIntervalMs: 200, multiplier: 3, passive: false } },
    ],
    [
      'BFD with all its fields',
      {
        bfd: {
          enabled: true,
          receiveIntervalMilliseconds: 50,
          transmitIntervalMilliseconds: 60,
          detectMultiplier: 5,
          passiveMode: true,
        },
      },
      { bfd: { receiveIntervalMs: 50, transmitIntervalMs: 60, multiplier: 5, passive: true } },
    ],
    [
      'a source address',
      { transport: { localAddress: '192.0.2.11' } },
      { localAddress: { family: 4, value: 0xc000020bn } },
    ],
    ['a source interface', { transport: { bindInterface: 'eth1' } }, { bindInterface: 'eth1' }],
    ['a VRF', { conf: { vrf: 'red' } }, { vrf: 'red' }],
    [
      'graceful restart as a helper alone',
      { gracefulRestart: { helperOnly: true } },
      { gracefulRestart: { helperOnly: true, restartSeconds: 60 } },
    ],
    [
      'long-lived graceful restart',
      { gracefulRestart: { restartTime: 120, longlivedEnabled: true, staleRoutesTime: 600 } },
      { gracefulRestart: { helperOnly: false, restartSeconds: 120, longLivedStaleSeconds: 600 } },
    ],
  ])('reads %s', (_, spec, expected) => {
    expect(parsed(spec)).toMatchObject(expected);
  });

  it('leaves multihop out where it is not enabled', () => {
    expect(parsed({ ebgpMultihop: { enabled: false, multihopTtl: 3 } })).not.toHaveProperty('ebgpMultihopTtl');
  });

  it('sees the label of a CNI', () => {
    const result = parseBgpPeer(aBgpPeer('r', {}, { labels: { 'openelb.kubesphere.io/cni': 'x' } }));
    expect(result.ok && result.value.announcedByCni).toBe(true);
  });

  it.each<[string, Spec, RegExp]>([
    [
      'no address',
      { conf: { neighborAddress: '' } },
      /^spec\.conf\.neighborAddress: is missing; write the router's IP address/,
    ],
    [
      'a prefix beside an address',
      { conf: { neighborPrefix: '192.0.2.0/24' } },
      /^spec\.conf\.neighborAddress: must be left out beside spec\.conf\.neighborPrefix/,
    ],
    [
      'an address for a prefix',
      { conf: { neighborAddress: '', neighborPrefix: '192.0.2.1' } },
      /^spec\.conf\.neighborPrefix: "192\.0\.2\.1" is not a prefix; write one such as 192\.0\.2\.0\/24/,
    ],
    [
      'a prefix of link-local addresses',
      { conf: { neighborAddress: '', neighborPrefix: 'fe80::/64' } },
      /neighborPrefix: "fe80::\/64" has addresses of no router in it; write a prefix such as/,
    ],
    [
      'an interface beside a global address',
      { conf: { neighborInterface: 'eth1' } },
      /^spec\.conf\.neighborInterface: "eth1" is for a link-local address or for none; .* spec\.transport\.bindInterface/,
    ],
    [
      'an interface that is none',
      { conf: { neighborAddress: '', neighborInterface: 'eth1"; }' } },
      /^spec\.conf\.neighborInterface: "eth1\\"; }" is not an interface's name; write one such as eth0/,
    ],
    [
      'two AS numbers',
      { conf: { dynamicPeerAs: 'external' } },
      /^spec\.conf\.peerAs: "64513" must be left out beside spec\.conf\.dynamicPeerAs/,
    ],
    [
      'an unknown kind of AS number',
      { conf: { peerAs: 0, dynamicPeerAs: 'any' as 'external' } },
      /^spec\.conf\.dynamicPeerAs: "any" is not known; write "external"/,
    ],
    [
      'TTL security beside multihop',
      { ttlSecurity: { enabled: true }, ebgpMultihop: { enabled: true } },
      /^spec\.ebgpMultihop: must be left out beside spec\.ttlSecurity/,
    ],
    [
      'BFD with one packet',
      { bfd: { enabled: true, detectMultiplier: 1 } },
      /^spec\.bfd\.detectMultiplier: "1" is not a whole number from 2 to 255/,
    ],
    [
      'BFD each 5 ms',
      { bfd: { receiveIntervalMilliseconds: 5 } },
      /^spec\.bfd\.receiveIntervalMilliseconds: "5" is not a whole number from 10 to 60000/,
    ],
    [
      'a source address of the other family',
      { transport: { localAddress: 'fd00::11' } },
      /^spec\.transport\.localAddress: "fd00::11" is not of the router's family; write an IPv4 address/,
    ],
    [
      'a source interface towards a router some hops away',
      { transport: { bindInterface: 'eth1' }, ebgpMultihop: { enabled: true } },
      /^spec\.transport\.bindInterface: is for a router on a network of the node/,
    ],
    [
      'BFD in a VRF',
      { conf: { vrf: 'red' }, bfd: { enabled: true } },
      /^spec\.bfd: is not possible beside spec\.conf\.vrf/,
    ],
    [
      'a Secret beside a password',
      { conf: { authPassword: 'hush', authPasswordSecretRef: { name: 's' } } },
      /^spec\.conf\.authPassword: must be left out beside spec\.conf\.authPasswordSecretRef$/,
    ],
    [
      'a Secret by a path',
      { conf: { authPasswordSecretRef: { name: '../s', key: 'a/b' } } },
      /^spec\.conf\.authPasswordSecretRef\.name: "\.\.\/s" is not a Secret's name.*authPasswordSecretRef\.key: "a\/b" is not a key/,
    ],
    ['a VRF that is none', { conf: { vrf: '../red' } }, /^spec\.conf\.vrf: "\.\.\/red" is not an interface's name/],
    [
      'a restart time that does not fit in 12 bits',
      { gracefulRestart: { restartTime: 4096 } },
      /^spec\.gracefulRestart\.restartTime: "4096" is not a whole number from 1 to 4095/,
    ],
    [
      'a name',
      { conf: { neighborAddress: 'router' } },
      /neighborAddress: "router" is not an IP address; write one such as/,
    ],
    ['an octal octet', { conf: { neighborAddress: '192.0.2.010' } }, /has leading zeros; write 192\.0\.2\.10/],
    ['a port', { conf: { neighborAddress: '192.0.2.1:1790' } }, /has a port; write 192\.0\.2\.1/],
    ['a prefix length', { conf: { neighborAddress: '192.0.2.1/24' } }, /has a prefix length; write 192\.0\.2\.1/],
    ['a list', { conf: { neighborAddress: '192.0.2.1,192.0.2.2' } }, /is a list; write one BgpPeer for each router/],
    [
      'a host name',
      { conf: { neighborAddress: 'r1.example.com' } },
      /host names are not looked up; write one such as 192\.0\.2\.1/,
    ],
    ['a zone', { conf: { neighborAddress: 'fe80::1%eth0' } }, /is link-local/],
    [
      'a link-local address',
      { conf: { neighborAddress: 'fe80::1' } },
      /is link-local; write its interface in spec\.conf\.neighborInterface/,
    ],
    ['a multicast address', { conf: { neighborAddress: '224.0.0.5' } }, /is no router's address/],
    ['the unspecified address', { conf: { neighborAddress: '::' } }, /is no router's address/],
    ['no AS number', { conf: { peerAs: 0 } }, /^spec\.conf\.peerAs: is missing; write the router's AS number/],
    ['a bad AS number', { conf: { peerAs: 2 ** 32 } }, /^spec\.conf\.peerAs: "4294967296" is not a whole number/],
    ['a bad AS number of its own', { conf: { localAs: -1 } }, /^spec\.conf\.localAs: "-1"/],
    ['a bad port', { transport: { remotePort: 70_000 } }, /^spec\.transport\.remotePort: "70000" is not/],
    [
      'too many hops',
      { ebgpMultihop: { enabled: true, multihopTtl: 256 } },
      /^spec\.ebgpMultihop\.multihopTtl: "256" is not a whole number from 1 to 255/,
    ],
    [
      'a hold time of 2 s (RFC 4271 §4.2)',
      timers({ holdTime: '2' }),
      /^spec\.timers\.config\.holdTime: "2" is not a number of seconds from 3/,
    ],
    ['a timer with a unit', timers({ holdTime: '90s' }), /holdTime: "90s" is not a number of seconds/],
    ['a timer as a number', timers({ holdTime: 90 as unknown as string }), /holdTime: "90" is not/],
    [
      'a keepalive longer than the hold time',
      timers({ holdTime: '9', keepaliveInterval: '10' }),
      /keepaliveInterval: "10" is longer than the hold time of 9 s; write a third/,
    ],
    [
      'an unknown family',
      { afiSafis: [{ config: { family: { afi: 'AFI_LS' } } }] },
      /afiSafis\[0\]\.config\.family\.afi: "AFI_LS" is not supported; write "AFI_IP"/,
    ],
    [
      'another SAFI',
      { afiSafis: [{ config: { family: { afi: 'AFI_IP', safi: 'SAFI_MPLS_VPN' } } }] },
      /safi: "SAFI_MPLS_VPN" is not supported/,
    ],
    ['no family left', { afiSafis: [{ config: { enabled: false } }] }, /^spec\.afiSafis: has no enabled family/],
    [
      'an unknown operator',
      { nodeSelector: { matchExpressions: [{ key: 'a', operator: 'Gt' }] } },
      /nodeSelector\.matchExpressions\[0\]\.operator: "Gt" is not known/,
    ],
    [
      'In without values',
      { nodeSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
      /values: is missing; In needs at least one value/,
    ],
    [
      'Exists with values',
      { nodeSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] } },
      /values: must be left out/,
    ],
  ])('refuses %s', (_, spec, message) => {
    expect(problemsOf(spec)).toMatch(message);
  });

  it('collects every problem', () => {
    const result = parseBgpPeer({ metadata: { name: 'x' }, spec: { transport: { remotePort: -1 } } });
    expect(result.ok ? [] : result.problems.map(({ field }) => field)).toEqual([
      'spec.conf.neighborAddress',
      'spec.conf.peerAs',
      'spec.transport.remotePort',
    ]);
  });

  describe('passwords', () => {
    it.each([
      ['a double quote', 'se"cret'],
      ['a newline', 'se\ncret'],
      ['a carriage return', 'se\rcret'],
      ['a null', 'se\0cret'],
      ['a C1 control character', 'se\u0085cret'],
      ['half a surrogate pair', 'se\ud800cret'],
      ['81 bytes', 's'.repeat(81)],
      ['41 letters of two bytes', 'é'.repeat(41)],
      ['10 kB', 'secret'.repeat(2_000)],
    ])('with %s is refused and not shown', (_, authPassword) => {
      const text = problemsOf({ conf: { authPassword } });
      expect(text).toMatch(/^spec\.conf\.authPassword: (has a double quote|is longer than 80 bytes)/);
      expect(text).not.toContain('secret');
      expect(text).not.toContain('cret');
    });

    it.each(['a\\b', "it's", '{};#', 'ünïcode', '$(x)', '/* x */', ' '])('%j is taken as it is', (authPassword) => {
      expect(parsed({ conf: { authPassword } }).password).toBe(authPassword);
    });

    it('empty means none', () => {
      expect(parsed({ conf: { authPassword: '' } })).not.toHaveProperty('password');
    });

    it('no password stands in any problem, whatever else is wrong', () => {
      fc.assert(
        fc.property(fc.string({ minLength: 6, maxLength: 200, unit: 'binary' }), (authPassword) => {
          const text = problemsOf({ conf: { authPassword, peerAs: -1 }, timers: { config: { holdTime: 'x' } } });
          // A short password may occur by chance: the sentences are compared with those for another password.
          const other = problemsOf({ conf: { peerAs: -1 }, timers: { config: { holdTime: 'x' } } });
          return (
            text.replace(/spec\.conf\.authPassword: [^;]*(; write a (password without|shorter password))(; )?/, '') ===
            other
          );
        }),
      );
    });
  });

  it('never throws, whatever stands in the fields', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (conf, timer, other) => {
        const record = (value: unknown) => (typeof value === 'object' && value !== null ? value : {});
        parseBgpPeer({
          metadata: { name: 'x' },
          spec: { conf: record(conf), timers: { config: { holdTime: timer } }, transport: { remotePort: other } },
        } as unknown as BgpPeerObject);
      }),
    );
  });
});
