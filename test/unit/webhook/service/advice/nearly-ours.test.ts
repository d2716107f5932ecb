/** Services that were probably meant for Skycap are told so; those of others hear nothing. */

import type { Service } from '../../../../../lib/api/service/service.ts';
import { newWarnings } from '../../../../../lib/ipam/admission/new-problems.ts';
import { nearlyOursWarnings } from '../../../../../webhook/service/advice/nearly-ours.ts';

const OPT_IN = 'lb.kubesphere.io/v1alpha1';
const EIP = 'eip.openelb.kubesphere.io/v1alpha2';

interface Row {
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
  readonly class?: string;
  readonly type?: 'ClusterIP';
  readonly uid?: string;
  /** @default false */
  readonly isOurs?: boolean | undefined;
}

function service({ annotations = {}, labels = {}, class: loadBalancerClass, type, uid }: Row): Service {
  return {
    metadata: { name: 'front', namespace: 'shop', annotations, labels, ...(uid && { uid }) },
    spec: { type: type ?? 'LoadBalancer', ...(loadBalancerClass && { loadBalancerClass }) },
  };
}

const said = (row: Row): string[] => nearlyOursWarnings(service(row), 'isOurs' in row ? row.isOurs : false);

describe('nearly ours', () => {
  it.each<[string, Row, string]>([
    [
      'another case',
      { annotations: { [OPT_IN]: 'OpenELB' } },
      `"OpenELB" does not make the Service Skycap's; write openelb`,
    ],
    ['a slip', { annotations: { [OPT_IN]: 'opnelb' } }, 'write openelb'],
    ['with a space', { annotations: { [OPT_IN]: 'openelb ' } }, 'write openelb'],
    ['true', { annotations: { [OPT_IN]: 'true' } }, 'write openelb'],
    ['nothing', { annotations: { [OPT_IN]: '' } }, 'write openelb'],
    ['a domain', { annotations: { [OPT_IN]: 'openelb.io' } }, 'write openelb'],
    ['our own name', { annotations: { [OPT_IN]: 'skycap' } }, 'write openelb'],
    [
      'the annotation as a label',
      { labels: { [OPT_IN]: 'openelb' } },
      `label ${OPT_IN} asks for nothing; write it as an annotation`,
    ],
    [
      'the Eip as a label',
      { labels: { [EIP]: 'web' }, annotations: { [OPT_IN]: 'openelb' }, isOurs: true },
      `label ${EIP} asks for nothing`,
    ],
    [
      'a class in another case',
      { class: 'skycap.io/LB' },
      `spec.loadBalancerClass: "skycap.io/LB" is not Skycap's, which is skycap.io/lb; a class cannot be changed`,
    ],
    ['a class without its end', { class: 'skycap' }, 'which is skycap.io/lb'],
    ['a class with a slip', { class: 'skycpa.io/lb' }, 'which is skycap.io/lb'],
    ['the annotation as a class', { class: OPT_IN }, 'which is skycap.io/lb'],
    ['a class of OpenELB', { class: 'openelb' }, `write the annotation ${OPT_IN}: openelb`],
    [
      'an Eip and no load balancer',
      { annotations: { [EIP]: 'web' } },
      `${EIP} has no effect, since the Service does not ask for Skycap; write the annotation ${OPT_IN}: openelb`,
    ],
    ['another version', { annotations: { 'eip.openelb.kubesphere.io/v1alpha3': 'web' } }, `did you mean ${EIP}?`],
    [
      'another version, with an address',
      { annotations: { 'eip.openelb.kubesphere.io/v1alpha3': '192.0.2.1' } },
      'did you mean eip.openelb.kubesphere.io/v1alpha1?',
    ],
    ['a slip in the prefix', { annotations: { 'eip.openlb.kubesphere.io/v1alpha2': 'web' } }, `did you mean ${EIP}?`],
    ['a slip in the opt-in', { annotations: { 'lb.kubesphere.io/v1aplha1': 'openelb' } }, `did you mean ${OPT_IN}?`],
    [
      'the protocol by another version',
      { annotations: { 'protocol.openelb.kubesphere.io/v1alpha2': 'bgp' }, isOurs: true },
      'did you mean protocol.openelb.kubesphere.io/v1alpha1?',
    ],
    [
      'a key of ours with a slip',
      { annotations: { 'skycap.io/sharing_key': 'a' }, isOurs: true },
      'did you mean skycap.io/sharing-key?',
    ],
    [
      'a key of ours that is none',
      { annotations: { 'skycap.io/pool': 'a' }, isOurs: true },
      '"skycap.io/pool" is not known to Skycap',
    ],
    [
      'the class as an annotation',
      { annotations: { 'skycap.io/lb': 'true' } },
      `to have Skycap serve the Service, write the annotation ${OPT_IN}: openelb`,
    ],
    [
      'a key without its end',
      { annotations: { 'lb.kubesphere.io': 'openelb' } },
      `write the annotation ${OPT_IN}: openelb`,
    ],
    [
      'a request of MetalLB in one of ours',
      { annotations: { [OPT_IN]: 'openelb', 'metallb.universe.tf/loadBalancerIPs': '192.0.2.1' }, isOurs: true },
      'asks another load balancer; ask Skycap by eip.openelb.kubesphere.io/v1alpha1',
    ],
    [
      'a pool of MetalLB in one of our class',
      { class: 'skycap.io/lb', annotations: { 'metallb.io/address-pool': 'web' }, isOurs: true },
      `ask Skycap by ${EIP}`,
    ],
    ['a key that hides something', { annotations: { 'skycap.io/p\u001b': 'a' }, isOurs: true }, 'skycap.io/p\\u001b'],
    [
      'while it is not known whose it is',
      { annotations: { 'skycap.io/sharing-kee': 'a' }, isOurs: undefined },
      'did you mean skycap.io/sharing-key?',
    ],
  ])('%s', (_, row, words) => {
    const warnings = said(row);
    expect(warnings.join('\n')).toContain(words);
    expect(warnings).toHaveLength(1);
    for (const warning of warnings) expect(warning.length).toBeLessThanOrEqual(256);
  });
});

