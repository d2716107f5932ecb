/** Which addresses a node in maintenance withdraws: never below the minimum, and the same answer on every node. */
import fc from 'fast-check';
import { nodeState } from '../../../../../lib/announce/node-state.ts';
import { type ClusterNode, decideWithdrawal } from '../../../../../lib/bgp/maintenance/decide-withdrawal.ts';
import {
  aNode,
  anEip,
  anEndpoint,
  aService,
  aSlice,
  aSnapshot,
  type ClusterOptions,
  DRAINING,
  READY,
} from '../../../../support/speaker-builders.ts';

interface Told {
  readonly maintenance?: boolean;
  readonly down?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

function clusterOf(told: Readonly<Record<string, Told>>): ReadonlyMap<string, ClusterNode> {
  return new Map(
    Object.entries(told).map(([name, { maintenance = false, down = false, labels = {} }]) => [
      name,
      {
        node: nodeState(name, aNode({ name, metadata: { name, labels } })),
        canAnnounce: !down,
        inMaintenance: maintenance,
      },
    ]),
  );
}

interface Options extends Pick<ClusterOptions, 'services' | 'slices' | 'eips'> {
  readonly minimumNodes?: number;
}

function withdrawnBy(self: string, told: Readonly<Record<string, Told>>, options: Options = {}): string[] {
  const { services = [aService()], minimumNodes = 1, ...rest } = options;
  const snapshot = aSnapshot({ nodeName: self, services, ...rest });
  const nodes = clusterOf(told);
  return [...decideWithdrawal({ snapshot, self: nodes.get(self)!.node, nodes, minimumNodes }).withdrawn];
}

const ALL = ['198.51.100.7'];
const MAINTENANCE = { maintenance: true };
const DOWN = { down: true };

describe('a node in maintenance', () => {
  it.each<[string, Readonly<Record<string, Told>>, Options, string[]]>([
    ['withdraws what another node announces', { a: MAINTENANCE, b: {} }, {}, ALL],
    ['keeps everything where it is the only node', { a: MAINTENANCE }, {}, []],
    ['keeps everything where the others are down', { a: MAINTENANCE, b: DOWN }, {}, []],
    ['keeps everything where the minimum would not be met', { a: MAINTENANCE, b: {} }, { minimumNodes: 2 }, []],
    ['withdraws everything where no node has to announce', { a: MAINTENANCE }, { minimumNodes: 0 }, ALL],
    ['withdraws first by its name', { a: MAINTENANCE, b: MAINTENANCE }, {}, ALL],
    [
      'keeps what its Eip allows on no other node',
      { a: { ...MAINTENANCE, labels: { edge: 'yes' } }, b: {} },
      { eips: [anEip('v4', { nodeSelector: { matchLabels: { edge: 'yes' } } })] },
      [],
    ],
    [
      'withdraws a Local Service with an endpoint elsewhere',
      { a: MAINTENANCE, b: {}, c: {} },
      { services: [aService({ policy: 'Local' })], slices: [aSlice([anEndpoint('a', READY), anEndpoint('c', READY)])] },
      ALL,
    ],
    [
      'keeps a Local Service with endpoints here only',
      { a: MAINTENANCE, b: {} },
      { services: [aService({ policy: 'Local' })], slices: [aSlice([anEndpoint('a', READY)])] },
      [],
    ],
    [
      'keeps a Local Service whose other endpoint is on a node that is down',
      { a: MAINTENANCE, b: DOWN },
      { services: [aService({ policy: 'Local' })], slices: [aSlice([anEndpoint('a', READY), anEndpoint('b', READY)])] },
      [],
    ],
    [
      'withdraws a Local Service whose endpoints all terminate, where one of them is elsewhere',
      { a: MAINTENANCE, b: {} },
      {
        services: [aService({ policy: 'Local' })],
        slices: [aSlice([anEndpoint('a', DRAINING), anEndpoint('b', DRAINING)])],
      },
      ALL,
    ],
    [
      'keeps an address that one of the Services that share it needs here',
      { a: MAINTENANCE, b: {} },
      {
        services: [aService({ name: 'any' }), aService({ name: 'here', policy: 'Local' })],
        slices: [aSlice([anEndpoint('a', READY)], { service: 'here' })],
      },
      [],
    ],
    ['has nothing to withdraw of a Service that it does not announce', { a: MAINTENANCE, b: {} }, { services: [] }, []],
  ])('%s', (_, told, options, withdrawn) => {
    expect(withdrawnBy('a', told, options)).toEqual(withdrawn);
  });

  it('the second by name keeps what the first has withdrawn', () => {
    expect(withdrawnBy('b', { a: MAINTENANCE, b: MAINTENANCE })).toEqual([]);
    expect(withdrawnBy('b', { a: MAINTENANCE, b: MAINTENANCE, c: {} })).toEqual(ALL);
  });

  it('names what it keeps, with the Services', () => {
    const services = [aService(), aService({ name: 'api' })];
    const nodes = clusterOf({ a: MAINTENANCE });
    const input = {
      snapshot: aSnapshot({ nodeName: 'a', services }),
      self: nodes.get('a')!.node,
      nodes,
      minimumNodes: 1,
    };
    expect(decideWithdrawal(input).kept).toEqual([{ text: ALL[0], services: ['default/web', 'default/api'] }]);
  });
});

it('whatever nodes are in maintenance, as many as the minimum go on, or all that can', () => {
  const state = fc.constantFrom<Told>({}, MAINTENANCE, DOWN);
  const cluster = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), state, { minKeys: 1 });
  fc.assert(
    fc.property(cluster, fc.nat(3), (told, minimumNodes) => {
      const up = Object.keys(told).filter((name) => !told[name]!.down);
      const announcing = up.filter(
        (name) => !told[name]!.maintenance || withdrawnBy(name, told, { minimumNodes }).length === 0,
      );
      expect(announcing.length).toBeGreaterThanOrEqual(Math.min(minimumNodes, up.length));
      // No node stays for nothing.
      const serving = up.filter((name) => !told[name]!.maintenance).length;
      expect(announcing.length).toBeLessThanOrEqual(Math.max(minimumNodes, serving));
    }),
  );
});
