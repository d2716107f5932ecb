/** Is a Service ours, and what does it ask for? Rows follow OpenELB's documents; where we differ, the row's name says so. */
import fc from 'fast-check';
import { formatProblems } from '../../../../../lib/api/problem.ts';
import { type AddressRequest, addressRequestKey } from '../../../../../lib/api/service/address-request.ts';
import {
  type AddressRequestContext,
  type ParsedAddressRequest,
  parseAddressRequest,
} from '../../../../../lib/api/service/parse-address-request.ts';
import type { Service } from '../../../../../lib/api/service/service.ts';
import { formatAddress } from '../../../../../lib/net/address.ts';

const CONTEXT: AddressRequestContext = { unmarkedServices: 'defaultEip', defaultEipExists: false, primaryFamily: 4 };
const OURS = { 'lb.kubesphere.io/v1alpha1': 'openelb' };
const EIP = 'eip.openelb.kubesphere.io/v1alpha2';
const ADDRESS = 'eip.openelb.kubesphere.io/v1alpha1';
const PROTOCOL = 'protocol.openelb.kubesphere.io/v1alpha1';

function service(annotations: Record<string, string> = {}, spec: Service['spec'] = {}): Service {
  return {
    metadata: { name: 'front', namespace: 'shop', annotations },
    spec: { type: 'LoadBalancer', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  };
}

function wantsOf(parsed: ParsedAddressRequest): AddressRequest {
  if (parsed.kind !== 'addressRequest') throw new Error(`Cannot go on: the Service is ${JSON.stringify(parsed)}`);
  return parsed.addressRequest;
}

describe('which Services are ours', () => {
  const rows: readonly (readonly [string, Service, Partial<AddressRequestContext>, boolean])[] = [
    ['annotated openelb', service(OURS), {}, true],
    ['annotated porter', service({ 'lb.kubesphere.io/v1alpha1': 'porter' }), {}, true],
    ['annotated with another value', service({ 'lb.kubesphere.io/v1alpha1': 'OpenELB' }), {}, false],
    [
      'annotated with another value, beside a default Eip',
      service({ 'lb.kubesphere.io/v1alpha1': 'no' }),
      { defaultEipExists: true },
      false,
    ],
    ['annotated, of another class: as in OpenELB', service(OURS, { loadBalancerClass: 'example.com/lb' }), {}, true],
    ['of our class', service({}, { loadBalancerClass: 'skycap.io/lb' }), {}, true],
    [
      'of our class, annotated with another value: the annotation speaks',
      service({ 'lb.kubesphere.io/v1alpha1': 'x' }, { loadBalancerClass: 'skycap.io/lb' }),
      {},
      false,
    ],
    [
      'of another class, beside a default Eip',
      service({}, { loadBalancerClass: 'example.com/lb' }),
      { defaultEipExists: true },
      false,
    ],
    ['unmarked', service(), {}, false],
    ['unmarked, beside a default Eip', service(), { defaultEipExists: true }, true],
    ['unmarked, setting always', service(), { unmarkedServices: 'always' }, true],
    [
      'unmarked, setting never, beside a default Eip',
      service(),
      { unmarkedServices: 'never', defaultEipExists: true },
      false,
    ],
    ['naming an Eip only: as in OpenELB', service({ [EIP]: 'web' }), {}, false],
    ['annotated, ClusterIP', service(OURS, { type: 'ClusterIP' }), {}, false],
    ['annotated, NodePort', service(OURS, { type: 'NodePort' }), {}, false],
  ];
  it.each(rows)('%s', (_, one, context, ours) => {
    expect(parseAddressRequest(one, { ...CONTEXT, ...context }).kind).toBe(ours ? 'addressRequest' : 'notOurs');
  });

  it('an object without spec is not', () => {
    expect(parseAddressRequest({ metadata: { name: 'front' } }, { ...CONTEXT, unmarkedServices: 'always' }).kind).toBe(
      'notOurs',
    );
  });
});

describe('which Eip and address', () => {
  const addressRows: readonly (readonly [string, Service, readonly string[]])[] = [
    ['none', service(OURS), []],
    ['by annotation', service({ ...OURS, [ADDRESS]: '198.51.100.7' }), ['198.51.100.7']],
    [
      'by the older porter annotation',
      service({ ...OURS, 'eip.porter.kubesphere.io/v1alpha1': '198.51.100.7' }),
      ['198.51.100.7'],
    ],
    ['by loadBalancerIP', service(OURS, { loadBalancerIP: '198.51.100.7' }), ['198.51.100.7']],
    [
      'annotation over loadBalancerIP',
      service({ ...OURS, [ADDRESS]: '198.51.100.8' }, { loadBalancerIP: '198.51.100.7' }),
      ['198.51.100.8'],
    ],
    [
      'an empty annotation asks for nothing',
      service({ ...OURS, [ADDRESS]: '' }, { loadBalancerIP: '198.51.100.7' }),
      ['198.51.100.7'],
    ],
    [
      'IPv6 in another spelling: compared by number, unlike OpenELB',
      service({ ...OURS, [ADDRESS]: '2001:0DB8::7' }, { ipFamilies: ['IPv6'] }),
      ['2001:db8::7'],
    ],
    [
      'one a family',
      service({ ...OURS, [ADDRESS]: '198.51.100.7, 2001:db8::7' }, { ipFamilyPolicy: 'RequireDualStack' }),
      ['198.51.100.7', '2001:db8::7'],
    ],
  ];
  it.each(addressRows)('address: %s', (_, one, expected) => {
    expect(wantsOf(parseAddressRequest(one, CONTEXT)).addresses.map(formatAddress)).toEqual(expected);
  });

  it.each([
    ['none', service(OURS), []],
    ['one', service({ ...OURS, [EIP]: 'web' }), ['web']],
    ['two, with spaces and doubles', service({ ...OURS, [EIP]: ' web, web6 ,web,' }), ['web', 'web6']],
    ['by the older porter annotation', service({ ...OURS, 'eip.porter.kubesphere.io/v1alpha2': 'web' }), ['web']],
    ['openelb over porter', service({ ...OURS, [EIP]: 'a', 'eip.porter.kubesphere.io/v1alpha2': 'b' }), ['a']],
  ] as const)('Eip: %s', (_, one, expected) => {
    expect(wantsOf(parseAddressRequest(one, CONTEXT)).eipNames).toEqual(expected);
  });

  it('protocol: by either annotation', () => {
    expect(wantsOf(parseAddressRequest(service({ ...OURS, [PROTOCOL]: 'layer2' }), CONTEXT)).protocol).toBe('layer2');
    expect(
      wantsOf(parseAddressRequest(service({ ...OURS, 'protocol.porter.kubesphere.io/v1alpha1': 'bgp' }), CONTEXT))
        .protocol,
    ).toBe('bgp');
    expect(wantsOf(parseAddressRequest(service(OURS), CONTEXT)).protocol).toBeUndefined();
  });
});

describe('which families', () => {
  const stored = { clusterIPs: ['10.96.0.7'], ipFamilies: ['IPv4'] } as const;
  const rows: readonly (readonly [string, Service['spec'], 4 | 6, readonly number[], 'all' | 'any'])[] = [
    ['unset, IPv4 cluster', {}, 4, [4], 'all'],
    ['unset, IPv6 cluster', {}, 6, [6], 'all'],
    ['SingleStack', { ipFamilyPolicy: 'SingleStack' }, 6, [6], 'all'],
    ['IPv6 written', { ipFamilies: ['IPv6'] }, 4, [6], 'all'],
    [
      'both written, IPv6 first',
      { ipFamilies: ['IPv6', 'IPv4'], ipFamilyPolicy: 'RequireDualStack' },
      4,
      [6, 4],
      'all',
    ],
    ['RequireDualStack', { ipFamilyPolicy: 'RequireDualStack' }, 4, [4, 6], 'all'],
    ['PreferDualStack', { ipFamilyPolicy: 'PreferDualStack' }, 6, [6, 4], 'any'],
    [
      'PreferDualStack with one family written',
      { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] },
      4,
      [6, 4],
      'any',
    ],
    [
      'PreferDualStack, stored in a cluster of one family',
      { ipFamilyPolicy: 'PreferDualStack', ...stored },
      4,
      [4],
      'any',
    ],
    ['SingleStack, stored', { ipFamilyPolicy: 'SingleStack', ...stored }, 6, [4], 'all'],
    ['an IPv6 clusterIP written', { clusterIP: 'fd00::7' }, 4, [6], 'all'],
    ['two clusterIPs written', { clusterIPs: ['fd00::7', '10.96.0.7'] }, 4, [6, 4], 'all'],
  ];
  it.each(rows)('%s', (_, spec, primaryFamily, families, need) => {
    const addressRequest = wantsOf(parseAddressRequest(service(OURS, spec), { ...CONTEXT, primaryFamily }));
    expect([addressRequest.families, addressRequest.need]).toEqual([families, need]);
  });
});

