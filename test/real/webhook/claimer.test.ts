/**
 * The claimer alone, two of them with a ledger each, against a real API server: whatever they do at the same time, an address has the holders
 * that may share it and no others, and nobody is lost.
 */
import { join } from 'node:path';
import { Ledger } from '../../../lib/ipam/choice/ledger.ts';
import { Claimer } from '../../../lib/ipam/claims/claimer.ts';
import { Contention } from '../../../lib/ipam/claims/contention.ts';
import { buildPools } from '../../../lib/ipam/pools/pools.ts';
import { Reflector } from '../../../lib/kube/cache/reflector.ts';
import type { HttpKubeClient } from '../../../lib/kube/http/http-client.ts';
import { EIP_CLAIMS } from '../../../lib/kube/resource.ts';
import { type Address, parseAddress } from '../../../lib/net/address.ts';
import { createLogger } from '../../../lib/process/log.ts';
import { claimsHeld, type ServiceClaimRequest } from '../../../webhook/cluster/service-claim-request.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { eventually } from '../../support/eventually.ts';
import { addressRequest, eip, holder } from '../../unit/lib/ipam/builders.ts';

let plane: ControlPlane;
let client: HttpKubeClient;
beforeAll(async () => {
  plane = await ControlPlane.start();
  await plane.kubectl(['apply', '-k', join(import.meta.dirname, '../../../manifests/crds')]);
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  client = plane.client();
}, 180_000);
afterAll(async () => {
  stop.abort();
  await plane[Symbol.asyncDispose]();
});

const stop = new AbortController();

/** A claimer as a process of its own has it: its ledger is fed by its own watch, and lags behind as that does. */
async function newClaimer(addresses: string): Promise<{ claimer: Claimer<ServiceClaimRequest>; ledger: Ledger }> {
  const ledger = new Ledger();
  const log = createLogger({ component: 'test', level: 'silent' });
  const store = new Reflector({ client, resource: EIP_CLAIMS, log });
  store.subscribe((change) => {
    if (change.type !== 'deleted') ledger.apply(change.object);
    else ledger.forget(parseAddress(change.object.spec.address)!, change.object.metadata.uid);
  });
  void store.run(stop.signal);
  await store.waitForSync(stop.signal);
  return { claimer: claimerOn(ledger, addresses, Math.random), ledger };
}

function claimerOn(
  ledger: Ledger,
  addresses: string,
  random: () => number,
  onConflict = () => {},
): Claimer<ServiceClaimRequest> {
  const pools = buildPools([eip('web', addresses)]);
  return new Claimer<ServiceClaimRequest>({
    client,
    ledger,
    contention: new Contention({ monotonicMs: () => performance.now(), random }),
    onConflict,
    chooseInput: (claimRequest) => ({
      pools,
      taken: ledger,
      namespaceLabels: {},
      held: claimsHeld(claimRequest, ledger),
      established: [],
      isSelf: claimRequest.isSelf,
      published: [],
      former: claimRequest.former,
    }),
  });
}

function claimRequest(name: string, port: number, sharingKey?: string): ServiceClaimRequest {
  const key = sharingKey === undefined ? {} : { sharingKey };
  const { uid, ...own } = holder(name, { ports: [{ port, protocol: 'TCP' }], ...key });
  return {
    addressRequest: addressRequest({ ports: own.ports, ...key }),
    holder: own,
    isSelf: (one) => one.token === own.token,
    shown: [],
    published: [],
    former: [],
    stored: [],
  };
}

const claims = async () => (await client.list(EIP_CLAIMS)).items;

type Two = Awaited<ReturnType<typeof newClaimer>>[];

async function releaseAll(two: Two): Promise<void> {
  const held = (await claims()).flatMap(({ spec }) =>
    spec.holders.map((holder) => ({ holder, address: parseAddress(spec.address) as Address })),
  );
  await Promise.all(held.map(({ holder, address }, i) => two[i % two.length]!.claimer.claims.release(address, holder)));
  expect(await claims()).toEqual([]);
  await eventually(() => expect(two.flatMap(({ ledger }) => [...ledger.claims()])).toEqual([]));
}

