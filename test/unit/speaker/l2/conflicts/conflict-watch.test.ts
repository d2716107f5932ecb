/** Who has an address of ours beside this node, by which name people are told, and where. */
import type { Layer2Conflict, SpeakerObject } from '../../../../../lib/api/skycap/speaker-types.ts';
import type { Decision } from '../../../../../lib/layer2/decide-owner.ts';
import { parseAddress } from '../../../../../lib/net/address.ts';
import { ConflictWatch } from '../../../../../speaker/l2/conflicts/conflict-watch.ts';
import { formatMac } from '../../../../../speaker/l2/frames/mac-address.ts';
import type { Link, OtherOwner } from '../../../../../speaker/l2/link/link.ts';
import { ADDRESS, wantedOf } from '../../../../support/layer2-builders.ts';
import { logSink } from '../../../../support/log-sink.ts';
import { aService } from '../../../../support/speaker-builders.ts';

const MAC = { n1: 0x0200_0000_0001, n2: 0x0200_0000_0002, machine: 0x0242_ac11_0002 };
const HELD: Decision = { text: ADDRESS, action: 'hold', reason: 'Announced' };
const ANSWERED: Decision = { text: ADDRESS, action: 'ignore', reason: 'AddressConflict' };
const SHARED = wantedOf({
  services: [aService({ name: 'a', ips: [ADDRESS] }), aService({ name: 'b', ips: [ADDRESS] })],
});
const MACHINE: Layer2Conflict = { address: ADDRESS, mac: '02:42:ac:11:00:02', interface: 'eth0' };
const ON_N2: Layer2Conflict = { address: ADDRESS, mac: '02:00:00:00:00:02', interface: 'ens3', node: 'n2' };

function speaker(name: string, status: SpeakerObject['status'] = {}): SpeakerObject {
  const mac = formatMac(MAC[name as keyof typeof MAC]);
  const layer2Interfaces = [{ name: name === 'n2' ? 'ens3' : 'eth0', mac }];
  return {
    apiVersion: 'skycap.io/v1alpha1',
    kind: 'Speaker',
    metadata: { name },
    status: { layer2Interfaces, ...status },
  };
}

/** A watch on n1, on whose wire those machines are. */
class Scene {
  ms = 0;
  macs: number[] = [];
  speakers: SpeakerObject[] = [speaker('n1'), speaker('n2')];
  decisions: Decision[] = [HELD];
  links: Link[] = [{ name: 'eth0', index: 2, mac: MAC.n1, isUp: true, addresses: [] }];
  isPartitioned = false;
  elsewhere: string[] = [];
  readonly events: string[] = [];
  readonly watch: ConflictWatch;

  constructor() {
    const scene = this;
    this.watch = new ConflictWatch({
      nodeName: 'n1',
      responder: {
        get links() {
          return scene.links;
        },
        probe: async (asked) => {
          for (const { address } of asked) this.announce(address);
          return [];
        },
      },
      speakers: () => this.speakers,
      interfacesAnswering: () => ['eth0'],
      isPartitioned: () => this.isPartitioned,
      interfacesWith: () => this.elsewhere,
      events: {
        record: ({ regarding, type, reason, note }) =>
          void this.events.push(`${regarding.metadata.name} ${type} ${reason}: ${note}`),
      },
      metrics: { layer2Conflicts: { inc: () => {} } } as unknown as ConstructorParameters<
        typeof ConflictWatch
      >[0]['metrics'],
      clock: { monotonicMs: () => this.ms },
      log: logSink().log,
      random: () => 0.5,
    });
  }

  /** They say that they have it. */
  announce(address = parseAddress(ADDRESS)!): void {
    for (const mac of this.macs) this.watch.heard({ address, interface: 'eth0', mac });
  }

  async pass(ms: number): Promise<void> {
    const until = this.ms + ms;
    for (; this.ms < until; this.ms += 100) {
      const answers = this.macs.map((mac): OtherOwner => ({ address: parseAddress(ADDRESS)!, interface: 'eth0', mac }));
      this.watch.decided(this.decisions, SHARED, (text) => (text === ADDRESS ? answers : []));
      this.watch.act(new AbortController().signal);
      await Promise.resolve();
    }
  }
}

