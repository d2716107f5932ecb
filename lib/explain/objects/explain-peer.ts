/** Explains a BgpPeer: its conditions, and its session on each node. PURE. */

import type { BgpPeerObject } from '../../api/bgp/bgp-types.ts';
import { parseBgpPeer } from '../../api/bgp/parse-bgp-peer.ts';
import { quantityText } from '../../api/count.ts';
import { keyOf } from '../../api/meta/object.ts';
import { shortened } from '../../api/problem.ts';
import { type Explanation, explanationOf, failed, ok, type Step, unknown } from '../explanation.ts';
import type { World } from '../world.ts';
import { conditionSteps } from './condition-steps.ts';

const MOST_NAMED = 8;

export function explainPeer(world: World, peer: BgpPeerObject): Explanation {
  const name = keyOf(peer);
  const from = `BgpPeer ${name}`;
  const parsed = parseBgpPeer(peer);
  const disabled = parsed.ok && parsed.value.disabled;
  const steps = [
    ...conditionSteps('BgpPeer', from, peer.status?.conditions),
    ...(disabled ? [] : sessionSteps(world, name)),
  ];
  return explanationOf(from, steps, { unread: world.unread });
}

function sessionSteps(world: World, peer: string): Step[] {
  if (world.read.speakers.unread) return [unknown('can not be read', 'Speakers')];
  const sessions = world.read.speakers.items.flatMap(({ metadata, status }) =>
    (status?.sessions ?? []).filter((one) => one.peer === peer).map((session) => ({ node: metadata.name, session })),
  );
  const refusals = world.read.speakers.items.flatMap(({ metadata, status }) =>
    (status?.refusedPeers ?? [])
      .filter((one) => one.peer === peer)
      .map((refusal) => ({ node: metadata.name, ...refusal })),
  );
  const up = sessions.filter(({ session }) => session.state === 'Established');
  const down = sessions.filter(({ session }) => session.state !== 'Established');
  const steps: Step[] = [];
  if (up.length > 0) {
    const details = shortened(
      up,
      MOST_NAMED,
      ({ node, session }) =>
        `${node}: since ${session.since ?? '?'}, ${quantityText(session.routesSent, 'route')} sent`,
    );
    steps.push(ok(`the session is established on ${quantityText(up.length, 'node')}`, 'Speakers', { details }));
  }
  if (down.length > 0) {
    const details = shortened(
      down,
      MOST_NAMED,
      ({ node, session }) => `${node}: ${session.lastError ?? session.state}`,
    );
    steps.push(
      failed('SessionsDown', `the session is not established on ${quantityText(down.length, 'node')}`, 'Speakers', {
        details,
      }),
    );
  }
  for (const { node, reason, message } of refusals.slice(0, MOST_NAMED)) {
    steps.push(failed(reason, `has no session: ${message}`, `Speaker ${node}`));
  }
  return sessions.length + refusals.length > 0
    ? steps
    : [failed('NoSessions', 'no node has a session with the router', 'Speakers')];
}
