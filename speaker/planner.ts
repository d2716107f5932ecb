/** Makes the plan from the snapshot and from what is known beside it: this node's maintenance, the other nodes, and the addresses that are being handed over to them. */
import type { Protocols } from '../lib/api/eip/protocols.ts';
import { SAFE_TO_REBOOT } from '../lib/api/skycap/speaker-types.ts';
import type { AnnouncementIndex } from '../lib/bgp/announcement-index.ts';
import { asksForAllNodes } from '../lib/bgp/next-hops.ts';
import { limitsAnnouncers } from '../lib/bgp/other-nodes.ts';
import { makePlan, type Planned } from '../lib/bgp/plan.ts';
import type { ExplainingClient } from '../lib/kube/http/explaining-client.ts';
import { systemClock } from '../lib/process/clock.ts';
import type { Logger } from '../lib/process/log.ts';
import type { Snapshot } from '../lib/snapshot/snapshot.ts';
import { HAND_OVER_MS, HandOver } from './hand-over.ts';
import type { Layer2 } from './l2/layer2.ts';
import { OtherNodes } from './l2/peers/other-nodes.ts';
import { MaintenanceLoop } from './maintenance/maintenance-loop.ts';
import type { SpeakerObjectStore } from './report/speaker-object.ts';

interface PlannerParts {
  readonly snapshot: () => Snapshot | undefined;
  readonly forPlan: () => Pick<Snapshot, 'bfdNeighbors' | 'passwords'>;
  readonly client: ExplainingClient;
  readonly store: SpeakerObjectStore;
  readonly layer2: Layer2;
  readonly announcements: AnnouncementIndex;
  readonly replan: () => void;
  readonly log: Logger;
  readonly protocols: Protocols;
}

export function makePlanner(parts: PlannerParts) {
  const { snapshot, forPlan, client, store, layer2, announcements, replan, protocols, log } = parts;
  const maintenance = new MaintenanceLoop({
    ...{ snapshot, client, log, nowMs: systemClock.nowMs },
    formerCondition: () => store.status?.conditions?.find(({ type }) => type === SAFE_TO_REBOOT),
    onChange: replan,
  });
  const [handOver, others] = [new HandOver(), new OtherNodes()];
  const plan = (): Planned | undefined => {
    const now = layer2.isWatchKnown ? snapshot() : undefined;
    const maintained = now && maintenance.addTo({ ...now, ...forPlan() });
    if (!maintained) return undefined;
    const sharesNextHops = protocols.has('bgp') && asksForAllNodes(maintained.bgpPeers);
    const fleet = sharesNextHops || limitsAnnouncers(maintained) ? layer2.others : undefined;
    // A speaker that has just started must not take away the paths by nodes that it does not know yet.
    if (sharesNextHops && !fleet) return undefined;
    const known = fleet ? { ...maintained, others: others.take(fleet, maintained) } : maintained;
    const nowMs = systemClock.monotonicMs();
    const decided = () => makePlan({ ...known, handingOver: handOver.texts(nowMs) }, announcements, protocols);
    const planned = decided();
    if (planned.kind !== 'plan' || !handOver.begins(planned.announcements, nowMs)) return planned;
    setTimeout(replan, HAND_OVER_MS).unref();
    return decided();
  };
  return { plan, maintenance };
}
