/** Nodes and what their speakers say. */

import { type NodeState, nodeState } from '../../../../lib/announce/node-state.ts';
import type { Node } from '../../../../lib/api/service/service.ts';
import type { SpeakerObject, SpeakerSession } from '../../../../lib/api/skycap/speaker-types.ts';
import type { SpeakerNode } from '../../../../lib/reach/eip-reach.ts';
import { aNode } from '../../../support/speaker-builders.ts';
import { ESTABLISHED } from '../../allocator/builders.ts';

export const UP = ESTABLISHED;
export const DOWN: SpeakerSession = { ...UP, state: 'Active' };

let version = 100;
export function speaker(name: string, status: SpeakerObject['status']): SpeakerObject {
  const metadata = { name, resourceVersion: String(version++) };
  return { apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata, ...(status && { status }) };
}

export function speakerNode(
  name: string,
  status: SpeakerObject['status'],
  differs: { readonly node?: Partial<NodeState>; readonly isLost?: boolean } = {},
): SpeakerNode {
  const state = { ...nodeState(name, aNode({ name })), ...differs.node };
  return { name, state, isLost: differs.isLost ?? false, status };
}

export function node(name: string, ready = 'True', labels: Readonly<Record<string, string>> = {}): Node {
  const plain = aNode({ name, metadata: { name, labels } });
  return { ...plain, status: { ...plain.status, conditions: [{ type: 'Ready', status: ready }] } };
}
