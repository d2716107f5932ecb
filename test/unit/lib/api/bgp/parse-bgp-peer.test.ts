/** Reading a BgpPeer: OpenELB's fields, what each of their values means here, and that a password is never shown. */
import fc from 'fast-check';
import type { BgpPeerObject } from '../../../../../lib/api/bgp/bgp-types.ts';
import { parseBgpPeer, unsupportedBgpPeerFields } from '../../../../../lib/api/bgp/parse-bgp-peer.ts';
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
      neighbor: { family: 4, value: 0xc0000201n },
      neighborPort: 179,
      neighborAs: 64513,
      disabled: false,
      passive: false,
      holdTimeSeconds: 90,
      keepaliveSeconds: 30,
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
    ['a description', { conf: { description: 'the "left" router' } }, { description: 'the "left" router' }],
    ['multihop without a number', { ebgpMultihop: { enabled: true } }, { ebgpMultihopTtl: 255 }],
    ['multihop', { ebgpMultihop: { enabled: true, multihopTtl: 3 } }, { ebgpMultihopTtl: 3 }],
    ['a hold time, and a third of it', timers({ holdTime: '30' }), { holdTimeSeconds: 30, keepaliveSeconds: 10 }],
    ['the shortest hold time', timers({ holdTime: '3' }), { holdTimeSeconds: 3, keepaliveSeconds: 1 }],
    [
      '"0", which is OpenELB for "not set"',
      timers({ holdTime: '0', connectRetry: '0', keepaliveInterval: '' }),
      { holdTimeSeconds: 90, keepaliveSeconds: 30, connectRetrySeconds: 10 },
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
      'an interface instead of an address',
      { conf: { neighborAddress: '', neighborInterface: 'eth0' } },
      /known by its interface alone is not supported yet/,
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
    ['a link-local address', { conf: { neighborAddress: 'fe80::1' } }, /is link-local and would need an interface/],
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

describe('unsupportedBgpPeerFields()', () => {
  it.each<[string, Spec, string[]]>([
    ['nothing set', {}, []],
    [
      'what is supported',
      {
        conf: { localAs: 1, authPassword: 'x', adminDown: true, description: 'd', peerType: 1 },
        transport: { remotePort: 1, passiveMode: true },
      },
      [],
    ],
    [
      'the rest of conf',
      {
        conf: {
          allowOwnAs: 1,
          replacePeerAs: true,
          removePrivateAs: 'ALL',
          neighborInterface: 'e',
          vrf: 'v',
          peerGroup: 'g',
          routeFlapDamping: true,
          sendCommunity: 1,
        },
      },
      ['spec.conf.neighborInterface', 'spec.conf.vrf', 'spec.conf.peerGroup'],
    ],
    [
      'values that ask for nothing',
      { conf: { removePrivateAs: 'NONE', allowOwnAs: 0, replacePeerAs: false }, gracefulRestart: {} },
      [],
    ],
    [
      'timers and transport',
      {
        timers: { config: { minimumAdvertisementInterval: '5' } },
        transport: { mtuDiscovery: true, remoteAddress: '10.0.0.1', tcpMss: 1400 },
      },
      ['spec.timers.config.minimumAdvertisementInterval', 'spec.transport.remoteAddress', 'spec.transport.tcpMss'],
    ],
    ['graceful restart', { gracefulRestart: { enabled: false, restartTime: 120 } }, ['spec.gracefulRestart']],
    ['graceful restart as it is', { gracefulRestart: { enabled: true, restartTime: 60, helperOnly: false } }, []],
    ['graceful restart, off by its zero value', { gracefulRestart: { enabled: false } }, []],
    ['a helper alone', { gracefulRestart: { enabled: true, helperOnly: true } }, ['spec.gracefulRestart']],
    [
      "what happens anyway, and OpenELB's defaults",
      {
        conf: { neighborAddress: '192.0.2.1', allowOwnAs: 3, sendCommunity: 2 },
        timers: { config: { minimumAdvertisementInterval: '30' } },
        transport: { mtuDiscovery: true, remoteAddress: '192.0.2.1' },
        afiSafis: [
          { config: {} },
          { addPaths: { config: { sendMax: 10, receive: true } }, mpGracefulRestart: { config: { enabled: true } } },
        ],
      },
      [],
    ],
  ])('%s', (_, spec, fields) => {
    expect(unsupportedBgpPeerFields(aBgpPeer('x', spec))).toEqual(fields);
  });
});
