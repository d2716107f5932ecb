/** The steps on the wire: by BGP the sessions and what the routers were sent, on layer 2 the owner, its interface and its MAC address. PURE. */
import { quantityText } from '../../api/count.ts';
import { type Eip, isLayer2 } from '../../api/eip/eip.ts';
import { selectsPeer } from '../../api/eip/eip-bgp.ts';
import { shortened } from '../../api/problem.ts';
import type { SpeakerObject, SpeakerSession } from '../../api/skycap/speaker-types.ts';
import { type Address, formatAddress } from '../../net/address.ts';
import { failed, ok, type Step } from '../explanation.ts';
import type { World } from '../world.ts';

const MOST_NAMED = 6;

export function routeSteps(world: World, eip: Eip, address: Address): Step[] {
  return isLayer2(eip) ? ownerSteps(world, address) : sessionSteps(world, eip);
}

function ownerSteps(world: World, address: Address): Step[] {
  const owner = world.announcers.ownerOf(address);
  if (!owner) return [];
  const speaker = world.read.speakers.items.find(({ metadata }) => metadata.name === owner.node);
  const mac = speaker?.status?.layer2Interfaces?.find(({ name }) => name === owner.interface)?.mac;
  const fact = `answers ARP and NDP for ${formatAddress(address)} on ${owner.interface}${mac ? ` with ${mac}` : ''}`;
  return [ok(fact, `Speaker ${owner.node}`)];
}

/** Of the nodes that announce the address. */
function sessionSteps(world: World, eip: Eip): Step[] {
  const nodes = new Set(world.announcers.reachOf(eip).nodes);
  const sessions = world.read.speakers.items
    .filter(({ metadata }) => nodes.has(metadata.name ?? ''))
    .flatMap((speaker) => sessionsOf(world, eip, speaker));
  const up = sessions.filter(({ session }) => session.state === 'Established');
  const down = sessions.filter(({ session }) => session.state !== 'Established' && !session.disabled);
  const steps: Step[] = [];
  if (up.length > 0) {
    const details = shortened(
      up,
      MOST_NAMED,
      ({ text, session }) => `${text}, ${quantityText(session.routesSent, 'route')} sent`,
    );
    steps.push(ok(sessionsText(up.length, 'established'), 'Speakers', { details }));
  }
  if (down.length > 0) {
    const details = shortened(
      down,
      MOST_NAMED,
      ({ text, session }) => `${text}: ${session.lastError ?? session.state}`,
    );
    steps.push(failed('SessionsDown', sessionsText(down.length, 'not established'), 'Speakers', { details }));
  }
  return steps;
}

function sessionsOf(
  world: World,
  eip: Eip,
  { metadata, status }: SpeakerObject,
): { session: SpeakerSession; text: string }[] {
  const labelsOf = (peer: string) =>
    world.read.bgpPeers.items.find((one) => one.metadata.name === peer)?.metadata.labels;
  return (status?.sessions ?? [])
    .filter(({ peer }) => selectsPeer(eip.bgp?.peers ?? [], { name: peer, labels: labelsOf(peer) }))
    .map((session) => ({
      session,
      text: `${metadata.name} to ${session.neighborAddress} (BgpPeer ${session.peer}, AS ${session.neighborAs})`,
    }));
}

function sessionsText(count: number, state: string): string {
  return `${quantityText(count, 'session')} with routers ${count === 1 ? 'is' : 'are'} ${state}`;
}
