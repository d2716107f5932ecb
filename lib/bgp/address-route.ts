/** How the route of an announced address goes out: in which group, with a host route or without one, within which aggregate. */
import { createHash } from 'node:crypto';
import { type RouteTerms, routeTerms } from '../announce/route-terms.ts';
import type { Eip } from '../api/eip/eip.ts';
import { attributesKey, PLAIN_BGP } from '../api/eip/eip-bgp.ts';
import type { Parsed } from '../api/problem.ts';
import type { Service } from '../api/service/service.ts';
import type { Address } from '../net/address.ts';
import { prefixText } from '../net/prefix.ts';

/** The terms of all routes of a group. */
export interface GroupTerms extends RouteTerms {
  /** Equal exactly where all terms are. */
  readonly key: string;
  readonly name: string;
}

export interface AggregateRoute {
  /** `198.51.100.0/24` */
  readonly prefix: string;
  /** Name of the Eip, without the annotations of a Service: an aggregate is of many Services. */
  readonly eip: string;
  readonly group: GroupTerms;
}

export interface AddressRoute {
  readonly group: GroupTerms;
  readonly hasHostRoute: boolean;
  readonly aggregate?: AggregateRoute;
}

/** Finds the route of an address that a Service publishes. */
export type RouteOfAddress = (eip: Parsed<Eip> | undefined, service: Service, address: Address) => AddressRoute;

/** The group of routes without attributes, for every BgpPeer. */
export const PLAIN_GROUP: GroupTerms = { ...PLAIN_BGP, key: 'plain', name: 'plain' };
const PLAIN_ROUTE: AddressRoute = { group: PLAIN_GROUP, hasHostRoute: true };
const PLAIN_TERMS = termsText(PLAIN_BGP);
const DIGEST_DIGITS = 12;

/** Remembers the group of each Eip. */
export function routeFinder(): RouteOfAddress {
  const groups = new Map<Eip, GroupTerms>();
  const ofEip = (eip: Eip): GroupTerms => {
    const group = groups.get(eip) ?? groupOf(eip, eip.bgp ?? PLAIN_BGP);
    groups.set(eip, group);
    return group;
  };
  return (parsed, service, address) => {
    const bgp = parsed?.ok ? parsed.value.bgp : undefined;
    if (!parsed?.ok || !bgp) return PLAIN_ROUTE;
    const eip = parsed.value;
    const terms = routeTerms(bgp, service);
    const group = terms === bgp ? ofEip(eip) : groupOf(eip, terms, 'of a Service');
    if (!bgp.aggregation) return { group, hasHostRoute: true };
    const { length, hostRoutes } = bgp.aggregation;
    const prefix = prefixText(address, length);
    return { group, hasHostRoute: hostRoutes, aggregate: { prefix, eip: eip.name, group: ofEip(eip) } };
  };
}

/** Text that is equal exactly where two routes go out in the same way. */
export function routeKey({ group, hasHostRoute, aggregate }: AddressRoute): string {
  return `${group.key} ${hasHostRoute} ${aggregate?.prefix} ${aggregate?.group.key}`;
}

/** Named after the Eip, so that an edit of the Eip changes the attributes of a group and moves no route. */
function groupOf({ name }: Eip, { attributes, peers }: RouteTerms, of?: 'of a Service'): GroupTerms {
  const text = termsText({ attributes, peers });
  if (text === PLAIN_TERMS) return PLAIN_GROUP;
  const key = JSON.stringify([name, text]);
  const own = of ? `/${createHash('sha256').update(text).digest('hex').slice(0, DIGEST_DIGITS)}` : '';
  return { attributes, peers, key, name: `eip-${name}${own}` };
}

function termsText({ attributes, peers }: RouteTerms): string {
  return `${attributesKey(attributes)} ${JSON.stringify(peers)}`;
}
