/** What becomes of a Service under review, before anything is claimed. */

import { managedMetadataOf } from '../../../../../lib/api/service/managed-metadata.ts';
import type { AddressRequestContext } from '../../../../../lib/api/service/parse-address-request.ts';
import type { Service } from '../../../../../lib/api/service/service.ts';
import { decideCreate, decideUpdate, type ServiceDecision } from '../../../../../lib/ipam/admission/decide-service.ts';
import { OURS, service, stored } from '../../../webhook/builders.ts';

const CONTEXT: AddressRequestContext = { unmarkedServices: 'defaultEip', defaultEipExists: false, primaryFamily: 4 };
const EIP = 'eip.openelb.kubesphere.io/v1alpha2';
const ADDRESS = 'eip.openelb.kubesphere.io/v1alpha1';

const COMMUNITIES = 'skycap.io/bgp-communities';
const NODE_PROXY = 'node-proxy.openelb.kubesphere.io/type';
const PROTOCOL = 'protocol.openelb.kubesphere.io/v1alpha1';

const FORGED = { 'skycap.io/addresses': '198.51.100.9', 'skycap.io/claim': 'x', 'skycap.io/waiting-since': 'long' };
const CLUSTER_IP = { type: 'ClusterIP' } as const;

/** The allocator has said something of it. */
function judged(service: Service): Service {
  const condition = { type: 'skycap.io/AddressAssigned', status: 'True', reason: 'Assigned', message: '' } as const;
  return { ...service, status: { conditions: [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }] } };
}

function summary(decision: ServiceDecision): string {
  switch (decision.kind) {
    case 'deny':
      return `deny ${decision.reason}`;
    case 'pend':
      expect(managedMetadataOf(decision.service)).toEqual({});
      return `pend ${decision.reason}`;
    case 'restore':
    case 'release': {
      const { addresses, token, waitingSince, eip } = managedMetadataOf(decision.service);
      const warnings = decision.kind === 'restore' && decision.warnings.length > 0 ? ' with a warning' : '';
      return `${decision.kind} ${[addresses, token, waitingSince, eip].filter(Boolean).join(' ')}${warnings}`.trim();
    }
    case 'assign':
      return [
        `assign IPv${decision.addressRequest.families.join('+')}`,
        ...(decision.addressRequest.need === 'any' ? ['if possible'] : []),
        ...(decision.asksAsBefore ? ['as before'] : []),
      ].join(' ');
    default:
      return decision.kind;
  }
}

/** As the API server sends it again: annotations as given and nothing of ours. */
function sent(annotations: Record<string, string>, spec: Service['spec'] = {}): Service {
  const { labels, ...metadata } = stored().metadata;
  return { ...stored({}, spec), metadata: { ...metadata, annotations } };
}