describe('nothing is said', () => {
  it.each<[string, Row]>([
    ['ours', { annotations: { [OPT_IN]: 'openelb', [EIP]: 'web' }, isOurs: true }],
    ['of our class', { class: 'skycap.io/lb', isOurs: true }],
    ['unmarked', {}],
    ['taken off', { annotations: { [OPT_IN]: 'none' } }],
    ['taken off, with an Eip that is named still', { annotations: { [OPT_IN]: 'none', [EIP]: 'web' } }],
    ['MetalLB', { class: 'metallb.universe.tf/metallb', annotations: { 'metallb.universe.tf/address-pool': 'web' } }],
    [
      'MetalLB by annotations alone',
      { annotations: { 'metallb.io/loadBalancerIPs': '192.0.2.1', 'metallb.universe.tf/allow-shared-ip': 'a' } },
    ],
    ['kube-vip', { class: 'kube-vip.io/kube-vip-class', annotations: { 'kube-vip.io/loadbalancerIPs': '192.0.2.1' } }],
    [
      'Cilium',
      {
        class: 'io.cilium/l2-announcer',
        annotations: { 'io.cilium/lb-ipam-ips': '192.0.2.1', 'lbipam.cilium.io/sharing-key': 'a' },
      },
    ],
    ['PureLB', { class: 'purelb.io/purelb', annotations: { 'purelb.io/service-group': 'a' } }],
    ['LoxiLB', { class: 'loxilb.io/loxilb' }],
    ['Tailscale', { class: 'tailscale' }],
    [
      'AWS',
      {
        class: 'service.k8s.aws/nlb',
        annotations: { 'service.beta.kubernetes.io/aws-load-balancer-type': 'external' },
      },
    ],
    [
      'KubeSphere',
      {
        annotations: {
          'kubesphere.io/creator': 'admin',
          'kubesphere.io/alias-name': 'a',
          'servicemesh.kubesphere.io/enabled': 'true',
        },
      },
    ],
    [
      'what OpenELB wrote',
      {
        annotations: {
          'layer2.openelb.kubesphere.io/v1alpha1': 'n1',
          'node-proxy.openelb.kubesphere.io/external-ip': '192.0.2.1',
        },
      },
    ],
    [
      'what Skycap wrote, read back',
      { annotations: { [OPT_IN]: 'openelb', 'skycap.io/claim': 't' }, labels: { [EIP]: 'web' }, isOurs: true },
    ],
    ['what Skycap wrote', { annotations: { [OPT_IN]: 'openelb' }, labels: { [EIP]: 'web' }, uid: 'u', isOurs: true }],
    ['no load balancer', { type: 'ClusterIP', annotations: { [OPT_IN]: 'OpenELB', 'skycap.io/x': 'y' } }],
    [
      'ours by default, with a request of MetalLB',
      { annotations: { 'metallb.io/loadBalancerIPs': '192.0.2.1' }, isOurs: true },
    ],
    [
      'a request of kube-vip beside one of ours',
      {
        annotations: {
          [OPT_IN]: 'openelb',
          'kube-vip.io/loadbalancerIPs': '192.0.2.1',
          'eip.openelb.kubesphere.io/v1alpha1': '192.0.2.1',
        },
        isOurs: true,
      },
    ],
    ['unmarked, and not known whose', { annotations: { [EIP]: 'web' }, isOurs: undefined }],
  ])('%s', (_, row) => {
    expect(said(row)).toEqual([]);
  });
});

it('an edit of something else says nothing again', () => {
  expect(newWarnings(['a', 'b'], ['a'])).toEqual(['b']);
});
