/** Several nodes together: what they answer for on the wire, through deaths, false alarms, ends in order and starts. */
import fc from 'fast-check';
import { ADDRESS, byRank } from '../../../support/layer2-builders.ts';
import { World } from '../../../support/layer2-world.ts';
import { anEip, anEndpoint, aService, aSlice, aSnapshot, READY } from '../../../support/speaker-builders.ts';

const NAMES = ['node-1', 'node-2', 'node-3'];
const [first, second, third] = byRank(NAMES) as [string, string, string];
const EIP = anEip('v4', { protocol: 'layer2', interface: 'eth*' });
const snapshot = (ips: readonly string[] = [ADDRESS], eip = EIP) =>
  aSnapshot({ services: ips.map((ip, i) => aService({ name: `s-${i}`, ips: [ip] })), eips: [eip] });

async function aWorld(ips?: readonly string[]): Promise<World> {
  return acquainted(new World(NAMES, snapshot(ips)));
}

/** All have heard of each other, and had the time to do something. */
async function acquainted(world: World): Promise<World> {
  await world.settle();
  world.ms += 1_100;
  await world.settle();
  return world;
}

/** Everybody else holds it for dead. */
function suspect(world: World, name: string): void {
  for (const node of world.nodes.values()) if (node.name !== name) node.live.delete(name);
}

it('where layer 2 has just begun nobody asks: the others are not known yet', async () => {
  const world = new World(NAMES, snapshot());
  await world.settle();
  world.ms += 900;
  await world.settle();
  expect(world.answering(ADDRESS)).toEqual([]);
  expect([...world.nodes.values()].flatMap(({ asked }) => asked)).toEqual([]);
});

it('an address that is published is asked for, and then one node has it and says where', async () => {
  const world = await aWorld();
  expect(world.answering(ADDRESS)).toEqual([first]);
  expect(world.node(first).asked).toEqual([[ADDRESS]]);
  expect(world.said.get(first)?.addresses).toEqual([{ address: ADDRESS, interface: 'eth0' }]);
});

it('of a node that lost power the next one takes it over, after it has asked', async () => {
  const world = await aWorld();
  world.node(first).end();
  suspect(world, first);
  await world.settle();
  expect(world.answering(ADDRESS)).toEqual([second]);
  expect(world.node(second).asked).toEqual([[ADDRESS]]);
  expect(world.node(third).asked).toEqual([]);
});

it('a false alarm moves nothing, and is asked about about once a second', async () => {
  const world = await aWorld();
  suspect(world, first);
  for (let i = 0; i < 5; i++) {
    await world.settle();
    world.ms += 600;
  }
  expect(world.answering(ADDRESS)).toEqual([first]);
  expect(world.node(second).asked.length).toBeGreaterThan(1);
  expect(world.node(second).asked.length).toBeLessThanOrEqual(3);
  expect(world.node(second).decisions[0]).toMatchObject({ action: 'ignore', reason: 'OwnerResponding', other: first });
});

it('an answer that gets lost later on moves nothing', async () => {
  const world = await aWorld();
  suspect(world, first);
  await world.settle();
  for (let i = 0; i < 4; i++) {
    world.ms += 1_100;
    world.node(second).deafFor = 2;
    await world.settle();
  }
  expect(world.answering(ADDRESS)).toEqual([first]);
  // One that is really gone is missed all the same.
  world.node(first).end();
  world.ms += 1_100;
  await world.settle();
  expect(world.answering(ADDRESS)).toEqual([second]);
});

it('a node that comes back takes nothing back, though its object still says that it has it', async () => {
  const world = await aWorld();
  world.node(first).end();
  suspect(world, first);
  await world.settle();
  world.node(first).start();
  await world.node(first).act();
  expect(world.answering(ADDRESS)).toEqual([second]);
  for (const node of world.nodes.values()) node.live.add(first);
  await world.settle();
  expect(world.answering(ADDRESS)).toEqual([second]);
  expect(world.said.get(first)?.addresses).toEqual([]);
});

it('a speaker that was killed goes on with what it had, without asking', async () => {
  const world = await aWorld();
  world.node(first).end();
  world.node(first).start();
  await world.node(first).act();
  expect(world.answering(ADDRESS)).toEqual([first]);
  expect(world.node(first).asked).toHaveLength(1);
});