describe('at creation', () => {
  const rows: readonly (readonly [string, Service, Partial<AddressRequestContext>, string])[] = [
    ['ours', service(), {}, 'assign IPv4'],
    ['ours, with communities', service({ 'skycap.io/bgp-communities': '65000:1' }), {}, 'assign IPv4'],
    ['ours, with communities that are none', service({ 'skycap.io/bgp-communities': 'x' }), {}, 'deny InvalidRequest'],
    ['ours, in an IPv6 cluster', service(), { primaryFamily: 6 }, 'assign IPv6'],
    [
      'ours, for both families if possible',
      service({}, { ipFamilyPolicy: 'PreferDualStack' }),
      {},
      'assign IPv4+6 if possible',
    ],
    ['not ours', service({ 'lb.kubesphere.io/v1alpha1': 'other' }), {}, 'untouched'],
    ['not ours, with forged marks', service({ 'lb.kubesphere.io/v1alpha1': 'other', ...FORGED }), {}, 'release'],
    ['no load balancer, with copied marks', stored(FORGED, { type: 'ClusterIP' }), {}, 'release'],
    [
      'ours, with the marks of another Service',
      service({ 'skycap.io/addresses': '198.51.100.7', 'skycap.io/claim': 't1' }),
      {},
      'assign IPv4',
    ],
    ['malformed', service({ [ADDRESS]: '10.0.0.300' }), {}, 'deny InvalidRequest'],
    ['NodeProxy', service({ [NODE_PROXY]: 'daemonset' }), {}, 'pend NodeProxyUnsupported'],
    [
      'NodeProxy, with forged marks',
      service({ [NODE_PROXY]: 'daemonset', ...FORGED }),
      {},
      'pend NodeProxyUnsupported',
    ],
    ['a protocol that is none', service({ [PROTOCOL]: 'BGP' }), {}, 'pend InvalidRequest'],
    [
      'NodeProxy and a protocol that is none',
      service({ [PROTOCOL]: 'x', [NODE_PROXY]: 'y' }),
      {},
      'pend InvalidRequest',
    ],
    [
      'malformed, and ours by default only',
      { ...service({}, { loadBalancerIP: 'my-address' }), metadata: { name: 'front', namespace: 'shop' } },
      { defaultEipExists: true },
      'pend InvalidRequest',
    ],
    ['NodeProxy and malformed', service({ [NODE_PROXY]: 'daemonset', [ADDRESS]: 'x' }), {}, 'deny InvalidRequest'],
  ];
  it.each(rows)('%s', (_, one, context, expected) => {
    expect(summary(decideCreate(one, { ...CONTEXT, ...context }))).toBe(expected);
  });

  it('marks that were copied make no Service ours', () => {
    const copied = sent({ 'skycap.io/claim': 't1', 'skycap.io/addresses': '198.51.100.7' });
    expect(summary(decideCreate(copied, CONTEXT))).toBe('release');
  });
});

