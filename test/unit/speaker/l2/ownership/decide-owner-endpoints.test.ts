/** Which node has an address of a `Local` Service, by its endpoints. */
import { ADDRESS, EXCLUDED, type NodeOptions } from '../../../../support/layer2-builders.ts';
import { anEndpoint, aService, aSlice, NOT_READY, READY } from '../../../../support/speaker-builders.ts';
import { decided, first, has, second, third, yields } from './decided.ts';

describe('externalTrafficPolicy Local', () => {
  const services = [aService({ policy: 'Local', ips: [ADDRESS] })];
  const slices = (...nodes: string[]) => [aSlice(nodes.map((name) => anEndpoint(name, READY)))];

  it('only a node with a ready endpoint gets it', () => {
    expect(decided({}, { services, slices: slices(third) })).toEqual([
      'ignore NoLocalEndpoints (3)',
      'ignore NoLocalEndpoints (3)',
      'probe NoOwner',
    ]);
  });

  it('it moves with the endpoint, and the former owner answers meanwhile', () => {
    expect(decided({ [first]: has }, { services, slices: slices(second) })).toEqual([
      'hold HandingOver (2)',
      'take OwnerLeaves (1)',
      'ignore NoLocalEndpoints (2)',
    ]);
  });

  const gone = [aSlice([anEndpoint(first, NOT_READY)])];

  it('with the last endpoint gone who has it goes on, and nobody takes it', () => {
    const goesOn = ['ignore NoLocalEndpoints', 'hold NoLocalEndpoints', 'ignore NoLocalEndpoints'];
    expect(decided({ [second]: has }, { services, slices: gone })).toEqual(goesOn);
    expect(decided({}, { services, slices: gone })[1]).toBe('ignore NoLocalEndpoints');
  });

  it('with the last endpoint gone two who have it agree on one', () => {
    const both = decided({ [first]: has, [second]: has }, { services, slices: gone });
    expect(both.slice(0, 2)).toEqual(['hold NoLocalEndpoints', 'hold HandingOver (1)']);
    const after = decided({ [first]: has, [second]: yields }, { services, slices: gone });
    expect(after.slice(0, 2)).toEqual(['hold NoLocalEndpoints', 'release OwnedElsewhere (1)']);
  });

  it('with the last endpoint gone it is given up by a node that is not to have it at all', () => {
    const excluded = { [first]: { ...has, ...EXCLUDED } };
    expect(decided(excluded, { services, slices: gone })[0]).toBe('release NodeExcluded');
  });

  it('two who have it, and see different endpoints: neither lets go on the strength of what the other one said before', () => {
    // The first sees the endpoint that the second had, and the second sees the one that the first gets.
    const asFirst = (nodes: Record<string, NodeOptions>) => decided(nodes, { services, slices: slices(second) })[0];
    const asSecond = (nodes: Record<string, NodeOptions>) => decided(nodes, { services, slices: slices(first) })[1];
    const before = { [first]: has, [second]: has };
    expect([asFirst(before), asSecond(before)]).toEqual(['hold HandingOver (2)', 'hold HandingOver (1)']);
    // Each knows of its own notice, and the other's object is one step old for one of them at most.
    const bothSaid = { [first]: yields, [second]: yields };
    expect([asFirst(bothSaid), asSecond(bothSaid)]).toEqual(['hold HandingOver (2)', 'hold HandingOver (1)']);
    expect(asFirst({ [first]: yields, [second]: has })).toBe('release OwnedElsewhere (2)');
    expect(asSecond(bothSaid)).toBe('hold HandingOver (1)');
  });

  describe('two Services that share it', () => {
    const cluster = aService({ name: 'other', ips: [ADDRESS] });
    const local = aService({ name: 'other', policy: 'Local', ips: [ADDRESS] });
    const others = (...nodes: string[]) =>
      aSlice(
        nodes.map((name) => anEndpoint(name, READY)),
        { service: 'other' },
      );

    it('are both served where a node can: it moves there from one that serves the other policy alone', () => {
      expect(decided({ [first]: has }, { services: [...services, cluster], slices: slices(second) })).toEqual([
        'hold HandingOver (2)',
        'take OwnerLeaves (1)',
        'ignore NoLocalEndpoints (2)',
      ]);
      const inCommon = [...slices(first, third), others(second, third)];
      expect(decided({}, { services: [...services, local], slices: inCommon })[2]).toBe('probe NoOwner');
    });

    it('need not be served together where no node that lives can: one is enough', () => {
      const apart = { services: [...services, local], slices: [...slices(second), others(third)] };
      expect(decided({ [second]: has }, apart)[1]).toBe('hold Announced');
      expect(decided({ [third]: has }, apart)[2]).toBe('hold Announced');
      const both = { services: [...services, cluster], slices: slices(second) };
      expect(decided({ [first]: has, [second]: { live: false } }, both)[0]).toBe('hold Announced');
      expect(decided({ [first]: has, [second]: EXCLUDED }, both)[0]).toBe('hold Announced');
    });

    it('one that no node can serve does not count', () => {
      const none = { services: [...services, cluster], slices: gone };
      expect(decided({ [second]: has }, none)[1]).toBe('hold Announced');
    });
  });
});