it('sharers who come at once are brought together as their ports allow', async () => {
  const two = [await newClaimer('198.51.100.0/28'), await newClaimer('198.51.100.0/28')];
  for (let run = 0; run < 3; run++) {
    // Four of each port: no address may have two of one port, so four addresses are enough, and more may be used.
    const all = Array.from({ length: 16 }, (_, i) => claimRequest(`s${i}`, 80 + (i % 4), 'edge'));
    const choices = await Promise.all(all.map((one, i) => two[i % 2]!.claimer.assign(one)));
    expect(choices.map(({ kind }) => kind)).toEqual(Array(16).fill('assigned'));
    const holders = (await claims()).map(({ spec }) => spec.holders);
    expect(
      holders
        .flat()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(all.map((one) => one.holder.name).sort());
    for (const together of holders) {
      const ports = together.flatMap((one) => one.ports.map(({ port }) => port));
      expect(new Set(ports).size).toBe(ports.length);
    }
    await releaseAll(two);
  }
});

it('with coming and going at the same time, every claim has exactly the holders that are left', async () => {
  const two = [await newClaimer('198.51.100.0/27'), await newClaimer('198.51.100.0/27')];
  const left = new Set<string>();
  await Promise.all(
    Array.from({ length: 30 }, async (_, i) => {
      const one = claimRequest(`c${i}`, 80);
      const choice = await two[i % 2]!.claimer.assign(one);
      if (choice.kind !== 'assigned') throw new Error(`Cannot go on: c${i} is ${choice.kind}`);
      // Every third goes at once, released by the other of the two.
      if (i % 3 === 0) await two[(i + 1) % 2]!.claimer.claims.release(choice.given[0]!.address, one.holder);
      else left.add(`c${i}`);
    }),
  );
  const holders = (await claims()).map(({ spec }) => spec.holders.map(({ name }) => name).join());
  expect(holders.sort()).toEqual([...left].sort());
  await releaseAll(two);
});

it('assigning again writes nothing, and an entry that changed is written once', async () => {
  const one = await newClaimer('198.51.100.0/28');
  const { claimer } = one;
  await claimer.assign(claimRequest('same', 80));
  const [before] = await claims();
  await claimer.assign(claimRequest('same', 80));
  expect((await claims())[0]).toEqual(before);
  await claimer.assign(claimRequest('same', 81));
  const [after] = await claims();
  expect(after?.spec.holders).toMatchObject([
    { name: 'same', ports: [{ port: 81 }], since: before?.spec.holders[0]?.since },
  ]);
  await releaseAll([one]);
});

it('who loses race after race chooses elsewhere, and meets nobody there', async () => {
  const [other, lost] = [await newClaimer('198.51.100.0/24'), [] as number[]];
  for (let i = 0; i < 12; i++) await other.claimer.assign(claimRequest(`other${i}`, 80));
  // Its ledger hears of nothing.
  const claimer = claimerOn(
    new Ledger(),
    '198.51.100.0/24',
    () => 0.999,
    () => lost.push(1),
  );
  const choice = await claimer.assign(claimRequest('late', 80));
  expect(choice).toMatchObject({ kind: 'assigned', given: [{ address: parseAddress('198.51.100.18') }] });
  expect(lost).toHaveLength(3);
  await releaseAll([other]);
});

it('a holder that another writes anew stays, whatever the one who wrote it first releases', async () => {
  const one = await newClaimer('198.51.100.0/28');
  const first = claimRequest('anew', 80);
  const choice = await one.claimer.assign(first);
  if (choice.kind !== 'assigned') throw new Error(`Cannot go on: ${choice.kind}`);
  const [claim] = await claims();
  const anew = { ...claim!.spec.holders[0]!, since: '2026-11-30T10:00:00.000Z' };
  await client.replace(EIP_CLAIMS, { ...claim!, spec: { ...claim!.spec, holders: [anew] } });
  expect(await one.claimer.claims.release(choice.given[0]!.address, first.holder)).toBe(false);
  expect((await claims())[0]?.spec.holders).toEqual([anew]);
  await releaseAll([one]);
});
