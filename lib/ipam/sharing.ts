/**
 * May Services have one address together? Consent is needed to JOIN an address, never to STAY at one: a Service that has an address keeps it whatever its
 * sharers do, and is told what is in the way.
 *
 * The rules are MetalLB's, and OpenELB's within a namespace: consent, by the same sharing key (across namespaces each must name the other), or by a request of both for the
 * very address in one namespace; distinct ports; and traffic policies that do not fight: all `Cluster`, or all `Local` in one namespace
 * with one selector, since only then do the same nodes have the endpoints of both.
 */
import { type ClaimHolder, type ClaimPort, portText } from '../api/claim.ts';
import { requests, type Wants } from '../api/wants.ts';
import type { Address } from '../net/address.ts';

export type SharingVerdict = { readonly ok: true } | { readonly ok: false; readonly why: string };

const MOST_NAMED = 3;

/** May a Service with this wish join those who hold the address? */
export function mayShare(wants: Wants, address: Address, others: readonly ClaimHolder[]): SharingVerdict {
  for (const holder of others) {
    const [first] = holder.changing ? [CHANGING] : objections(wants, address, holder);
    if (first) return { ok: false, why: sentence(first, [holder]) };
  }
  return { ok: true };
}

/** Everything that would keep a Service which has the address from joining those who share it with this one, as sentences; undefined where nothing does. */
export function whyApart(wants: Wants, address: Address, others: readonly ClaimHolder[]): string | undefined {
  const groups = new Map<string, { readonly objection: Objection; readonly holders: ClaimHolder[] }>();
  for (const holder of others) {
    for (const objection of objections(wants, address, holder)) {
      const group = groups.get(objection.many);
      if (group) group.holders.push(holder);
      else groups.set(objection.many, { objection, holders: [holder] });
    }
  }
  const sentences = [...groups.values()].map(({ objection, holders }) => sentence(objection, holders));
  return sentences.length > 0 ? sentences.join('; ') : undefined;
}

/**
 * Which of the ports somebody who holds the address has already, as a sentence. An entry has the ports of before and after an update for some seconds, since that update may
 * fail, so the Service may have given the port up.
 */
export function takenPort(ports: readonly ClaimPort[], others: readonly ClaimHolder[]): string | undefined {
  for (const holder of others) {
    const taken = firstShared(ports, holder);
    if (!taken) continue;
    const remedy = 'choose another port, or try again in a few seconds if that Service has just left it';
    return `Service ${holderName(holder)} holds port ${portText(taken)} of it; ${remedy}`;
  }
  return undefined;
}

/** `namespace/name`, for messages. */
export function holderName(holder: ClaimHolder): string {
  return `${holder.namespace}/${holder.name ?? '(being created)'}`;
}

interface Objection {
  /** Said of one Service. */
  readonly one: string;
  /** Said of several. */
  readonly many: string;
  readonly remedy: string;
}

const CHANGING: Objection = { one: 'is being changed', many: 'are being changed', remedy: 'it is tried again soon' };

/** In the order in which they are best mended. */
function objections(wants: Wants, address: Address, holder: ClaimHolder): Objection[] {
  const isAbroad = wants.namespace !== holder.namespace;
  const found: (Objection | undefined)[] = [];
  if (!isAgreed(wants, address, holder)) {
    found.push({
      one: 'has it',
      many: 'have it',
      remedy: 'give both the same annotation skycap.io/sharing-key to share it',
    });
  }
  if (isAbroad && !nameEachOther(wants, holder)) {
    found.push({
      one: 'is in another namespace',
      many: 'are in other namespaces',
      remedy: "list each other's namespace in skycap.io/sharing-namespaces on both",
    });
  }
  found.push(portIn(wants.ports, holder), policyOf(wants, holder));
  return found.flatMap((one) => one ?? []);
}

/** By the same key; or, within a namespace, by a request of both for the very address, where their keys don't say otherwise. */
function isAgreed(wants: Wants, address: Address, holder: ClaimHolder): boolean {
  if (wants.sharingKey && wants.sharingKey === holder.sharingKey) return true;
  const isSetApart = wants.sharingKey && holder.sharingKey;
  return wants.namespace === holder.namespace && holder.requested === true && requests(wants, address) && !isSetApart;
}

function nameEachOther(wants: Wants, holder: ClaimHolder): boolean {
  return (
    wants.sharingNamespaces.includes(holder.namespace) && (holder.sharingNamespaces ?? []).includes(wants.namespace)
  );
}

function portIn(ports: readonly ClaimPort[], holder: ClaimHolder): Objection | undefined {
  const taken = firstShared(ports, holder);
  if (!taken) return undefined;
  const what = `port ${portText(taken)} of it`;
  return { one: `uses ${what}`, many: `use ${what}`, remedy: 'choose another port' };
}

function firstShared(ports: readonly ClaimPort[], holder: ClaimHolder): ClaimPort | undefined {
  return ports.find((port) => holder.ports.some((other) => portText(other) === portText(port)));
}

function policyOf(wants: Wants, holder: ClaimHolder): Objection | undefined {
  const { externalTrafficPolicy } = holder;
  if (wants.externalTrafficPolicy !== externalTrafficPolicy) {
    const what = `externalTrafficPolicy ${externalTrafficPolicy}`;
    return { one: `has ${what}`, many: `have ${what}`, remedy: 'sharers need the same one' };
  }
  const hasSameEndpoints =
    wants.namespace === holder.namespace && wants.selector === holder.selector && wants.selector !== '';
  if (wants.externalTrafficPolicy !== 'Local' || hasSameEndpoints) return undefined;
  const remedy = 'with externalTrafficPolicy Local sharers need one namespace and selector';
  return { one: 'has other endpoints', many: 'have other endpoints', remedy };
}

function sentence({ one, many, remedy }: Objection, holders: readonly ClaimHolder[]): string {
  const [first, ...others] = holders;
  if (first && others.length === 0) return `Service ${holderName(first)} ${one}; ${remedy}`;
  const more = holders.length - MOST_NAMED;
  const names = holders.slice(0, MOST_NAMED).map(holderName).join(', ');
  return `Services ${names}${more > 0 ? ` and ${more} more` : ''} ${many}; ${remedy.replace('both', 'all')}`;
}
