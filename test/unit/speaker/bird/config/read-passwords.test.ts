/** The passwords that a configuration has are read back from its text, whatever they and the names of the peers are. */
import fc from 'fast-check';
import { makePlan } from '../../../../../lib/bgp/plan.ts';
import { buildBirdConfig, peerSymbol } from '../../../../../speaker/bird/config/model.ts';
import { readPasswords } from '../../../../../speaker/bird/config/read-passwords.ts';
import { renderBirdConfig } from '../../../../../speaker/bird/config/render.ts';
import { parseBirdVersion } from '../../../../../speaker/bird/config/version.ts';
import { aBgpPeer, aSnapshot } from '../../../../support/speaker-builders.ts';

it('reads back what was written', () => {
  const password = fc.string({ unit: fc.constantFrom('a', 'é', '\\', ';', '}', '{', '#', ' ', "'"), maxLength: 20 });
  const peers = fc.dictionary(fc.string({ unit: fc.constantFrom('a', '-', '.', 'b'), minLength: 1 }), password);
  fc.assert(
    fc.property(peers, (wanted) => {
      const bgpPeers = Object.entries(wanted).map(([name, authPassword], i) =>
        aBgpPeer(name, { conf: { authPassword, neighborAddress: `192.0.2.${i + 1}` } }),
      );
      const planned = makePlan(aSnapshot({ bgpPeers }));
      if (planned.kind !== 'plan') throw new Error('Cannot go on: the plan is on hold');
      const { text } = renderBirdConfig(buildBirdConfig(planned.plan, parseBirdVersion('BIRD 2.17.5')!));
      const expected = Object.entries(wanted).map(([name, one]) => [
        peerSymbol(name),
        one === '' ? {} : { password: one },
      ]);
      expect(new Map([...readPasswords(text)].sort())).toEqual(new Map((expected as [string, object][]).sort()));
    }),
    { numRuns: 50 },
  );
});