it('one that was killed goes on beside what the object of a dead node says, which it can not tell from a live one yet', async () => {
  const world = await aWorld();
  world.node(first).end();
  world.node(first).isReady = false;
  suspect(world, first);
  await world.settle();
  const successor = world.node(second);
  successor.end();
  // To one that has just been started the Lease of the dead node looks like any other.
  successor.live.add(first);
  successor.heard.clear();
  successor.start();
  await world.settle();
  expect(world.answering(ADDRESS)).toEqual([second]);
});

it('one that ends in order hands over: never is nobody there, and who takes it over does not ask', async () => {
  const world = await aWorld();
  world.node(first).stop();
  for (let i = 0; i < 10 && !world.node(first).isFree; i++) {
    for (const node of world.nodes.values()) {
      await node.act();
      expect(world.answering(ADDRESS).length).toBeGreaterThan(0);
    }
    for (const node of world.nodes.values()) node.hear();
  }
  expect(world.node(first).isFree).toBe(true);
  expect(world.answering(ADDRESS)).toEqual([second]);
  expect(world.node(second).asked).toEqual([]);
});

it('two who see the endpoints at different times do not both let go', async () => {
  const local = (node: string) =>
    aSnapshot({
      services: [aService({ policy: 'Local', ips: [ADDRESS] })],
      slices: [aSlice([anEndpoint(node, READY)])],
      eips: [EIP],
    });
  const world = await acquainted(new World(NAMES, local(first)));
  expect(world.answering(ADDRESS)).toEqual([first]);
  const act = async (name: string, endpoint: string) => {
    world.snapshot = local(endpoint);
    await world.node(name).act();
  };
  // The endpoint moves to the second, which takes the address.
  await act(second, second);
  await act(first, second);
  expect(world.answering(ADDRESS).sort()).toEqual([first, second].sort());
  // It is back on the first, as the second sees at once. Each knows of the other that it has the address, and not yet that it is about to give it up.
  world.node(first).hear();
  await act(second, first);
  await act(first, second);
  expect(world.answering(ADDRESS)).toEqual([second]);
  for (const name of [second, first, second]) {
    world.node(name).hear();
    await act(name, first);
    expect(world.answering(ADDRESS)).not.toEqual([]);
  }
  await world.settle();
  expect(world.answering(ADDRESS)).toEqual([first]);
});

it('what was taken over from a dead node is handed over as well, whatever the object of that one says', async () => {
  const world = await aWorld();
  world.node(first).end();
  suspect(world, first);
  for (const node of world.nodes.values()) node.heard.delete(first);
  await world.settle();
  expect(world.answering(ADDRESS)).toEqual([second]);
  world.node(second).stop();
  await world.settle();
  expect(world.node(second).isFree).toBe(true);
  expect(world.answering(ADDRESS)).toEqual([third]);
  expect(world.node(third).asked).toEqual([]);
});

it('while it hands over it does not defend the address', async () => {
  const world = await aWorld();
  world.node(first).stop();
  await world.node(first).act();
  expect(world.node(first).answers.get(ADDRESS)?.isYielding).toBe(true);
});

it('the last node to end has nobody to wait for', async () => {
  const world = await acquainted(new World([first], snapshot()));
  expect(world.node(first).isFree).toBe(false);
  world.node(first).stop();
  await world.node(first).act();
  expect(world.node(first).isFree).toBe(true);
  expect(world.answering(ADDRESS)).toEqual([first]);
});

it('an interface that goes down moves what was on it', async () => {
  const world = await aWorld();
  world.node(first).isUp = false;
  await world.settle();
  expect(world.answering(ADDRESS)).toEqual([second]);
  expect(world.said.get(first)).toMatchObject({ unable: ['v4'], addresses: [] });
});

it('cut off, it is silent', async () => {
  const world = await aWorld();
  world.node(first).cutOff = true;
  await world.node(first).act();
  expect(world.answering(ADDRESS)).toEqual([]);
});

