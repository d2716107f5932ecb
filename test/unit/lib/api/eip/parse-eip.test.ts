/** Reading an Eip. The table of spellings is OpenELB's own behaviour (what its webhook and its speaker accepted). */
import fc from 'fast-check';
import type { Eip } from '../../../../../lib/api/eip/eip.ts';
import type { EipObject } from '../../../../../lib/api/eip/eip-types.ts';
import { parseEip, unsupportedEipFields } from '../../../../../lib/api/eip/parse-eip.ts';
import { formatProblems } from '../../../../../lib/api/problem.ts';
import { addressOf, formatAddress } from '../../../../../lib/net/address.ts';
import { firstAddress, lastAddress, rangeSize } from '../../../../../lib/net/range.ts';

function eipObject(spec: EipObject['spec'], metadata: Partial<EipObject['metadata']> = {}): EipObject {
  return { metadata: { name: 'web', uid: 'u-1', creationTimestamp: '2026-01-02T03:04:05Z', ...metadata }, spec };
}

function parsed(raw: EipObject): Eip {
  const result = parseEip(raw);
  if (!result.ok) throw new Error(`Cannot parse the Eip: ${formatProblems(result.problems)}`);
  return result.value;
}

function problemsOf(raw: EipObject): string {
  const result = parseEip(raw);
  return result.ok ? '' : formatProblems(result.problems);
}

