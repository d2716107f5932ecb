/**
 * The decisions about all addresses, made anew only where a Service or its EndpointSlices changed. A change of the node or of an Eip makes all of them anew.
 *
 * The result depends on the snapshot alone: a new index comes to the same decisions as one that has followed every change.
 */
import { type EipOfAddress, eipFinder } from '../announce/eip-of-address.ts';
import type { NodeState } from '../announce/node-state.ts';
import { PerService } from '../snapshot/per-service.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type RouteOfAddress, routeFinder, routeKey } from './address-route.ts';
import { type Announcement, serviceAnnouncements, sharedAnnouncement } from './announcement.ts';
import { leftToOthers } from './left-to-others.ts';
import { type NextHops, nextHopsFinder } from './next-hops.ts';
import { type AnnouncementBlock, announcementBlock, blockKeyOf, compareBlocks } from './routes.ts';

/** By the text of the address: the decisions of the Services that publish it. */
type Sharers = Map<string, readonly Announcement[]>;

const NONE: ReadonlySet<string> = new Set();

export class AnnouncementIndex {
  readonly #perService = new PerService<readonly Announcement[]>();
  /** By the key of the block, as the two below. */
  readonly #sharers = new Map<string, Sharers>();
  readonly #touched = new Set<string>();
  readonly #blocks = new Map<string, AnnouncementBlock>();
  #sorted: readonly AnnouncementBlock[] = [];
  #eips: Snapshot['eips'] | undefined;
  #eipOf: EipOfAddress = () => undefined;
  #routeOf: RouteOfAddress = routeFinder();

  /** To be called for every change of a Service or of one of its EndpointSlices. */
  changed(serviceKey: string): void {
    this.#perService.changed(serviceKey);
  }

  /** @returns the blocks in the order of their addresses, with one decision for each address. */
  decide(snapshot: Snapshot, node: NodeState, nextHops?: NextHops): readonly AnnouncementBlock[] {
    const { services, slices, eips, maintenance, others, handingOver = NONE } = snapshot;
    if (eips !== this.#eips) {
      this.#eipOf = eipFinder(eips);
      this.#routeOf = routeFinder();
    }
    this.#eips = eips;
    const [eipOf, routeOf, isLeftToOthers] = [this.#eipOf, this.#routeOf, leftToOthers(node.name, others)];
    const nextHopsOf = nextHopsFinder(nextHops);
    const withdrawn = maintenance?.withdrawn ?? NONE;
    this.#perService.update({
      services,
      basis: [services, slices, eips, nodeKeyOf(node), withdrawn, others, handingOver, nextHops?.key],
      make: (key, service) => {
        const given = { key, service, slices: slices.get(key), node, withdrawn, handingOver };
        const own = serviceAnnouncements({ ...given, eipOf, routeOf, isLeftToOthers, nextHopsOf });
        return own.length > 0 ? own : undefined;
      },
      onReplaced: (key, old = [], now = []) => {
        if (!sameDecisions(old, now)) this.#replace(key, old, now);
      },
    });
    if (this.#touched.size > 0) this.#remakeBlocks();
    return this.#sorted;
  }

  #replace(key: string, old: readonly Announcement[], now: readonly Announcement[]): void {
    for (const one of old) {
      const sharers = this.#touch(one);
      const left = (sharers.get(one.text) ?? []).filter(({ services }) => services[0] !== key);
      if (left.length > 0) sharers.set(one.text, left);
      else sharers.delete(one.text);
    }
    for (const one of now) {
      const sharers = this.#touch(one);
      sharers.set(one.text, [...(sharers.get(one.text) ?? []), one]);
    }
  }

  #touch({ address }: Announcement): Sharers {
    const key = blockKeyOf(address);
    this.#touched.add(key);
    const sharers = this.#sharers.get(key) ?? new Map<string, readonly Announcement[]>();
    this.#sharers.set(key, sharers);
    return sharers;
  }

  #remakeBlocks(): void {
    const gone = new Set<AnnouncementBlock | undefined>();
    const made: AnnouncementBlock[] = [];
    for (const key of this.#touched) {
      gone.add(this.#blocks.get(key));
      const sharers = this.#sharers.get(key);
      if (sharers?.size) {
        const block = announcementBlock([...sharers.values()].map(sharedAnnouncement));
        this.#blocks.set(key, block);
        made.push(block);
      } else {
        this.#sharers.delete(key);
        this.#blocks.delete(key);
      }
    }
    this.#touched.clear();
    // Most of it is in order already, which makes the sort a matter of comparing neighbours.
    this.#sorted = [...this.#sorted.filter((block) => !gone.has(block)), ...made].sort(compareBlocks);
  }
}

/** Everything of the node that a decision about an address is made from. */
function nodeKeyOf({ name, labels, addresses, excluded, leaving }: NodeState): string {
  return JSON.stringify([name, Object.entries(labels).sort(), !!addresses[4], !!addresses[6], excluded, leaving]);
}

/** @param a and b are decisions of one Service. */
function sameDecisions(a: readonly Announcement[], b: readonly Announcement[]): boolean {
  return a.length === b.length && a.every((one, i) => sameDecision(one, b[i]!));
}

function sameDecision(a: Announcement, b: Announcement): boolean {
  if (a.text !== b.text || a.reason !== b.reason || a.age !== b.age) return false;
  if (a.nextHops.join() !== b.nextHops.join()) return false;
  return a.route === b.route || routeKey(a.route) === routeKey(b.route);
}
