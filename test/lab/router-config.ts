/** The router's FRR configuration: accepts a session from any node and installs equal-cost routes to all of them. */
import { ROUTER_ADDRESS, ROUTER_AS } from './layout.ts';
import { NODE_SUBNETS } from './network-plan.ts';

const MOST_PATHS = 16;

/** File name → content. */
export function routerConfigFiles(): Readonly<Record<string, string>> {
  return {
    'zebra.conf': 'hostname router\n',
    'vtysh.conf': 'no service integrated-vtysh-config\n',
    'bgpd.conf': bgpdConfig(),
  };
}

/**
 * `no bgp ebgp-requires-policy` because there is none; `multipath-relax` because paths of equal length may differ in their ASNs, one a
 * node with AS-per-rack. Each node is the next hop of its own routes, so equal cost needs no ADD-PATH. An IPv6 route comes with two next hops,
 * global and link-local; FRR would install the link-local one, in which nobody recognises a node.
 */
function bgpdConfig(): string {
  return `hostname router
router bgp ${ROUTER_AS}
 bgp router-id ${ROUTER_ADDRESS.v4}
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 no bgp network import-check
 bgp bestpath as-path multipath-relax
 neighbor nodes peer-group
 neighbor nodes remote-as external
 neighbor nodes advertisement-interval 0
 neighbor nodes timers connect 1
${NODE_SUBNETS.map((subnet) => ` bgp listen range ${subnet} peer-group nodes\n`).join('')} bgp listen limit 100
 address-family ipv4 unicast
  neighbor nodes activate
  maximum-paths ${MOST_PATHS}
 exit-address-family
 address-family ipv6 unicast
  neighbor nodes activate
  neighbor nodes route-map prefer-global in
  maximum-paths ${MOST_PATHS}
 exit-address-family
route-map prefer-global permit 10
 set ipv6 next-hop prefer-global
`;
}
