/** When objects of a kind can be there: its CRD is established and not on its way out. */
import { type Crd, crdName, establishedSince } from '../../../../lib/kube/crd.ts';
import { BGP_CONFS, EIP_CLAIMS } from '../../../../lib/kube/resource.ts';

const crd = (status: Crd['status'], metadata: Crd['metadata'] = {}): Crd => ({
  metadata: { creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
  ...(status && { status }),
});
const ESTABLISHED = { type: 'Established', status: 'True' } as const;

it.each<[string, Crd | undefined, string | undefined]>([
  ['established', crd({ conditions: [ESTABLISHED] }), '2026-01-01T00:00:00Z'],
  ['absent', undefined, undefined],
  ['new, without a status', crd(undefined), undefined],
  ['not established', crd({ conditions: [{ type: 'Established', status: 'False' }] }), undefined],
  ['being deleted', crd({ conditions: [ESTABLISHED] }, { deletionTimestamp: '2026-01-02T00:00:00Z' }), undefined],
  ['terminating', crd({ conditions: [ESTABLISHED, { type: 'Terminating', status: 'True' }] }), undefined],
])('one that is %s', (_, object, expected) => {
  expect(establishedSince(object)).toBe(expected);
});

it('is named by plural and group', () => {
  expect([BGP_CONFS, EIP_CLAIMS].map(crdName)).toEqual(['bgpconfs.network.kubesphere.io', 'eipclaims.skycap.io']);
});
