/** `status`: what counts as a problem, and what the last report of a lost node still counts for: nothing. */
import type { Condition } from '../../../../lib/api/meta/object.ts';
import type { Node, Service } from '../../../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../../../lib/api/skycap/speaker-types.ts';
import { clusterStatus } from '../../../../lib/explain/cluster-status.ts';
import { aNode } from '../../../support/speaker-builders.ts';

const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: `of ${reason}`,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

function aService(name: string, announced: Condition): Service {
  const assigned = condition('skycap.io/AddressAssigned', 'True', 'Assigned');
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] }, conditions: [assigned, announced] },
  };
}

function aSpeaker(name: string, status: SpeakerObject['status'] = {}): SpeakerObject {
  const counts = { establishedSessions: 2, totalSessions: 2, announcedAddresses: 4, layer2AddressCount: 1 };
  const conditions = [condition('Ready', 'True', 'Ready')];
  const metadata = { name };
  return { apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata, status: { ...counts, conditions, ...status } };
}

const node = (name: string, ready = 'True') =>
  aNode({ metadata: { name }, status: { conditions: [{ type: 'Ready', status: ready }] } });

interface Objects {
  readonly services?: readonly Service[];
  readonly speakers?: readonly SpeakerObject[];
  readonly nodes?: readonly Node[];
}

function statusOf({ services = [], speakers = [], nodes = [] }: Objects) {
  const none = { items: [] };
  return clusterStatus({
    services: { items: services },
    speakers: { items: speakers },
    nodes: { items: nodes },
    eips: none,
    bgpConfs: none,
    bgpPeers: none,
  });
}

test.each([
  ['True', 'Announced', false],
  ['True', 'AddressConflict', true],
  ['False', 'NoLocalEndpoints', true],
  ['Unknown', 'BirdUnreachable', true],
  ['Unknown', 'AnnouncedByCni', false],
  ['Unknown', 'AnnouncedByCalico', false],
] as const)('a Service with Announced %s for the reason %s is a problem: %s', (status, reason, isProblem) => {
  const { unannounced, assigned } = statusOf({
    services: [aService('web', condition('skycap.io/Announced', status, reason))],
  });
  expect(assigned).toBe(1);
  expect(unannounced.map(({ service, reason: shown }) => [service, shown])).toEqual(
    isProblem ? [['shop/web', reason]] : [],
  );
});

test('the last report of a lost node, and of a speaker that has ended, counts for nothing', () => {
  const { nodes, problems } = statusOf({
    speakers: [aSpeaker('n1'), aSpeaker('n2'), aSpeaker('n3', { stopping: true })],
    nodes: [node('n1'), node('n2', 'Unknown'), node('n3')],
  });
  expect(nodes).toMatchObject([
    { node: 'n1', sessions: { established: 2, total: 2 }, bgpAddresses: 4, layer2Addresses: 1, ready: true },
    { node: 'n2', sessions: { established: 0, total: 2 }, bgpAddresses: 0, layer2Addresses: 0, ready: false },
    { node: 'n3', sessions: { established: 0, total: 2 }, bgpAddresses: 0, layer2Addresses: 0, ready: false },
  ]);
  expect(problems.map(({ object, reason }) => [object, reason])).toEqual([
    ['Node n2', 'NodeLost'],
    ['Speaker n3', 'SpeakerStopping'],
  ]);
});

test('a node without a Speaker is not ready', () => {
  const [only] = statusOf({ nodes: [node('n1')] }).nodes;
  expect(only).toEqual({
    node: 'n1',
    bgpAddresses: 0,
    layer2Addresses: 0,
    ready: false,
    message: 'no speaker has reported: look at the DaemonSet skycap-speaker',
  });
});

test('a node in maintenance says how far it is', () => {
  const conditions = [condition('Ready', 'True', 'Ready'), condition('SafeToReboot', 'True', 'NothingAnnounced')];
  const { nodes, problems } = statusOf({ nodes: [node('n1')], speakers: [aSpeaker('n1', { conditions })] });
  expect(nodes).toMatchObject([{ ready: true, maintenance: conditions[1]!.message }]);
  expect(problems).toEqual([]);
});

test('a kind that the API server does not know is the first problem', () => {
  const unread = { resource: 'bgpconfs', reason: 'NotInstalled', message: 'The API server has no bgpconfs' } as const;
  const none = { items: [] };
  const { problems } = clusterStatus({
    ...{ services: none, eips: none, bgpPeers: none, speakers: none, nodes: { items: [node('n1', 'Unknown')] } },
    bgpConfs: { items: [], unread },
  });
  expect(problems.map(({ reason }) => reason)).toEqual(['CrdMissing', 'NodeLost']);
});
