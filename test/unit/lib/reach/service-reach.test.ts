/** What the allocator says of a Service is what the nodes do: for any nodes, endpoints and policies. */

import fc from 'fast-check';
import { announceReason } from '../../../../lib/announce/eligible.ts';
import { placesOf, viewFrom } from '../../../../lib/announce/endpoints.ts';
import type { Eip } from '../../../../lib/api/eip/eip.ts';
import { ALL_PROTOCOLS } from '../../../../lib/api/eip/protocols.ts';
import { eipReach, type SpeakerNode } from '../../../../lib/reach/eip-reach.ts';
import { nodeReach, serviceReach } from '../../../../lib/reach/service-reach.ts';
import { anEndpoint, aService, aSlice, DRAINING, GONE, NOT_READY, READY } from '../../../support/speaker-builders.ts';
import { addr, eip } from '../../allocator/builders.ts';
import { DOWN, speakerNode, UP } from './builders.ts';

const NAMES = ['a', 'b', 'c'] as const;
const web = eip('web', '198.51.100.0/24');
const rack: Eip['nodeSelector'] = [{ key: 'rack', operator: 'Exists', values: [] }];

const node = (name: string): fc.Arbitrary<SpeakerNode> =>
  fc
    .record({
      excluded: fc.boolean(),
      leaving: fc.boolean(),
      isSelected: fc.boolean(),
      hasFamily: fc.boolean(),
      isUp: fc.boolean(),
    })
    .map(({ excluded, leaving, isSelected, hasFamily, isUp }) => {
      const labels: Record<string, string> = isSelected ? { rack: 'r' } : {};
      const state = { excluded, leaving, labels, ...(!hasFamily && { addresses: {} }) };
      return speakerNode(name, { sessions: [isUp ? UP : DOWN] }, { node: state });
    });
const endpoint = fc
  .tuple(fc.constantFrom(...NAMES, 'elsewhere', null), fc.constantFrom(READY, DRAINING, NOT_READY, GONE))
  .map(([on, conditions]) => anEndpoint(on, conditions));

it('says Announced exactly where a node announces', () => {
  const input = fc.record({
    nodes: fc.tuple(...NAMES.map(node)),
    count: fc.nat(NAMES.length),
    endpoints: fc.array(endpoint, { maxLength: 4 }),
    policy: fc.constantFrom('Cluster' as const, 'Local' as const),
    whenNoEndpoints: fc.constantFrom('Keep' as const, 'Withdraw' as const),
    isSelective: fc.boolean(),
  });
  fc.assert(
    fc.property(input, ({ nodes: all, count, endpoints, policy, whenNoEndpoints, isSelective }) => {
      const nodes = all.slice(0, count);
      const of = { ...web, whenNoEndpoints, nodeSelector: isSelective ? rack : [] };
      const places = placesOf([aSlice(endpoints)], 4);
      const announcing = nodes.filter(
        ({ name, state, status }) =>
          status?.sessions?.some((one) => one.state === 'Established') &&
          announceReason({
            by: 'bgp',
            service: aService({ policy }),
            address: addr('198.51.100.7'),
            eip: { ok: true, value: of },
            node: state,
            endpoints: viewFrom(places, name),
          }) === 'Announced',
      );
      const reach = eipReach(of, {
        protocols: ALL_PROTOCOLS,
        nodes,
        familiesOf: () => undefined,
        labelsOf: () => undefined,
        bgpConf: 'usable',
        calico: [],
      });
      const sharer = { isLocal: policy === 'Local', places };
      expect(serviceReach(reach, of, sharer) === 'Announced').toBe(announcing.length > 0);
      const here = nodes.filter(
        ({ name }) => nodeReach(name, reach.standings.get(name)!, of, [sharer]) === 'Announced',
      );
      expect(here).toEqual(announcing);
    }),
    { numRuns: 2_000 },
  );
});

describe('why none does', () => {
  const reachOf = (...nodes: SpeakerNode[]) =>
    eipReach(
      { ...web, nodeSelector: rack },
      {
        protocols: ALL_PROTOCOLS,
        nodes,
        familiesOf: () => undefined,
        labelsOf: () => undefined,
        bgpConf: 'usable',
        calico: [],
      },
    );
  const selected = (name: string, session = UP) =>
    speakerNode(name, { sessions: [session] }, { node: { labels: { rack: 'r' } } });
  const other = (name: string) => speakerNode(name, { sessions: [UP] });
  const local = (...endpoints: ReturnType<typeof anEndpoint>[]) => ({
    isLocal: true,
    places: placesOf([aSlice(endpoints)], 4),
  });
  it.each<[string, string, string]>([
    ['no endpoint at all', serviceReach(reachOf(selected('a')), web, local()), 'NoLocalEndpoints'],
    [
      'the endpoint is on a node that is not selected',
      serviceReach(reachOf(selected('a'), other('b')), web, local(anEndpoint('b'))),
      'NoLocalEndpoints',
    ],
    [
      'no node is selected, wherever the endpoint is',
      serviceReach(reachOf(other('a'), other('b')), web, local(anEndpoint('b'))),
      'NodeNotSelected',
    ],
    [
      'the node with the endpoint has no session, while another one has',
      serviceReach(reachOf(selected('a'), selected('b', DOWN)), web, local(anEndpoint('b'))),
      'SessionsDown',
    ],
    [
      'a ready endpoint elsewhere beats one that drains here',
      serviceReach(reachOf(selected('a'), other('b')), web, local(anEndpoint('a', DRAINING), anEndpoint('b'))),
      'NoLocalEndpoints',
    ],
    [
      'nothing but one that drains',
      serviceReach(reachOf(selected('a')), web, local(anEndpoint('a', DRAINING))),
      'Announced',
    ],
    [
      'withdrawn without endpoints, and no session either',
      serviceReach(reachOf(selected('a', DOWN)), { whenNoEndpoints: 'Withdraw' }, { ...local(), isLocal: false }),
      'NoEndpoints',
    ],
    [
      'withdrawn without endpoints, and no node is selected either',
      serviceReach(reachOf(other('a')), { whenNoEndpoints: 'Withdraw' }, { ...local(), isLocal: false }),
      'NodeNotSelected',
    ],
  ])('%s', (_, standing, expected) => {
    expect(standing).toBe(expected);
  });
});
