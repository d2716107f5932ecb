/** The steps on the wire: by BGP the sessions and what the routers were sent, on layer 2 the owner, its interface and its MAC address. PURE. */

import { quantityText } from '../../../api/count.ts';
import { type Eip, isLayer2 } from '../../../api/eip/eip.ts';
import { keyOf } from '../../../api/meta/object.ts';
import { shortened } from '../../../api/problem.ts';
import type { Reason } from '../../../api/reasons.ts';
import type { SpeakerSession } from '../../../api/skycap/speaker-types.ts';
import { type Address, formatAddress } from '../../../net/address.ts';
import { failed, ok, type Step, unknown } from '../../explanation.ts';
import type { NodeStanding } from '../../node-lines.ts';
import { remedyFor } from '../../remedies.ts';
import type { World } from '../../world.ts';
import { peersFor } from './peers-of.ts';

const MOST_NAMED = 6;

/** The obstacles of a node that has sessions for the address. */
const WITH_SESSIONS: readonly string[] = [
  'Announced',
  'SessionsDown',
  'PortInUse',
  'BirdUnreachable',
] satisfies Reason[];

export interface Route {
  readonly address: Address;
  readonly nodes: readonly NodeStanding[];
  /** The reason of the step before, which has the remedy. */
  readonly said: Reason;
}

export function routeSteps(world: World, eip: Eip, route: Route): Step[] {
  return isLayer2(eip) ? ownerSteps(world, route.address) : sessionSteps(world, eip, route);
}

function ownerSteps(world: World, address: Address): Step[] {
  const owner = world.announcers.ownerOf(address);
  if (!owner) return [];
  const speaker = world.read.speakers.items.find(({ metadata }) => metadata.name === owner.node);
  const mac = speaker?.status?.layer2Interfaces?.find(({ name }) => name === owner.interface)?.mac;
  const fact = `answers ARP and NDP for ${formatAddress(address)} on ${owner.interface}${mac ? ` with ${mac}` : ''}`;
  return [ok(fact, `Speaker ${owner.node}`)];
}

interface SessionOfNode {
  readonly node: string;
  readonly session: SpeakerSession;
  /** Why the session is not up, or not known to be. */
  readonly trouble?: { readonly reason: 'SessionsDown' | 'PortInUse' | 'BirdUnreachable'; readonly text: string };
}

/** Of the nodes that announce the address, or would with a session. */
function sessionSteps(world: World, eip: Eip, { nodes, said }: Route): Step[] {
  const sessions = nodes.flatMap(([node, standing]) =>
    WITH_SESSIONS.includes(standing) ? sessionsOf(world, eip, node) : [],
  );
  const up = sessions.filter(({ trouble }) => !trouble);
  const down = Map.groupBy(sessions, ({ trouble }) => trouble?.reason);
  const steps: Step[] = [];
  if (up.length > 0) {
    const details = shortened(
      up,
      MOST_NAMED,
      ({ node, session }) => `${endsOf(node, session)}, ${quantityText(session.routesSent, 'route')} sent`,
    );
    steps.push(ok(sessionsText(up, 'established'), 'Speakers', { details }));
  }
  for (const [reason, some] of down)
    if (reason) steps.push({ ...troubleStep(reason, some), ...(reason === said && { remedy: undefined }) });
  return steps;
}

function troubleStep(reason: NonNullable<SessionOfNode['trouble']>['reason'], some: readonly SessionOfNode[]): Step {
  const lines = some.map(
    ({ node, session, trouble }) => `${reason === 'SessionsDown' ? endsOf(node, session) : node}: ${trouble?.text}`,
  );
  const details = shortened([...new Set(lines)], MOST_NAMED, String);
  if (reason !== 'BirdUnreachable') {
    return failed(reason, sessionsText(some, 'not established'), 'Speakers', { details });
  }
  const fact = `${quantityText(some.length, 'session')} may be established or not, since BIRD does not answer`;
  return unknown(fact, 'Speakers', { reason, details, remedy: remedyFor(reason) });
}

/** Without those that `adminDown` keeps down. */
function sessionsOf(world: World, eip: Eip, node: string): SessionOfNode[] {
  const peers = world.read.bgpPeers.unread ? undefined : new Set(peersFor(world, eip).map(keyOf));
  const { status } = world.read.speakers.items.find(({ metadata }) => metadata.name === node) ?? {};
  const said = status?.conditions?.find(({ type }) => type === 'SessionsEstablished');
  const troubleOf = ({ state, lastError }: SpeakerSession): SessionOfNode['trouble'] => {
    if (said?.status === 'Unknown') return { reason: 'BirdUnreachable', text: said.message };
    if (state === 'Established') return undefined;
    if (said?.reason === 'PortInUse') return { reason: 'PortInUse', text: said.message };
    return { reason: 'SessionsDown', text: lastError ?? state };
  };
  return (status?.sessions ?? [])
    .filter(({ disabled }) => !disabled)
    .filter(({ peer }) => peers?.has(peer) ?? true)
    .map((session) => {
      const trouble = troubleOf(session);
      return { node, session, ...(trouble && { trouble }) };
    });
}

function endsOf(node: string, { neighborAddress, peer, neighborAs }: SpeakerSession): string {
  return `${node} to ${neighborAddress} (BgpPeer ${peer}, AS ${neighborAs})`;
}

function sessionsText(some: readonly SessionOfNode[], state: string): string {
  const routers = new Set(some.map(routerOf));
  const unnamed = some.length === 1 ? 'a router' : 'routers';
  const ends = routers.has(undefined) ? unnamed : quantityText(routers.size, 'router');
  return `${quantityText(some.length, 'session')} with ${ends} ${some.length === 1 ? 'is' : 'are'} ${state}`;
}

/** The same for an IPv4 and an IPv6 session with a router. Only a router that has answered has said its identifier (RFC 6286). */
function routerOf({ session: { neighborAs, neighborRouterId } }: SessionOfNode): string | undefined {
  return neighborRouterId === undefined ? undefined : `${neighborAs} ${neighborRouterId}`;
}