describe('what sharing needs to know', () => {
  it('is read from the Service', () => {
    const one = service(
      { ...OURS, 'skycap.io/sharing-key': 'edge', 'skycap.io/sharing-namespaces': 'a, b' },
      {
        externalTrafficPolicy: 'Local',
        selector: { b: '2', a: '1' },
        ports: [{ port: 443 }, { port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }],
      },
    );
    expect(wantsOf(parseAddressRequest(one, CONTEXT))).toMatchObject({
      namespace: 'shop',
      sharingKey: 'edge',
      sharingNamespaces: ['a', 'b'],
      externalTrafficPolicy: 'Local',
      selector: 'a=1,b=2',
      ports: [
        { port: 53, protocol: 'TCP' },
        { port: 53, protocol: 'UDP' },
        { port: 443, protocol: 'TCP' },
      ],
    });
  });
});

describe('what is refused', () => {
  const rows: readonly (readonly [Service, string])[] = [
    [
      service({ ...OURS, [ADDRESS]: '10.0.0.300' }),
      'eip.openelb.kubesphere.io/v1alpha1: "10.0.0.300" is not an IP address; write a whole one, with numbers from 0 to 255, without leading zeros',
    ],
    [
      service({ ...OURS, 'eip.porter.kubesphere.io/v1alpha1': 'x' }),
      'eip.porter.kubesphere.io/v1alpha1: "x" is not an IP address; write one such as 198.51.100.7; the name of an Eip belongs in the annotation eip.openelb.kubesphere.io/v1alpha2',
    ],
    [
      service({ ...OURS, [ADDRESS]: '198.51.100.0/24' }),
      'eip.openelb.kubesphere.io/v1alpha1: "198.51.100.0/24" is not one address but a range; write one of it, such as 198.51.100.1',
    ],
    [
      service(OURS, { loadBalancerIP: 'web' }),
      'spec.loadBalancerIP: "web" is not an IP address; write one such as 198.51.100.7; the name of an Eip belongs in the annotation eip.openelb.kubesphere.io/v1alpha2',
    ],
    [
      service(OURS, { loadBalancerIP: '010.0.0.1' }),
      'spec.loadBalancerIP: "010.0.0.1" has leading zeros; write 10.0.0.1',
    ],
    [
      service({ ...OURS, [ADDRESS]: '198.51.100.7,198.51.100.8' }),
      'eip.openelb.kubesphere.io/v1alpha1: "198.51.100.7,198.51.100.8" asks for two IPv4 addresses; write at most one a family',
    ],
    [
      service({ ...OURS, [ADDRESS]: Array.from({ length: 60_000 }, (_, i) => `x${i}`).join() }),
      ['x0', 'x1', 'x2', 'x3']
        .map(
          (item) =>
            `eip.openelb.kubesphere.io/v1alpha1: "${item}" is not an IP address; write one such as 198.51.100.7; the name of an Eip belongs in the annotation eip.openelb.kubesphere.io/v1alpha2`,
        )
        .join('; '),
    ],
    [
      service({ ...OURS, [ADDRESS]: '2001:db8::7' }),
      'eip.openelb.kubesphere.io/v1alpha1: "2001:db8::7" is an IPv6 address, but the Service is IPv4 only; set spec.ipFamilies: [IPv6], or spec.ipFamilyPolicy for both',
    ],
    [
      service({ ...OURS, [PROTOCOL]: 'ospf' }),
      'protocol.openelb.kubesphere.io/v1alpha1: "ospf" is not a protocol; write "bgp", "layer2", "vip" or leave it out',
    ],
    [
      service({ ...OURS, 'skycap.io/sharing-key': 'k'.repeat(254) }),
      `skycap.io/sharing-key: "${'k'.repeat(64)}…" is longer than 253 characters; write a shorter one`,
    ],
    [
      service({ ...OURS, 'node-proxy.openelb.kubesphere.io/type': 'deployment' }),
      'node-proxy.openelb.kubesphere.io/type: "deployment" asks for OpenELB\'s NodeProxy mode, which Skycap does not have; remove the annotation to get an address from an Eip',
    ],
    [
      service({ ...OURS, [ADDRESS]: '1.2.3', [PROTOCOL]: 'rip' }),
      'protocol.openelb.kubesphere.io/v1alpha1: "rip" is not a protocol; write "bgp", "layer2", "vip" or leave it out; eip.openelb.kubesphere.io/v1alpha1: "1.2.3" is not an IP address: it has 3 numbers; write four, from 0 to 255',
    ],
  ];
  it.each(rows)('%#', (one, sentence) => {
    const parsed = parseAddressRequest(one, CONTEXT);
    expect(parsed.kind).toBe('invalid');
    expect(parsed.kind === 'invalid' && formatProblems(parsed.problems)).toBe(sentence);
  });

  it('is not looked at in a Service that is not ours', () => {
    expect(parseAddressRequest(service({ [ADDRESS]: '10.0.0.300' }), CONTEXT).kind).toBe('notOurs');
  });
});