it('as long as a route is only not known yet, nothing is said of it and nothing moves', async () => {
  const eip = anEip('v4', { protocol: 'layer2', interface: 'can_reach:192.0.2.1' });
  const world = await acquainted(new World(NAMES, snapshot([ADDRESS], eip)));
  const node = world.node(first);
  node.end();
  node.route = undefined;
  node.start();
  await node.act();
  expect(world.said.get(first)?.unable).toEqual([]);
  node.route = 'eth0';
  await node.act();
  expect(world.answering(ADDRESS)).toEqual([first]);
  node.route = undefined;
  await node.act();
  world.ms += 1_100;
  await world.settle();
  expect(world.answering(ADDRESS)).toEqual([second]);
});

it('a Service that is gone is answered for no more', async () => {
  const world = await aWorld();
  world.snapshot = snapshot([]);
  await world.settle();
  expect(world.answering(ADDRESS)).toEqual([]);
});

describe('whatever happens in whatever order, and however late anybody hears of it', () => {
  const ips = [ADDRESS, '198.51.100.8', '198.51.100.9'];
  const step = fc.record({
    what: fc.constantFrom(
      'act',
      'act',
      'act',
      'hear',
      'hear',
      'kill',
      'start',
      'stop',
      'suspect',
      'trust',
      'down',
      'up',
    ),
    who: fc.constantFrom(...NAMES),
    whom: fc.constantFrom(...NAMES),
    ms: fc.nat(400),
  });

  it('in the end each address has one node that answers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const world = new World(NAMES, snapshot(ips));
        for (const { what, who, whom, ms } of steps) {
          world.ms += ms;
          const node = world.node(who);
          if (what === 'act') await node.act();
          if (what === 'hear') node.hear();
          if (what === 'kill') node.end();
          if (what === 'start' && !node.isRunning) node.start();
          if (what === 'stop') node.stop();
          if (what === 'suspect') node.live.delete(whom);
          if (what === 'trust') node.live.add(whom);
          if (what === 'down' || what === 'up') node.isUp = what === 'up';
        }
        // Now all is well again, and all hear of it: those that were told to end have ended and come back.
        for (const node of world.nodes.values()) {
          node.end();
          node.start();
          node.isUp = true;
          node.live = new Set(NAMES);
        }
        await acquainted(world);
        for (const ip of ips) expect(world.answering(ip)).toHaveLength(1);
      }),
    );
  });

  it('what was taken over from a dead node is answered for, whatever the others believe of it and though they are started again', async () => {
    const believed = step.filter(({ what }) => ['act', 'hear', 'suspect', 'trust', 'start'].includes(what));
    const [dead, ...others] = [first, second, third];
    await fc.assert(
      fc.asyncProperty(fc.array(believed, { maxLength: 40 }), async (steps) => {
        const world = await aWorld();
        world.node(dead!).end();
        world.node(dead!).isReady = false;
        suspect(world, dead!);
        for (const name of others) world.node(name).heard.delete(dead!);
        await world.settle();
        for (const { what, who, whom, ms } of steps) {
          world.ms += ms;
          if (who === dead) continue;
          const node = world.node(who);
          if (what === 'act') await node.act();
          if (what === 'hear') node.hear();
          if (what === 'suspect') node.live.delete(whom);
          if (what === 'trust') node.live.add(whom);
          if (what === 'start') {
            node.end();
            node.start();
            node.heard = new Set(others.filter((name) => name === whom));
            await node.act();
          }
          expect(world.answering(ADDRESS)).not.toEqual([]);
        }
      }),
    );
  });

  it('without deaths and ends, two nodes answer for one address no longer than until both have heard of it', async () => {
    const harmless = step.filter(({ what }) => ['act', 'hear', 'suspect', 'trust'].includes(what));
    await fc.assert(
      fc.asyncProperty(fc.array(harmless, { maxLength: 40 }), async (steps) => {
        const world = await aWorld(ips);
        const before = ips.map((ip) => world.answering(ip));
        for (const { what, who, whom, ms } of steps) {
          world.ms += ms;
          const node = world.node(who);
          if (what === 'act') await node.act();
          if (what === 'hear') node.hear();
          if (what === 'suspect') node.live.delete(whom);
          if (what === 'trust') node.live.add(whom);
          // All answer when they are asked, so suspicions alone move nothing.
          expect(ips.map((ip) => world.answering(ip))).toEqual(before);
        }
      }),
    );
  });
});
