/**
 * The claimer alone, two of them with a ledger each, against a real API server: whatever they do at the same time, an address has the holders
 * that may share it and no others, and nobody is lost.
 */
import { join } from 'node:path';
import type { ClaimHolder } from '../../../lib/api/claim.ts';
import { Claimer } from '../../../lib/ipam/claimer.ts';
import { Ledger } from '../../../lib/ipam/ledger.ts';
import { buildPools } from '../../../lib/ipam/pools.ts';
import type { HttpKubeClient } from '../../../lib/kube/http-client.ts';
import { EIP_CLAIMS } from '../../../lib/kube/resource.ts';
import { type Address, parseAddress } from '../../../lib/net/address.ts';
import { claimsHeld, type ServiceClaimant } from '../../../webhook/claimant.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { eip, holder, wants } from '../../unit/lib/ipam/builders.ts';

let plane: ControlPlane;
let client: HttpKubeClient;
beforeAll(async () => {
  plane = await ControlPlane.start();
  await plane.kubectl(['apply', '-k', join(import.meta.dirname, '../../../manifests/crds')]);
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  client = plane.client();
}, 60_000);
afterAll(() => plane[Symbol.asyncDispose]());

/** No watch: all that this one knows it has from its own requests, so it knows as little as can be. */
function blindClaimer(addresses: string): Claimer<ServiceClaimant> {
  const ledger = new Ledger();
  const pools = buildPools([eip('web', addresses)]);
  return new Claimer<ServiceClaimant>({
    client,
    ledger,
    situation: (claimant) => ({
      pools,
      taken: ledger,
      namespaceLabels: {},
      held: claimsHeld(claimant, ledger),
      isSelf: claimant.isSelf,
      former: claimant.former,
    }),
  });
}

function claimant(name: string, port: number, sharingKey?: string): ServiceClaimant {
  const key = sharingKey === undefined ? {} : { sharingKey };
  const { uid, ...own } = holder(name, { ports: [{ port, protocol: 'TCP' }], ...key });
  return {
    wants: wants({ ports: own.ports, ...key }),
    holder: own,
    isSelf: (one) => one.token === own.token,
    shown: [],
    former: [],
  };
}

const claims = async () => (await client.list(EIP_CLAIMS)).items;
const isHeldBy = (name: string) => (one: ClaimHolder) => one.name === name;

async function releaseAll(claimers: readonly Claimer<ServiceClaimant>[]): Promise<void> {
  const held = (await claims()).flatMap(({ spec }) =>
    spec.holders.map(({ name = '' }) => ({ name, address: parseAddress(spec.address) as Address })),
  );
  await Promise.all(
    held.map(({ name, address }, i) => claimers[i % claimers.length]!.release(address, isHeldBy(name))),
  );
  expect(await claims()).toEqual([]);
}

it('sharers who come at once are brought together as their ports allow', async () => {
  const claimers = [blindClaimer('198.51.100.0/28'), blindClaimer('198.51.100.0/28')];
  for (let run = 0; run < 3; run++) {
    // Four of each port: no address may have two of one port, so four addresses are enough, and more may be used.
    const all = Array.from({ length: 16 }, (_, i) => claimant(`s${i}`, 80 + (i % 4), 'edge'));
    const choices = await Promise.all(all.map((one, i) => claimers[i % 2]!.assign(one)));
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
    await releaseAll(claimers);
  }
});

it('with coming and going at the same time, every claim has exactly the holders that are left', async () => {
  const claimers = [blindClaimer('198.51.100.0/27'), blindClaimer('198.51.100.0/27')];
  const left = new Set<string>();
  await Promise.all(
    Array.from({ length: 30 }, async (_, i) => {
      const one = claimant(`c${i}`, 80);
      const choice = await claimers[i % 2]!.assign(one);
      if (choice.kind !== 'assigned') throw new Error(`Cannot go on: c${i} is ${choice.kind}`);
      // Every third goes at once, released by the other of the two.
      if (i % 3 === 0) await claimers[(i + 1) % 2]!.release(choice.given[0]!.address, isHeldBy(`c${i}`));
      else left.add(`c${i}`);
    }),
  );
  const holders = (await claims()).map(({ spec }) => spec.holders.map(({ name }) => name).join());
  expect(holders.sort()).toEqual([...left].sort());
  await releaseAll(claimers);
});

it('assigning again writes nothing, and an entry that changed is written once', async () => {
  const claimer = blindClaimer('198.51.100.0/28');
  await claimer.assign(claimant('same', 80));
  const [before] = await claims();
  await claimer.assign(claimant('same', 80));
  expect((await claims())[0]).toEqual(before);
  await claimer.assign(claimant('same', 81));
  const [after] = await claims();
  expect(after?.spec.holders).toMatchObject([
    { name: 'same', ports: [{ port: 81 }], since: before?.spec.holders[0]?.since },
  ]);
  expect(await claimer.refresh(parseAddress('198.51.100.0')!, { ...holder('same'), uid: 'u1' }, isHeldBy('same'))).toBe(
    true,
  );
  expect((await claims())[0]?.spec.holders).toMatchObject([{ name: 'same', uid: 'u1' }]);
  expect(await claimer.refresh(parseAddress('198.51.100.9')!, holder('same'), isHeldBy('same'))).toBe(false);
  await releaseAll([claimer]);
});
