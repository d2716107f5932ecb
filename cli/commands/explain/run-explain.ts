/** Finds the target of `explain`, reads what its explanation needs, and reports. */

import { isLayer2 } from '../../../lib/api/eip/eip.ts';
import { keyOf } from '../../../lib/api/meta/object.ts';
import { publishedAddresses } from '../../../lib/api/service/published-addresses.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import type { Explanation } from '../../../lib/explain/explanation.ts';
import { explainAddress, servicesWith } from '../../../lib/explain/objects/explain-address.ts';
import { explainEip } from '../../../lib/explain/objects/explain-eip.ts';
import { explainNode } from '../../../lib/explain/objects/explain-node.ts';
import { explainPeer } from '../../../lib/explain/objects/explain-peer.ts';
import { assignedCondition } from '../../../lib/explain/service/assignment-steps.ts';
import { explainService } from '../../../lib/explain/service/explain-service.ts';
import type { World } from '../../../lib/explain/world.ts';
import { type Address, sameAddress } from '../../../lib/net/address.ts';
import { readCluster } from '../../cluster/read-cluster.ts';
import { EXIT } from '../../exit-codes.ts';
import type { Report } from '../../output/report.ts';
import { CommandError } from '../../session/failure.ts';
import type { Session } from '../../session/session.ts';
import { explanationText } from './explanation-text.ts';
import { kubeProxyStep, readKubeProxy } from './kube-proxy-step.ts';
import { parseTry } from './parse-try.ts';
import { readEvents } from './read-events.ts';
import { addressesShown, readWorld } from './read-world.ts';
import { findTarget, type Target } from './target.ts';

export async function runExplain(session: Session, text: string, tried: string | undefined): Promise<Report> {
  const change = tried === undefined ? undefined : parseTry(tried);
  const target = await findTarget(session, text);
  if (change && target.kind !== 'service')
    throw new CommandError('--try needs a Service: only a Service asks for an address.');
  const explanation = await explain(session, target, change);
  return {
    data: explanation,
    text: (view) => explanationText(explanation, view),
    exitCode: explanation.state === 'failed' ? EXIT.problem : EXIT.fine,
  };
}

type Change = ReturnType<typeof parseTry> | undefined;

async function explain(session: Session, target: Target, change: Change): Promise<Explanation> {
  switch (target.kind) {
    case 'service':
      return explainOneService(session, target.object, change);
    case 'address':
      return explainOneAddress(session, target.address);
    case 'eip':
      return explainEip(await readWorld(session, NOTHING), target.object);
    case 'node':
      return explainNode(await readWorld(session, NOTHING), target.object);
    case 'bgppeer':
      return explainPeer(await readWorld(session, NOTHING), target.object);
  }
}

/** No claim and no Service. */
const NOTHING = { claims: [], services: [] } as const;

async function explainOneService(session: Session, service: Service, change: Change): Promise<Explanation> {
  const shown = addressesShown(service);
  const said = assignedCondition(service);
  const isSettled = said?.status === 'True' && said.reason === 'Assigned' && shown.length > 0 && !change;
  const world = await readWorld(session, { claims: isSettled ? shown : 'all', services: [service] });
  const beyond = shown.length > 0 ? [kubeProxyStep(await readKubeProxy(session), isOnLayer2(world, service))] : [];
  const present = world.services.get(keyOf(service)) ?? service;
  const events = await readEvents(session, present);
  return explainService(world, present, { beyond, events, nowMs: session.nowMs(), ...(change && { change }) });
}

async function explainOneAddress(session: Session, address: Address): Promise<Explanation> {
  const first = await readWorld(session, { claims: [address], services: [] });
  const isHeld = first.ledger.claimOf(address) !== undefined;
  const world = isHeld
    ? first
    : await readWorld(session, { claims: [address], services: await publishersOf(session, address) });
  const services = servicesWith(world, address);
  const kubeProxy = services.length > 0 ? await readKubeProxy(session) : undefined;
  const walks = await Promise.all(
    services.map(async (service) => {
      const events = await readEvents(session, service);
      const beyond = [kubeProxyStep(kubeProxy, isOnLayer2(world, service))];
      return explainService(world, service, { events, nowMs: session.nowMs(), beyond });
    }),
  );
  return explainAddress(world, address, walks);
}

/** Without a claim, only the Services themselves tell who publishes the address, perhaps for another load balancer. */
async function publishersOf(session: Session, address: Address): Promise<readonly Service[]> {
  const { client, namespace, signal } = session;
  const { services } = await readCluster(client, { kinds: ['services'], namespace, signal });
  return services.items.filter((service) => publishedAddresses(service).some((one) => sameAddress(one, address)));
}

function isOnLayer2(world: World, service: Service): boolean {
  return addressesShown(service).some((address) => {
    const eip = world.eipOf(service, address);
    return eip !== undefined && isLayer2(eip);
  });
}
