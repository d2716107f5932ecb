/** Which lines of BIRD's log tell a router's AS number, as 2.0.12 and 2.17 write them. */
import { RouterAs } from '../../../../../speaker/bird/session/router-as.ts';
import { withRemedy } from '../../../../../speaker/bird/session/session-error.ts';

it.each<[string, number | undefined]>([
  ['skycap_peer_router__1: Error: Bad peer AS: 65009', 65_009],
  ['2026-11-30 02:58:18.394 <RMT> skycap_peer_router__1: Error: Bad peer AS: 4294967295', 4_294_967_295],
  ['skycap_peer_router__1: Received: Bad peer AS: 65009', undefined],
  ['skycap_peer_other: Error: Bad peer AS: 65009', undefined],
  ['skycap_peer_router__1: State changed to stop', undefined],
])('%s', (line, as) => {
  const routerAs = new RouterAs();
  routerAs.heard(line);
  expect(routerAs.of('router-1')).toBe(as);
});

it('the number is in the words of the error', () => {
  const session = { neighborAddress: '192.0.2.1', neighborAs: 64_513, localAs: 64_512, routerAs: 65_009 };
  expect(withRemedy('BGP Error: Bad peer AS', session)).toBe(
    'BGP Error: Bad peer AS: wrong AS: expected 64513, the router says 65009; mend spec.conf.peerAs',
  );
});