describe('spec.address', () => {
  // OpenELB's column "webhook" says what was accepted there; where we differ, the row says why.
  const accepted: readonly (readonly [string, string, string, bigint])[] = [
    ['192.168.0.1', '192.168.0.1', '192.168.0.1', 1n],
    ['2001:db8::1', '2001:db8::1', '2001:db8::1', 1n],
    ['192.168.0.1/24', '192.168.0.0', '192.168.0.255', 256n],
    ['192.168.0.1-192.168.0.100', '192.168.0.1', '192.168.0.100', 100n],
    ['2001:db8::/120', '2001:db8::', '2001:db8::ff', 256n],
    ['2001:db8::/64', '2001:db8::', '2001:db8::ffff:ffff:ffff:ffff', 1n << 64n], // OpenELB's size overflowed to 0
    ['2001:db8::/65', '2001:db8::', '2001:db8::7fff:ffff:ffff:ffff', 1n << 63n], // and to a negative one
    ['2001:db8::-2001:db8::10', '2001:db8::', '2001:db8::10', 17n],
    ['10.0.0.0/8', '10.0.0.0', '10.255.255.255', 1n << 24n],
    ['1.0.0.0-9.255.255.255', '1.0.0.0', '9.255.255.255', 9n << 24n],
  ];
  it.each(accepted)('%s is %s to %s', (address, first, last, size) => {
    const { range } = parsed(eipObject({ address }));
    expect(formatAddress(firstAddress(range))).toBe(first);
    expect(formatAddress(lastAddress(range))).toBe(last);
    expect(rangeSize(range)).toBe(size);
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['spaces', '192.168.0.1 - 192.168.0.9', /has spaces in it; write 192\.168\.0\.1-192\.168\.0\.9/],
    ['reversed', '192.168.0.100-192.168.0.1', /is reversed; write 192\.168\.0\.1-192\.168\.0\.100/],
    ['a word', 'xxxx', /is not an IP address; write one address, a CIDR or a range/],
    ['two dashes', 'a-b-c', /has 2 dashes/],
    ['a mask', '192.0.2.0/255.255.255.0', /has a mask; write 192\.0\.2\.0\/24/],
    ['mixed families', '192.168.0.1-2001:db8::1', /mixes IPv4 and IPv6; make one Eip for each family/], // OpenELB took it
    ['a list', '192.0.2.1,192.0.2.2', /is a list; write one Eip for each/],
    ['an octal octet', '010.0.0.1', /has leading zeros; write 10\.0\.0\.1/],
    ['an IPv4-mapped address', '::ffff:192.0.2.1', /is an IPv6 spelling of IPv4 addresses; write 192\.0\.2\.1/],
    ['a range with IPv4-mapped addresses in it', '::-2001:db8::', /has IPv4-mapped addresses/],
    ['a prefix too long', '192.0.2.0/33', /has the prefix length "33"; write a number from 0 to 32/],
    [
      'everything',
      '0.0.0.0/0',
      /has "this network" addresses \(0\.0\.0\.0\/8\), which no client can use; write others/,
    ],
    ['all of IPv6', '2000::-ffff::', /has link-local addresses \(fe80::\/10\)/],
    ['loopback', '127.0.0.1', /has loopback addresses/],
    ['the IPv6 loopback', '::1', /has unspecified and loopback addresses/],
    ['a metadata service', '169.254.169.254/32', /has link-local addresses/],
    ['multicast', '223.255.255.255-224.0.0.1', /has multicast addresses/],
    ['the broadcast address', '255.255.255.255', /has reserved addresses/],
    ['nothing', '', /^spec\.address: is missing; write the addresses to give/],
  ];
  it.each(refused)('refuses %s', (_, address, message) => {
    expect(problemsOf(eipObject({ address }))).toMatch(message);
  });

  it('names field, value and remedy', () => {
    expect(problemsOf(eipObject({ address: '10.0.0.300' }))).toBe(
      'spec.address: "10.0.0.300" is not an IP address; write a whole one, with numbers from 0 to 255, without leading zeros',
    );
  });

  it('reads back what it writes, for every range of either family', () => {
    const ranges = fc.constantFrom<4 | 6>(4, 6).chain((family) => {
      // Between what no client can use: from 128.0.0.0 to 169.253.255.255, and 2000::/3.
      const [min, max] =
        family === 4 ? [128n << 24n, (169n << 24n) + (254n << 16n) - 1n] : [1n << 125n, (1n << 126n) - 1n];
      const value = fc.bigInt({ min, max });
      return fc.tuple(fc.constant(family), value, value);
    });
    fc.assert(
      fc.property(ranges, ([family, a, b]) => {
        const [first, last] = a < b ? [a, b] : [b, a];
        const address = `${formatAddress(addressOf(family, first))}-${formatAddress(addressOf(family, last))}`;
        expect(parsed(eipObject({ address })).range).toEqual({ family, first, last });
      }),
    );
  });
});

describe('defaults and meanings', () => {
  it('fills in every default', () => {
    expect(parsed(eipObject({ address: '198.51.100.7' }))).toEqual({
      name: 'web',
      uid: 'u-1',
      createdAt: '2026-01-02T03:04:05Z',
      range: { family: 4, first: 3325256711n, last: 3325256711n },
      protocol: 'bgp',
      interfaces: [],
      disabled: false,
      isDeleting: false,
      priority: 0,
      namespaces: new Set(),
      isDefault: false,
      autoAssign: true,
      avoidBuggyIPs: false,
      announcedByCni: false,
      whenFull: 'Pend',
      whenNoEndpoints: 'Keep',
      nodeSelector: [],
      rebalance: false,
    });
  });

  it('reads every field', () => {
    const raw = eipObject(
      {
        address: '198.51.100.7',
        protocol: 'layer2',
        interface: 'eth0',
        disable: true,
        priority: -3,
        namespaces: ['a', 'b'],
        namespaceSelector: { team: 'web' },
        whenFull: 'Refuse',
        whenNoEndpoints: 'Withdraw',
        nodeSelector: { matchLabels: { zone: 'a' }, matchExpressions: [{ key: 'edge', operator: 'Exists' }] },
        rebalance: true,
      },
      {
        annotations: { 'eip.openelb.kubesphere.io/is-default-eip': 'true' },
        labels: { 'openelb.kubesphere.io/cni': 'calico' },
      },
    );
    expect(parsed(raw)).toMatchObject({
      protocol: 'layer2',
      interfaces: [{ kind: 'name', name: 'eth0' }],
      disabled: true,
      priority: -3,
      namespaces: new Set(['a', 'b']),
      namespaceSelector: { team: 'web' },
      isDefault: true,
      announcedByCni: true,
      whenFull: 'Refuse',
      whenNoEndpoints: 'Withdraw',
      nodeSelector: [
        { key: 'zone', operator: 'In', values: ['a'] },
        { key: 'edge', operator: 'Exists', values: [] },
      ],
      rebalance: true,
    });
  });

  const defaults: readonly (readonly [string, Readonly<Record<string, string>>, boolean])[] = [
    ['true', { 'eip.openelb.kubesphere.io/is-default-eip': 'true' }, true],
    ['True, as OpenELB counted it', { 'eip.openelb.kubesphere.io/is-default-eip': 'True' }, true],
    ['false', { 'eip.openelb.kubesphere.io/is-default-eip': 'false' }, false],
    ['the older spelling', { 'eip.porter.kubesphere.io/is-default-eip': 'true' }, true],
    ['a word that is neither', { 'eip.openelb.kubesphere.io/is-default-eip': 'yes' }, false],
  ];
  it.each(defaults)('the default annotation: %s', (_, annotations, isDefault) => {
    expect(parsed(eipObject({ address: '198.51.100.7' }, { annotations })).isDefault).toBe(isDefault);
  });

  it('reads an empty namespaceSelector as none, so that it never matches every namespace', () => {
    expect(parsed(eipObject({ address: '198.51.100.7', namespaceSelector: {} })).namespaceSelector).toBeUndefined();
  });

  it('holds an Eip that is not stored yet for younger than all others', () => {
    const raw: EipObject = { metadata: { name: 'web' }, spec: { address: '198.51.100.7' } };
    expect(parsed(raw).createdAt > '2100').toBe(true);
  });
});

describe('problems', () => {
  it('collects all of them', () => {
    const nodeSelector = { matchExpressions: [{ key: 'edge', operator: 'Is' }] };
    const message = problemsOf(
      eipObject(
        { address: 'x', protocol: 'ospf', priority: 1.5, whenFull: 'Wait' as 'Pend', nodeSelector },
        { name: 'n'.repeat(64) },
      ),
    );
    expect(message).toContain('spec.address: "x" is not an IP address');
    expect(message).toContain('spec.protocol: "ospf" is not known; write "bgp", "layer2", "vip" or leave it out');
    expect(message).toContain('spec.priority: "1.5" is not a whole number');
    expect(message).toContain('spec.whenFull: "Wait" is not known; write "Pend", "Refuse" or leave it out');
    expect(message).toContain('spec.nodeSelector.matchExpressions[0].operator: "Is" is not known; write In, NotIn');
    expect(message).toContain('metadata.name: "');
    expect(message).toContain('choose a shorter name');
  });

  it('never throws, whatever JSON stands in the spec', () => {
    const spec = fc.record(
      {
        address: fc.oneof(fc.jsonValue(), fc.constant('198.51.100.7')),
        protocol: fc.jsonValue(),
        interface: fc.jsonValue(),
        disable: fc.jsonValue(),
        usingKnownIPs: fc.jsonValue(),
        priority: fc.jsonValue(),
        namespaces: fc.jsonValue(),
        namespaceSelector: fc.jsonValue(),
        whenFull: fc.jsonValue(),
        whenNoEndpoints: fc.jsonValue(),
        nodeSelector: fc.jsonValue(),
        rebalance: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(spec, fc.constant(null)), (anything) => {
        const result = parseEip(eipObject(anything as EipObject['spec']));
        if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
        unsupportedEipFields(eipObject(anything as EipObject['spec']));
      }),
      { numRuns: 1_000 },
    );
  });
});

it('an interface that cannot be read is a problem where it has an effect', () => {
  const spec = { address: '198.51.100.7', interface: 'eth0:1' };
  expect(parseEip(eipObject({ ...spec, protocol: 'vip' }))).toMatchObject({
    ok: false,
    problems: [{ field: 'spec.interface', value: 'eth0:1' }],
  });
  expect(parsed(eipObject({ ...spec, protocol: 'bgp' })).interfaces).toEqual([]);
});

describe('unsupportedEipFields()', () => {
  const address = '198.51.100.7';
  const rows: readonly (readonly [string, EipObject, readonly RegExp[]])[] = [
    ['nothing in a plain Eip', eipObject({ address, protocol: 'bgp', disable: true, priority: 1 }), []],
    ['nothing in one of layer 2', eipObject({ address, protocol: 'layer2', interface: 'eth0', rebalance: true }), []],
    [
      'an interface of protocol bgp, whatever it is',
      eipObject({ address, interface: 'no:such thing' }),
      [/^spec\.interface: "no:such thing" has no effect with protocol bgp.*; remove the field$/],
    ],
    ['nothing in one of vip', eipObject({ address, protocol: 'vip', interface: 'eth0' }), []],
    ['usingKnownIPs', eipObject({ address, usingKnownIPs: true }), [/^spec\.usingKnownIPs: .*; remove the field$/]],
    ['nothing at its zero value', eipObject({ address, usingKnownIPs: false, interface: '', rebalance: false }), []],
    ['rebalance with bgp', eipObject({ address, rebalance: true }), [/^spec\.rebalance: .*; remove the field$/]],
    [
      'a default annotation that is neither true nor false',
      eipObject({ address }, { annotations: { 'eip.porter.kubesphere.io/is-default-eip': 'yes' } }),
      [/^eip\.porter\.kubesphere\.io\/is-default-eip: "yes" does not make the Eip the default/],
    ],
  ];
  it.each(rows)('names %s', (_, raw, patterns) => {
    const sentences = unsupportedEipFields(raw);
    expect(sentences).toHaveLength(patterns.length);
    patterns.forEach((pattern, i) => {
      expect(sentences[i]).toMatch(pattern);
    });
  });

  it('gives addresses all the same', () => {
    expect(parsed(eipObject({ address, protocol: 'layer2', usingKnownIPs: true })).range.family).toBe(4);
  });
});
