/** What a Node says about announcing from it. */

import { nodeState } from '../../../../lib/announce/node-state.ts';
import type { Node } from '../../../../lib/api/service/service.ts';
import { formatAddress } from '../../../../lib/net/address.ts';
import { aNode } from '../../../support/speaker-builders.ts';

describe('nodeState()', () => {
  // Go's strconv.ParseBool; what it can't read counts as true in the cloud controller manager.
  it.each([
    [undefined, false],
    ['', true],
    ['true', true],
    ['True', true],
    ['1', true],
    ['yes', true],
    ['no', true],
    ['fAlSe', true],
    ['false', false],
    ['False', false],
    ['FALSE', false],
    ['f', false],
    ['F', false],
    ['0', false],
  ])('exclude label %j: excluded %s', (value, excluded) => {
    const labels: Record<string, string> =
      value === undefined ? {} : { 'node.kubernetes.io/exclude-from-external-load-balancers': value };
    expect(nodeState('node-1', aNode({ metadata: { name: 'node-1', labels } })).excluded).toBe(excluded);
  });

  it.each([
    ['true', true],
    ['', true],
    ['false', false],
    [undefined, false],
  ])('annotation skycap.io/maintenance %j: in maintenance %s', (value, inMaintenance) => {
    const annotations: Record<string, string> = value === undefined ? {} : { 'skycap.io/maintenance': value };
    const node = aNode({ metadata: { name: 'node-1', annotations } });
    expect(nodeState('node-1', node).inMaintenance).toBe(inMaintenance);
  });

  const ready = (status: string, message?: string): Partial<Node> => ({
    status: { conditions: [{ type: 'Ready', status, ...(message && { message }) }] },
  });
  const taint = (key: string): Partial<Node> => ({ spec: { taints: [{ key, effect: 'NoSchedule' }] } });
  it.each<[string, Partial<Node>, boolean]>([
    ['an ordinary node', {}, false],
    ['not ready', ready('False', 'container runtime is down'), false],
    ['unknown', ready('Unknown', 'Kubelet stopped posting node status.'), false],
    ['shutting down', ready('False', 'node is shutting down'), true],
    ['ready again after a shutdown that was called off', ready('True', 'node is shutting down'), false],
    ['cordoned', { spec: { unschedulable: true } }, false],
    ['cordoned, by its taint', taint('node.kubernetes.io/unschedulable'), false],
    ['to be deleted by the autoscaler', taint('ToBeDeletedByClusterAutoscaler'), true],
    ['out of service', taint('node.kubernetes.io/out-of-service'), true],
    ['being deleted', { metadata: { name: 'node-1', deletionTimestamp: '2026-01-01T00:00:00Z' } }, true],
  ])('%s', (_, over, leaving) => {
    expect(nodeState('node-1', aNode(over)).leaving).toBe(leaving);
  });

  it('a node that is not there is leaving', () => {
    expect(nodeState('node-1', undefined)).toMatchObject({ leaving: true, addresses: {} });
  });

  it('takes the first InternalIP of each family and nothing else', () => {
    const addresses = [
      { type: 'Hostname', address: 'node-1' },
      { type: 'ExternalIP', address: '203.0.113.1' },
      { type: 'InternalIP', address: 'fd00::11' },
      { type: 'InternalIP', address: 'not an address' },
      { type: 'InternalIP', address: '10.0.0.11' },
      { type: 'InternalIP', address: '10.0.0.12' },
    ];
    const state = nodeState('node-1', aNode({ status: { addresses } }));
    expect(Object.values(state.addresses).map(formatAddress)).toEqual(['10.0.0.11', 'fd00::11']);
  });
});