it('a machine is told on every Service of the address while it answers, and when it is gone', async () => {
  const scene = new Scene();
  scene.macs = [MAC.machine];
  scene.announce();
  await scene.pass(90_000);
  const told = `another machine, 02:42:ac:11:00:02 on eth0, has ${ADDRESS}; find it, or take the address out of its Eip`;
  expect(scene.events).toEqual([`a Warning AddressConflict: ${told}`, `b Warning AddressConflict: ${told}`]);
  expect(scene.watch.conflicts).toEqual([MACHINE]);
  scene.events.length = 0;
  scene.macs = [];
  await scene.pass(60_000);
  const over = `the machine 02:42:ac:11:00:02 on eth0 does not answer for ${ADDRESS} any more`;
  expect(scene.events).toEqual([`a Normal AddressConflictOver: ${over}`, `b Normal AddressConflictOver: ${over}`]);
  expect(scene.watch.conflicts).toEqual([]);
});

it('two machines are two conflicts', async () => {
  const scene = new Scene();
  scene.macs = [MAC.machine, MAC.machine + 1];
  scene.announce();
  await scene.pass(5_000);
  expect(scene.watch.conflicts).toEqual([MACHINE, { ...MACHINE, mac: '02:42:ac:11:00:03' }]);
});

it('a node of the cluster is told by its name, and by the interface that it has it on', async () => {
  const scene = new Scene();
  scene.macs = [MAC.n2];
  scene.announce();
  await scene.pass(10_000);
  expect(scene.watch.conflicts).toEqual([ON_N2]);
  expect(scene.events[0]).toBe(`a Warning AddressConflict: n2 has ${ADDRESS} on ens3; remove it there`);
  scene.speakers = [speaker('n1'), speaker('n2', { layer2Conflicts: [{ ...ON_N2, interface: 'bond0' }] })];
  expect(scene.watch.conflicts).toEqual([{ ...ON_N2, interface: 'bond0' }]);
});

it('a node that answers by an interface of no Eip, too, is one machine, where it tells of that itself', async () => {
  const scene = new Scene();
  scene.macs = [MAC.machine];
  scene.speakers = [speaker('n1'), speaker('n2', { layer2Conflicts: [{ ...MACHINE, interface: 'eth1', node: 'n2' }] })];
  scene.announce();
  await scene.pass(10_000);
  expect(scene.watch.conflicts).toEqual([{ ...MACHINE, interface: 'eth1', node: 'n2' }]);
});

it('what is on another kind of interface here is told once another node has heard it', async () => {
  const scene = new Scene();
  scene.elsewhere = ['lo'];
  scene.decisions = [];
  await scene.pass(1_000);
  expect(scene.watch.conflicts).toEqual([]);
  const heard = { address: ADDRESS, mac: '02:00:00:00:00:01', interface: 'eth0', node: 'n1' };
  scene.speakers = [speaker('n1'), speaker('n2', { layer2Conflicts: [heard] })];
  await scene.pass(1_000);
  expect(scene.watch.conflicts).toEqual([{ ...heard, interface: 'lo' }]);
  expect(scene.events[0]).toBe(`a Warning AddressConflict: n1 has ${ADDRESS} on lo; remove it there`);
  scene.elsewhere = [];
  await scene.pass(1_000);
  expect(scene.watch.conflicts).toEqual([]);
});

it.each<[string, Partial<Pick<Scene, 'speakers' | 'isPartitioned'>>]>([
  [
    'says that it has the address',
    { speakers: [speaker('n2', { layer2Addresses: [{ address: ADDRESS, interface: 'ens3' }] })] },
  ],
  [
    'says so, and not which interfaces it has, being of an older version',
    {
      speakers: [{ ...speaker('n2'), status: { layer2Addresses: [{ address: ADDRESS, interface: 'ens3' }] } }],
    },
  ],
  ['may have taken over while the API server is away', { isPartitioned: true }],
])('a node that %s is no conflict', async (_, over) => {
  const scene = Object.assign(new Scene(), over);
  scene.macs = [MAC.n2];
  scene.announce();
  await scene.pass(60_000);
  expect([scene.watch.conflicts, scene.events]).toEqual([[], []]);
});