describe('wantsKey', () => {
  const keyOf = (one: Service): string => addressRequestKey(wantsOf(parseAddressRequest(one, CONTEXT)));

  it('is the same for another spelling of the same wish', () => {
    expect(keyOf(service({ ...OURS, [ADDRESS]: '2001:DB8::7' }, { ipFamilies: ['IPv6'] }))).toBe(
      keyOf(
        service({ 'lb.kubesphere.io/v1alpha1': 'porter' }, { ipFamilies: ['IPv6'], loadBalancerIP: '2001:db8:0::7' }),
      ),
    );
    const ports = [{ port: 80 }, { port: 81, name: 'b' }];
    expect(keyOf(service(OURS, { ports }))).toBe(keyOf(service(OURS, { ports: [...ports].reverse() })));
  });

  it.each([
    ['an address', service({ ...OURS, [ADDRESS]: '198.51.100.7' })],
    ['an Eip', service({ ...OURS, [EIP]: 'web' })],
    ['a port', service(OURS, { ports: [{ port: 81 }] })],
    ['a family', service(OURS, { ipFamilyPolicy: 'RequireDualStack' })],
    ['a sharing key', service({ ...OURS, 'skycap.io/sharing-key': 'x' })],
    ['the traffic policy', service(OURS, { externalTrafficPolicy: 'Local' })],
  ])('differs with %s', (_, one) => {
    expect(keyOf(one)).not.toBe(keyOf(service(OURS)));
  });
});

it('reads any annotations without throwing', () => {
  const keys = fc.constantFrom(EIP, ADDRESS, PROTOCOL, 'skycap.io/sharing-key', 'skycap.io/sharing-namespaces');
  fc.assert(
    fc.property(fc.dictionary(keys, fc.string()), (annotations) => {
      expect(['addressRequest', 'invalid']).toContain(
        parseAddressRequest(service({ ...annotations, ...OURS }), CONTEXT).kind,
      );
    }),
  );
});
