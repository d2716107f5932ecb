/** Chooses and claims the addresses of a Service under review. */
import type { Service } from '../../lib/api/service/service.ts';
import type { ServiceDecision } from '../../lib/ipam/admission/decide-service.ts';
import type { Choice } from '../../lib/ipam/choice/choose.ts';
import { type HeldAddress, pinnedAddresses } from '../../lib/ipam/choice/held-address.ts';
import { NAMESPACES } from '../../lib/kube/resource.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { claimsHeld, type ServiceClaimRequest } from '../cluster/service-claim-request.ts';
import type { UnstoredClaims } from '../cluster/unstored-claims.ts';
import { exists, type FindClaimDeps, findClaimOfNew, findClaimOfStored } from './find-existing-claim.ts';
import { isForUnstored } from './giving-way.ts';
import { releaseLeftPorts } from './left-ports.ts';
import type { Subject } from './review-subject.ts';

export interface AssignDeps extends Omit<FindClaimDeps, 'ledger'> {
  readonly cluster: ClusterState;
  readonly unstored: Pick<UnstoredClaims, 'tooMany'>;
}

export type Assigned =
  /** The API server refuses the creation, since a Service of this name is stored. */
  | { readonly kind: 'exists' }
  /** The Eip of a held address cannot be used now, so nothing else is chosen. */
  | { readonly kind: 'pinned'; readonly claimRequest: ServiceClaimRequest; readonly pinned: HeldAddress }
  | { readonly kind: 'chosen'; readonly claimRequest: ServiceClaimRequest; readonly choice: Choice };

/** Another review may change a claim between two rounds. */
const MOST_ROUNDS = 3;

export async function assignAddresses(
  subject: Subject,
  decision: Extract<ServiceDecision, { kind: 'assign' }>,
  deps: AssignDeps,
  signal: AbortSignal,
): Promise<Assigned> {
  await learnNamespace(subject.identity.namespace, deps, signal);
  const claimRequest = await findClaim(subject, decision, deps, signal);
  if (!claimRequest) return { kind: 'exists' };
  const { old } = subject;
  const [pinned] = old ? pinnedAddresses(decision.addressRequest, heldAddresses(old, claimRequest, deps)) : [];
  if (pinned) return { kind: 'pinned', claimRequest, pinned };
  const choice = await choose(subject, claimRequest, deps, signal);
  const isRefused = !old && choice.kind === 'refused';
  return {
    kind: 'chosen',
    claimRequest,
    choice: isRefused ? await pendingOrRefused(claimRequest, choice, deps, signal) : choice,
  };
}

/** The watch may not have returned a namespace that was created a moment ago, and an Eip may select the namespace by its labels. */
async function learnNamespace(name: string, { cluster, client }: AssignDeps, signal: AbortSignal): Promise<void> {
  if (!cluster.lacksNamespace(name)) return;
  cluster.learnNamespace(await client.get(NAMESPACES, { name }, { signal }));
}

async function findClaim(
  { identity, service, old }: Subject,
  { addressRequest, asksAsBefore = false }: Extract<ServiceDecision, { kind: 'assign' }>,
  deps: AssignDeps,
  signal: AbortSignal,
): Promise<ServiceClaimRequest | undefined> {
  const findDeps = { ...deps, ledger: deps.cluster.ledger };
  if (!old) return findClaimOfNew(identity, service, addressRequest, findDeps, signal);
  return { ...(await findClaimOfStored(identity, old, addressRequest, findDeps, signal)), asksAsBefore };
}

function heldAddresses(old: Service, claimRequest: ServiceClaimRequest, { cluster }: AssignDeps): HeldAddress[] {
  return [...cluster.heldAddressesOf(claimRequest), ...cluster.lostAddressesOf(old, claimRequest)];
}

async function choose(
  { request }: Subject,
  claimRequest: ServiceClaimRequest,
  deps: AssignDeps,
  signal: AbortSignal,
): Promise<Choice> {
  const { claimer, client, cluster } = deps;
  const refusedOfLate = tooManyUnstored(claimRequest, deps);
  if (refusedOfLate) return refusedOfLate;
  if (request.dryRun) return claimer.preview(claimRequest);
  const leftPortsDeps = { claims: claimer.claims, client, ledger: cluster.ledger };
  for (let round = 1; ; round++) {
    const choice = await claimer.assign(claimRequest, signal);
    if (choice.kind !== 'clashes' || round === MOST_ROUNDS) return choice;
    if (!(await releaseLeftPorts(claimRequest, leftPortsDeps, signal))) return choice;
  }
}

/** Pending, if many creations in the namespace got an address of late and were refused after admission. */
function tooManyUnstored(
  claimRequest: ServiceClaimRequest,
  { claimer, cluster, unstored }: AssignDeps,
): Choice | undefined {
  const { namespace } = claimRequest.addressRequest;
  const count = unstored.tooMany(namespace);
  if (count === undefined || claimsHeld(claimRequest, cluster.ledger).length > 0) return undefined;
  if (claimer.preview(claimRequest).kind !== 'assigned') return undefined;
  const message = `creations in namespace ${namespace} were refused of late after they had got an address, and it holds ${count} for such; this Service gets its address when it is stored`;
  return { kind: 'pending', keeps: [], reason: 'CreationsRefused', message };
}

/** Pending, if the Service would get an address of creations that were never stored: the allocator gives the address to a stored Service. */
async function pendingOrRefused(
  claimRequest: ServiceClaimRequest,
  choice: Exclude<Choice, { kind: 'assigned' }>,
  { cluster, client, now }: AssignDeps,
  signal: AbortSignal,
): Promise<Choice> {
  const isAvailable = await isForUnstored({
    addressRequest: claimRequest.addressRequest,
    chooseInput: cluster.chooseInputFor(claimRequest),
    claims: cluster.ledger.claims(),
    nowMs: now().getTime(),
    // The allocator gives a holder without a name its name as soon as the Service is stored.
    isThere: async ({ namespace, name }) => name !== undefined && exists(client, { namespace, name }, signal),
  });
  if (!isAvailable) return choice;
  const message = `${choice.message}; creations that were not stored give their addresses to this Service once it is stored`;
  return { ...choice, kind: 'pending', message };
}
