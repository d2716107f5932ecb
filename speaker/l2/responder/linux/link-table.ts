/** The present links of this node, and the links by which the kernel sends to some addresses. */
import { type Address, formatAddress } from '../../../../lib/net/address.ts';
import type { MacAddress } from '../../frames/mac-address.ts';
import type { Link } from '../../link/link.ts';
import { AddressSet } from '../rules/address-set.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import { indexToTellOf, NO_LINKS, type NodeLinks } from './read-links.ts';

/** The least interval of reads: a start of many Pods makes many interfaces. */
const REST_MS = 50;
/** The interval of route lookups, since the table does not subscribe to changes of routes. */
const ROUTES_MS = 2_000;

export interface LinkNews {
  readonly links: readonly Link[];
  readonly towards: ReadonlyMap<string, string>;
}

export class LinkTable implements Disposable {
  readonly #netlink = new NetlinkSocket();
  readonly #followed = new Map<string, Address>();
  readonly #toTell = new Set<number>();
  #now: NodeLinks = NO_LINKS;
  #ownAddresses = new AddressSet();
  #towards: ReadonlyMap<string, string> = new Map();
  #told: string | undefined;
  #isRead = false;
  #readMs = Number.NEGATIVE_INFINITY;
  #linksMs: number | undefined = Number.NEGATIVE_INFINITY;
  #routesMs: number | undefined;

  /** A descriptor that is readable after a change. */
  get fd(): number {
    return this.#netlink.changes;
  }

  get links(): readonly Link[] {
    return this.#now.links;
  }

  /** When {@link refresh} has something to read; undefined for never. */
  get nextMs(): number | undefined {
    return earlier(this.#linksMs, this.#routesMs);
  }

  byName(name: string): Link | undefined {
    return this.#now.links.find((link) => link.name === name);
  }

  isOwn(mac: MacAddress): boolean {
    return this.#now.macs.has(mac);
  }

  isOwnAddress(address: Address): boolean {
    return this.#ownAddresses.has(address);
  }

  follow(address: Address, nowMs: number): void {
    this.#followed.set(formatAddress(address), address);
    this.#routesMs = nowMs;
  }

  /** Call this when `fd` is readable. */
  onChange(nowMs: number): void {
    for (const message of this.#netlink.readChanges()) {
      const index = indexToTellOf(message);
      if (index !== undefined) this.#toTell.add(index);
    }
    this.#linksMs = Math.max(nowMs, this.#readMs + REST_MS);
  }

  /** Reads what is due. @returns links whose neighbours have to update their caches; undefined if no links were read. */
  refresh(nowMs: number): readonly Link[] | undefined {
    if (this.nextMs === undefined || this.nextMs > nowMs) return undefined;
    const anew = this.#linksMs !== undefined && this.#linksMs <= nowMs ? this.#readLinks(nowMs) : undefined;
    this.#towards = this.#readRoutes();
    this.#routesMs = this.#followed.size > 0 ? nowMs + ROUTES_MS : undefined;
    this.#isRead = true;
    return anew;
  }

  /** @returns the links and routes, if they have changed since the last call. */
  takeNews(): LinkNews | undefined {
    if (!this.#isRead) return undefined;
    this.#isRead = false;
    const links = this.#now.links.map(({ addresses, ...link }) => [link, addresses.map(formatAddress)]);
    const told = JSON.stringify([links, [...this.#towards]]);
    if (told === this.#told) return undefined;
    this.#told = told;
    return { links: this.#now.links, towards: this.#towards };
  }

  [Symbol.dispose](): void {
    this.#netlink[Symbol.dispose]();
  }

  #readLinks(nowMs: number): readonly Link[] {
    const before = new Map(this.#now.links.map((link) => [link.index, link]));
    this.#now = this.#netlink.links();
    this.#ownAddresses = new AddressSet(this.#now.addresses);
    this.#readMs = nowMs;
    this.#linksMs = undefined;
    const anew = this.#now.links.filter((link) => {
      const known = before.get(link.index);
      const isSame = known?.isUp && known.mac === link.mac && known.name === link.name;
      return link.isUp && (!isSame || this.#toTell.has(link.index));
    });
    this.#toTell.clear();
    return anew;
  }

  #readRoutes(): ReadonlyMap<string, string> {
    const towards = new Map<string, string>();
    for (const [text, address] of this.#followed) {
      const index = this.#netlink.outgoing(address);
      const link = this.#now.links.find((one) => one.index === index);
      if (link) towards.set(text, link.name);
    }
    return towards;
  }
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
