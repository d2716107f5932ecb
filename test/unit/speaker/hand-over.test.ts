/** An address that goes to other nodes is announced until these have it, and then no more. */
import { nodeState } from '../../../lib/announce/node-state.ts';
import { AnnouncementIndex } from '../../../lib/bgp/announcement-index.ts';
import { makePlan } from '../../../lib/bgp/plan.ts';
import { HAND_OVER_MS, HandOver } from '../../../speaker/hand-over.ts';
import { aNode, anEip, aService, aSnapshot } from '../../support/speaker-builders.ts';

const snapshot = aSnapshot({
  services: [aService()],
  eips: [anEip('v4', { bgp: { announcers: 1 } })],
});
const rank = { node: nodeState('node-3', aNode({ name: 'node-3' })), inMaintenance: false };
const better = { ...rank, isLive: true, sessions: [{ peer: 'router-1', labels: {}, families: [4] as const }] };

class Speaker {
  readonly #handOver = new HandOver();
  readonly #index = new AnnouncementIndex();

  /** @returns the reason of the address, and whether the hand-over began. */
  decide(others: readonly (typeof better)[], nowMs: number): [string, boolean] {
    const plan = () => {
      const planned = makePlan({ ...snapshot, others, handingOver: this.#handOver.texts(nowMs) }, this.#index);
      if (planned.kind !== 'plan') throw new Error('Cannot go on: there is no plan');
      return planned.announcements;
    };
    const begins = this.#handOver.begins(plan(), nowMs);
    return [plan()[0]!.announcements[0]!.reason, begins];
  }
}

it('announces for some seconds more, once, and at once again when the other node is gone', () => {
  const speaker = new Speaker();
  expect(speaker.decide([], 0)).toEqual(['Announced', false]);
  expect(speaker.decide([better], 1_000)).toEqual(['Announced', true]);
  expect(speaker.decide([better], 1_000 + HAND_OVER_MS - 1)).toEqual(['Announced', false]);
  expect(speaker.decide([better], 1_000 + HAND_OVER_MS)).toEqual(['NotChosen', false]);
  expect(speaker.decide([better], 60_000)).toEqual(['NotChosen', false]);
  expect(speaker.decide([], 61_000)).toEqual(['Announced', false]);
  expect(speaker.decide([better], 62_000)).toEqual(['Announced', true]);
});

it('hands over nothing that it never announced', () => {
  const speaker = new Speaker();
  expect(speaker.decide([better], 0)).toEqual(['NotChosen', false]);
});
