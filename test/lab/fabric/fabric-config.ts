/** FRR's configuration of a router of the fabric: external BGP on every wire, equal-cost routes by all of them. */
import { BORDER, FABRIC_ROUTERS, LEAVES } from '../layout.ts';
import { AS_NUMBERS, type FabricRouter, LEAF_LISTEN_RANGES, neighborsOf, OUTSIDE_SUBNET } from './fabric-plan.ts';

const MOST_PATHS = 16;

/** File name → content. */
export function fabricConfigFiles(router: FabricRouter): Readonly<Record<string, string>> {
  return {
    'zebra.conf': `hostname ${router}\n`,
    'vtysh.conf': 'no service integrated-vtysh-config\n',
    'bgpd.conf': bgpdConfig(router),
  };
}

/** The timers suit a fabric whose links show a failure: a router without power takes its links down. */
function bgpdConfig(router: FabricRouter): string {
  const isLeaf = LEAVES.some((leaf) => leaf === router);
  const neighbors = neighborsOf(router);
  const inFamily = (family: 'v4' | 'v6') =>
    neighbors.flatMap(({ address }) => [`  neighbor ${address[family]} activate`]);
  const preferGlobal = neighbors.map(({ address }) => `  neighbor ${address.v6} route-map prefer-global in`);
  return [
    `hostname ${router}`,
    `router bgp ${AS_NUMBERS[router]}`,
    ` bgp router-id 10.95.255.${FABRIC_ROUTERS.indexOf(router) + 1}`,
    ' no bgp ebgp-requires-policy',
    ' no bgp default ipv4-unicast',
    ' bgp bestpath as-path multipath-relax',
    ' timers bgp 1 3',
    ...neighbors.flatMap(({ name, address }) =>
      [address.v4, address.v6].flatMap((text) => [
        ` neighbor ${text} remote-as ${AS_NUMBERS[name]}`,
        ` neighbor ${text} advertisement-interval 0`,
        ` neighbor ${text} timers connect 1`,
      ]),
    ),
    ...(isLeaf
      ? [
          ' neighbor nodes peer-group',
          ' neighbor nodes remote-as external',
          ' neighbor nodes advertisement-interval 0',
          ' neighbor nodes timers 3 9',
          ...LEAF_LISTEN_RANGES.map((range) => ` bgp listen range ${range} peer-group nodes`),
        ]
      : []),
    ' address-family ipv4 unicast',
    ...inFamily('v4'),
    ...(isLeaf ? ['  neighbor nodes activate'] : []),
    ...(router === BORDER ? [`  network ${OUTSIDE_SUBNET.v4}`] : []),
    `  maximum-paths ${MOST_PATHS}`,
    ' exit-address-family',
    ' address-family ipv6 unicast',
    ...inFamily('v6'),
    ...preferGlobal,
    ...(isLeaf ? ['  neighbor nodes activate', '  neighbor nodes route-map prefer-global in'] : []),
    ...(router === BORDER ? [`  network ${OUTSIDE_SUBNET.v6}`] : []),
    `  maximum-paths ${MOST_PATHS}`,
    ' exit-address-family',
    'route-map prefer-global permit 10',
    ' set ipv6 next-hop prefer-global',
    '',
  ].join('\n');
}