it('of what this node has itself nobody is asked, and it is told at once and for as long as it is there', async () => {
  const scene = new Scene();
  scene.decisions = [{ text: ADDRESS, action: 'ignore', reason: 'OwnedElsewhere', other: 'n2' }];
  scene.links = [{ ...scene.links[0]!, addresses: [parseAddress(ADDRESS)!] }];
  await scene.pass(100);
  const own = { address: ADDRESS, mac: '02:00:00:00:00:01', interface: 'eth0', node: 'n1' };
  expect(scene.watch.conflicts).toEqual([own]);
  expect(scene.events[0]).toBe(`a Warning AddressConflict: n1 has ${ADDRESS} on eth0; remove it there`);
  scene.links = [{ ...scene.links[0]!, addresses: [] }];
  await scene.pass(100);
  expect(scene.watch.conflicts).toEqual([]);
  expect(scene.events[2]).toBe(`a Normal AddressConflictOver: n1 does not have ${ADDRESS} on eth0 any more`);
});

it('a machine that was there first is told, through the questions in between, until nobody answers', async () => {
  const scene = new Scene();
  scene.macs = [MAC.machine];
  for (let i = 0; i < 5; i++) {
    scene.decisions = [ANSWERED];
    await scene.pass(1_000);
    scene.decisions = [{ text: ADDRESS, action: 'probe', reason: 'NoOwner' }];
    await scene.pass(200);
  }
  expect(scene.watch.conflicts).toEqual([MACHINE]);
  scene.macs = [];
  scene.decisions = [{ text: ADDRESS, action: 'take', reason: 'NoOwner' }];
  await scene.pass(200);
  expect(scene.watch.conflicts).toEqual([]);
  expect(scene.events.at(-1)).toMatch(/^b Normal AddressConflictOver: /);
});

it.each<[string, keyof typeof MAC, readonly Layer2Conflict[]]>([
  ['a lost node that lives is no conflict', 'n2', []],
  ['a machine in the place of a lost node is one', 'machine', [MACHINE]],
])('%s', async (_, who, expected) => {
  const scene = new Scene();
  scene.macs = [MAC[who]];
  scene.decisions = [{ text: ADDRESS, action: 'ignore', reason: 'OwnerResponding', other: 'n2' }];
  await scene.pass(5_000);
  expect(scene.watch.conflicts).toEqual(expected);
});

it.each<[string, readonly SpeakerObject[], readonly Layer2Conflict[]]>([
  ['its former owner', [speaker('n2', { layer2Conflicts: [MACHINE] })], []],
  ['this node before it was started again', [], [MACHINE]],
])('what %s told of is asked about at once when the address comes here', async (_, speakers, toldBefore) => {
  const scene = Object.assign(new Scene(), { speakers });
  scene.watch.begin(toldBefore);
  scene.macs = [MAC.machine];
  await scene.pass(300);
  expect(scene.watch.conflicts).toEqual([MACHINE]);
});

it('an address that goes to another node takes its conflicts with it', async () => {
  const scene = new Scene();
  scene.macs = [MAC.machine];
  scene.announce();
  await scene.pass(5_000);
  scene.decisions = [{ text: ADDRESS, action: 'release', reason: 'OwnedElsewhere', other: 'n2' }];
  await scene.pass(100);
  expect([scene.watch.conflicts, scene.events.length]).toEqual([[], 2]);
});

it('names a few of many', async () => {
  const scene = new Scene();
  scene.macs = Array.from({ length: 60 }, (_, i) => MAC.machine + i);
  scene.announce();
  await scene.pass(5_000);
  expect(scene.watch.conflicts).toHaveLength(20);
});
