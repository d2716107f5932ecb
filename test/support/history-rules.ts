/**
 * The rules that hold at every instant of a history of Services and EipClaims:
 *
 * - an address is published by one Service at a time, and that one holds its claim; sharers all do;
 * - what is published changes only after the Service's own wish has changed, or to the very address that it wishes for;
 * - what the create call answered is what is published first.
 */

import { keyOf } from '../../lib/api/meta/object.ts';
import type { Service } from '../../lib/api/service/service.ts';
import type { EipClaim } from '../../lib/api/skycap/claim.ts';

export interface State {
  readonly services: readonly Service[];
  readonly claims: readonly EipClaim[];
}

export interface Happened {
  readonly kind: 'service' | 'claim';
  readonly object: Service | EipClaim;
  readonly deleted: boolean;
  readonly revision: bigint;
}

/** A Service's life, by its uid. */
interface Life {
  /** As last seen. */
  readonly wish: string;
  /** The wish was another in between, since it got what it publishes or was created; one that is what it was again counts, too. */
  readonly hasAsked: boolean;
  readonly published: string;
  /** `skycap.io/addresses` in the create call's answer. */
  readonly promised: string | undefined;
}

const OWN_ANNOTATION = /^skycap\.io\/(addresses|claim|waiting-since)$/;

export function violationsIn(start: State, events: readonly Happened[]): readonly string[] {
  const chronicle = new Chronicle(start);
  return byRevision(events).flatMap((event) => chronicle.tell(event).map((what) => `${event.revision}: ${what}`));
}

export function byRevision(events: readonly Happened[]): readonly Happened[] {
  return events.toSorted((a, b) => Number(a.revision - b.revision));
}

class Chronicle {
  readonly #services = new Map<string, Service>();
  readonly #claims = new Map<string, EipClaim>();
  readonly #lives = new Map<string, Life>();
  /** Address → keys of the Services that publish it. */
  readonly #publishers = new Map<string, Set<string>>();

  constructor({ services, claims }: State) {
    for (const claim of claims) this.#claims.set(claim.spec.address, claim);
    for (const service of services) this.#service(service, false);
  }

  tell({ kind, object, deleted }: Happened): readonly string[] {
    if (kind === 'service') return this.#service(object as Service, deleted);
    const claim = object as EipClaim;
    const { address } = claim.spec;
    if (deleted) this.#claims.delete(address);
    else this.#claims.set(address, claim);
    return [...strangersIn(claim), ...this.#wrongAt(address)];
  }

  #service(service: Service, deleted: boolean): readonly string[] {
    const key = keyOf(service);
    const before = this.#services.get(key);
    for (const address of before ? publishedBy(before) : []) this.#publishers.get(address)?.delete(key);
    if (deleted) {
      this.#services.delete(key);
      this.#lives.delete(service.metadata.uid ?? '');
      return [];
    }
    this.#services.set(key, service);
    const published = publishedBy(service);
    for (const address of published) {
      const publishers = this.#publishers.get(address);
      if (publishers) publishers.add(key);
      else this.#publishers.set(address, new Set([key]));
    }
    return [...this.#live(service), ...published.flatMap((address) => this.#wrongAt(address))];
  }

  #live(service: Service): readonly string[] {
    const uid = service.metadata.uid ?? '';
    const published = publishedBy(service).join();
    const wish = wishOf(service);
    const life = this.#lives.get(uid);
    if (!life) {
      const promised = service.metadata.annotations?.['skycap.io/addresses'];
      this.#lives.set(uid, { wish, hasAsked: false, published, promised });
      return [];
    }
    const hasAsked = life.hasAsked || life.wish !== wish;
    if (published === life.published) {
      this.#lives.set(uid, { ...life, wish, hasAsked });
      return [];
    }
    this.#lives.set(uid, { wish, hasAsked: false, published, promised: undefined });
    // It asked for an address that was another's then, and kept what it had until that one came free.
    if (hasAsked || (published !== '' && published === service.spec?.loadBalancerIP)) return [];
    const key = keyOf(service);
    if (life.published !== '') return [`${key} published ${life.published}, now ${published || 'nothing'}`];
    const isKept = life.promised === undefined || life.promised === published;
    return isKept ? [] : [`${key} was promised ${life.promised} and publishes ${published}`];
  }

  /** A Service that publishes the address must have a holder in its claim. */
  #wrongAt(address: string): readonly string[] {
    const publishers = [...(this.#publishers.get(address) ?? [])];
    const holders = this.#claims.get(address)?.spec.holders ?? [];
    const without = publishers.filter(
      (key) => !holders.some(({ namespace, name }) => name === undefined || key === `${namespace}/${name}`),
    );
    const held = holders.map(({ namespace, name = '?' }) => `${namespace}/${name}`).join(' and ') || 'nobody';
    const isTwice = publishers.length > 1 && holders.length < publishers.length;
    return [
      ...without.map((key) => `${address} is published by ${key} and held by ${held}`),
      ...(isTwice ? [`${address} is published by ${publishers.join(' and ')}`] : []),
    ];
  }
}

function strangersIn({ spec: { address, holders } }: EipClaim): readonly string[] {
  const [first] = holders;
  const isShared = holders.every(
    ({ sharingKey, requested, namespace }) =>
      (sharingKey !== undefined && sharingKey === first?.sharingKey) || (requested && namespace === first?.namespace),
  );
  return holders.length < 2 || isShared
    ? []
    : [`${address} is held by ${holders.map(({ name }) => name).join(' and ')}`];
}

function publishedBy({ status }: Service): readonly string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
}

/** All that a user says of load balancing; what is ours and what the API server fills in is not of it. */
function wishOf({ metadata, spec }: Service): string {
  const own = Object.entries(metadata.annotations ?? {}).filter(([key]) => !OWN_ANNOTATION.test(key));
  const { type, loadBalancerIP, loadBalancerClass, ipFamilies, ports = [] } = spec ?? {};
  const numbers = ports.map(({ port, protocol }) => `${port}/${protocol}`);
  return JSON.stringify([own.sort(), type, loadBalancerIP, loadBalancerClass, ipFamilies, numbers]);
}