describe('on an update', () => {
  const KEPT = 'restore 198.51.100.7 t1 web';
  const waiting = stored({ 'skycap.io/waiting-since': '2026-01-01T00:00:00.000Z' });
  const badBefore = stored({ [ADDRESS]: '10.0.0.300' });
  const rows: readonly (readonly [string, Service, Service, string])[] = [
    ['nothing of ours changes', stored(), stored(), KEPT],
    ['another annotation is added', stored({ note: 'x' }), stored(), KEPT],
    ['kubectl replace dropped our marks', sent(OURS), stored(), KEPT],
    ['a controller wrote its own manifest: no cluster IPs, no families', service(), stored(), KEPT],
    [
      'our marks were forged',
      stored({ 'skycap.io/addresses': '198.51.100.99', 'skycap.io/claim': 'mine' }),
      stored(),
      KEPT,
    ],
    [
      'the waiting time was forged',
      stored({ 'skycap.io/waiting-since': '2020-01-01T00:00:00Z' }),
      waiting,
      'restore 198.51.100.7 t1 2026-01-01T00:00:00.000Z web',
    ],
    [
      'a selector that matters to no one but us',
      stored({}, { selector: { app: 'b' } }),
      stored(),
      'assign IPv4 as before',
    ],
    [
      'another spelling of the same wish',
      stored({ [EIP]: 'web' }),
      stored({ 'eip.porter.kubesphere.io/v1alpha2': 'web' }),
      KEPT,
    ],
    ['other communities', stored({ [COMMUNITIES]: '65000:2' }), stored({ [COMMUNITIES]: '65000:1' }), KEPT],
    ['communities that are none', stored({ [COMMUNITIES]: 'x' }), stored(), 'deny InvalidRequest'],
    ['communities that were none before', stored({ [COMMUNITIES]: 'x', a: 'b' }), stored({ [COMMUNITIES]: 'x' }), KEPT],
    ['another Eip', stored({ [EIP]: 'other' }), stored(), 'assign IPv4'],
    ['another port', stored({}, { ports: [{ port: 81 }] }), stored(), 'assign IPv4 as before'],
    ['to both families', stored({}, { ipFamilyPolicy: 'RequireDualStack' }), stored(), 'assign IPv4+6 as before'],
    [
      'to both families if possible',
      stored({}, { ipFamilyPolicy: 'PreferDualStack' }),
      stored(),
      'assign IPv4+6 if possible as before',
    ],
    [
      'back to one family',
      stored({}, { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] }),
      stored({}, { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] }),
      'assign IPv4 as before',
    ],
    [
      'both families, sent without saying so',
      service(),
      stored({}, { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] }),
      KEPT,
    ],
    ['becomes ours', stored(), sent({}), 'assign IPv4'],
    ['becomes a load balancer', service(), stored({}, { type: 'ClusterIP' }), 'assign IPv4'],
    ['becomes a load balancer, from an ExternalName', service(), sent(OURS, { type: 'ExternalName' }), 'assign IPv4'],
    ['is no load balancer any more', stored({}, { type: 'ClusterIP' }), stored(), 'release'],
    [
      'loses the annotation',
      sent({ 'skycap.io/addresses': '198.51.100.7', 'skycap.io/claim': 't1' }),
      stored(),
      'release',
    ],
    ['says that it is not ours', stored({ 'lb.kubesphere.io/v1alpha1': 'none' }), stored(), 'release'],
    [
      'says that it is not ours, and publishes what it was given',
      stored({ 'lb.kubesphere.io/v1alpha1': 'none', ...FORGED }),
      judged(stored()),
      'release 198.51.100.7',
    ],
    ['is no load balancer any more, and was published', stored({}, CLUSTER_IP), judged(stored()), 'release'],
    ['was not ours and is not', sent({ a: 'b' }), sent({}), 'untouched'],
    ['was not ours and is not, with forged marks', sent(FORGED), sent({}), 'release'],
    ['was not ours and is not, and loses its forged marks', sent({}), sent(FORGED), 'untouched'],
    [
      'was given by an Eip that is the default no more',
      sent(FORGED),
      judged(sent({ 'skycap.io/addresses': '198.51.100.7', 'skycap.io/claim': 't1' })),
      'restore 198.51.100.7 t1',
    ],
    ['… and its marks were dropped', sent({}), judged(sent(FORGED)), 'restore 198.51.100.9 x long'],
    ['… and is no load balancer any more', sent(FORGED, CLUSTER_IP), judged(sent(FORGED)), 'release'],
    ['is marked and never was a load balancer', sent(FORGED, CLUSTER_IP), sent({}, CLUSTER_IP), 'release'],
    ['becomes malformed', stored({ [ADDRESS]: '10.0.0.300' }), stored(), 'deny InvalidRequest'],
    [
      'asks for NodeProxy now: keeps what it has',
      stored({ [NODE_PROXY]: 'daemonset' }),
      stored(),
      `${KEPT} with a warning`,
    ],
    ['asks for no known protocol now', stored({ [PROTOCOL]: 'rip' }), stored(), `${KEPT} with a warning`],
    [
      'becomes a load balancer that asks for NodeProxy',
      stored({ [NODE_PROXY]: 'daemonset' }),
      service(FORGED, CLUSTER_IP),
      'pend NodeProxyUnsupported',
    ],
    [
      'was malformed: labels can be edited',
      { ...badBefore, metadata: { ...badBefore.metadata, labels: { a: 'b' } } },
      badBefore,
      `${KEPT} with a warning`,
    ],
    [
      'was malformed, and gets worse',
      stored({ [ADDRESS]: '10.0.0.300', 'skycap.io/sharing-key': 'k'.repeat(300) }),
      badBefore,
      'deny InvalidRequest',
    ],
    ['was malformed, and is mended', stored(), badBefore, 'assign IPv4'],
    [
      'is being deleted, and malformed',
      { ...badBefore, metadata: { ...badBefore.metadata, deletionTimestamp: 'now' } },
      stored(),
      KEPT,
    ],
    [
      'is being deleted, with another wish',
      { ...stored({ [EIP]: 'other' }), metadata: { ...stored({ [EIP]: 'other' }).metadata, deletionTimestamp: 'now' } },
      stored(),
      KEPT,
    ],
  ];
  it.each(rows)('%s', (_, one, old, expected) => {
    expect(summary(decideUpdate(one, old, CONTEXT))).toBe(expected);
  });

  it('a refusal names only what the update breaks', () => {
    const worse = stored({ [ADDRESS]: '10.0.0.300', 'skycap.io/sharing-key': 'k'.repeat(300) });
    expect(decideUpdate(worse, badBefore, CONTEXT)).toMatchObject({
      kind: 'deny',
      message: expect.not.stringContaining('10.0.0.300'),
    });
  });
});
