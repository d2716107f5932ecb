import { ReachableSpeakers } from '../../../../allocator/cluster/reachable-speakers.ts';
import { trimPod } from '../../../../lib/announce/trim-objects.ts';
import type { Node, Pod } from '../../../../lib/api/service/service.ts';
import type { SpeakerObject } from '../../../../lib/api/skycap/speaker-types.ts';
import { HandStore } from '../../../support/hand-store.ts';
import { logSink } from '../../../support/log-sink.ts';
import { ESTABLISHED } from '../builders.ts';

const speaker = (name: string): SpeakerObject => ({
  apiVersion: 'skycap.io/v1alpha1',
  kind: 'Speaker',
  metadata: { name },
  status: {
    sessions: [ESTABLISHED],
    layer2Addresses: [{ address: '198.51.100.7', interface: 'eth0' }],
    layer2Unable: ['other'],
  },
});
const node = (name: string, ready?: string): Node => ({
  metadata: { name },
  status: { conditions: ready === undefined ? [] : [{ type: 'Ready', status: ready }] },
});
const words = ({ status }: SpeakerObject): string =>
  [status?.sessions?.map(({ state }) => state), status?.layer2Addresses?.map(({ address }) => address)].join(' ');
const ALL = 'Established 198.51.100.7';

function make() {
  const said = new HandStore<SpeakerObject>();
  const nodes = new HandStore<Node>();
  const pods = new HandStore<Pod>();
  const heard = new ReachableSpeakers({ said, nodes, pods }, logSink().log);
  const told: string[] = [];
  heard.subscribe((change) => {
    const old = change.type === 'modified' ? `${words(change.old)} → ` : '';
    told.push(`${change.type} ${change.key}: ${old}${words(change.object)}`);
  });
  return { said, nodes, pods, heard, told };
}

test.each<[string, Node | undefined, string]>([
  ['is ready', node('a', 'True'), ALL],
  ['is not ready and says so itself', node('a', 'False'), ALL],
  ['has not reported yet', node('a'), ALL],
  ['is not known', undefined, ALL],
  ['is lost', node('a', 'Unknown'), 'Idle '],
])('a Speaker whose node %s', (_, of, expected) => {
  const { said, nodes, heard } = make();
  if (of) nodes.put(of);
  said.put(speaker('a'));
  expect([...heard.values()].map(words)).toEqual([expected]);
  expect(words(heard.get('a')!)).toBe(expected);
  expect(heard.get('a')?.status?.layer2Unable).toEqual(['other']);
});

test('that a node is lost, and that it is back, is told as a change of its Speaker', () => {
  const { said, nodes, told } = make();
  nodes.put(node('a', 'True'), node('b', 'True'));
  said.put(speaker('a'));
  nodes.put(node('a', 'Unknown'), node('b', 'Unknown'));
  nodes.put(node('a', 'Unknown'));
  said.put(speaker('a'));
  nodes.put(node('a', 'True'));
  nodes.put(node('a', 'Unknown'));
  nodes.remove(node('a', 'Unknown'));
  expect(told).toEqual([
    `added a: ${ALL}`,
    `modified a: ${ALL} → Idle `,
    'modified a: Idle  → Idle ',
    `modified a: Idle  → ${ALL}`,
    `modified a: ${ALL} → Idle `,
    `modified a: Idle  → ${ALL}`,
  ]);
});

test('a speaker that was told to end says nothing any more', () => {
  const { said, heard } = make();
  const one = speaker('a');
  said.put({ ...one, status: { ...one.status, stopping: true } });
  expect(words(heard.get('a')!)).toBe('Idle ');
  expect(heard.get('a')?.status?.sessions?.[0]?.lastError).toBe('the speaker has ended');
  said.put(one);
  expect(words(heard.get('a')!)).toBe(ALL);
});

describe('pods of the speaker', () => {
  const pod = (name: string, nodeName?: string): Pod => ({
    metadata: { name, namespace: 'skycap-system' },
    ...(nodeName && { spec: { nodeName } }),
  });

  test('one whose container does not run has no address, and BIRD beside it its sessions', () => {
    const { said, pods, heard, told } = make();
    const state = (name: string, is: object): Pod => ({
      ...pod('p', 'a'),
      status: { containerStatuses: [{ name, state: is }] },
    });
    said.put(speaker('a'));
    pods.put(pod('p', 'a'), state('speaker', { running: {} }), state('bird', { waiting: {} }));
    expect(words(heard.get('a')!)).toBe(ALL);
    pods.put(trimPod(state('speaker', { waiting: { reason: 'CrashLoopBackOff' } })));
    expect(words(heard.get('a')!)).toBe('Established ');
    pods.put(trimPod(state('speaker', { running: { startedAt: 'x' } })));
    expect(told.slice(1)).toEqual([`modified a: ${ALL} → Established `, `modified a: Established  → ${ALL}`]);
  });

  test('where none was ever seen, what the Speakers say counts', () => {
    const { said, heard } = make();
    said.put(speaker('a'));
    expect(words(heard.get('a')!)).toBe(ALL);
  });

  test('a Speaker of a node without one counts as ended, until there is one again', () => {
    const { said, pods, heard, told } = make();
    said.put(speaker('a'), speaker('b'));
    pods.put(pod('one', 'a'), pod('two'), pod('two', 'b'));
    expect([...heard.values()].map(words)).toEqual([ALL, ALL]);
    told.length = 0;
    pods.remove(pod('one', 'a'));
    expect(words(heard.get('a')!)).toBe('Idle ');
    expect(heard.get('a')?.status?.stopping).toBe(true);
    pods.remove(pod('two', 'b'));
    expect([...heard.values()].map(words)).toEqual(['Idle ', 'Idle ']);
    pods.put(pod('three', 'a'));
    expect(told).toEqual([`modified a: ${ALL} → Idle `, `modified b: ${ALL} → Idle `, `modified a: Idle  → ${ALL}`]);
  });

  test('one that is replaced is not missed while the old one is there', () => {
    const { said, pods, told } = make();
    said.put(speaker('a'));
    pods.put(pod('old', 'a'), pod('new', 'a'));
    told.length = 0;
    pods.remove(pod('old', 'a'));
    expect(told).toEqual([]);
  });
});
