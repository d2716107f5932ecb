/**
 * Two BIRDs that watch each other (BFD), on two hosts of one wire, and what the speaker makes of it. Needs root and bird2.
 * Deadlines are generous: that a loss is seen within 300 ms of its time is BIRD's, and shows in the benchmark.
 */
import { type Address, parseAddress } from '../../../lib/net/address.ts';
import { parseRange } from '../../../lib/net/range.ts';
import { createLogger } from '../../../lib/process/log.ts';
import { createMetrics } from '../../../lib/process/metrics.ts';
import type { BfdNeighbor } from '../../../lib/snapshot/bfd-neighbor.ts';
import { type BfdState, parseBfdSessions } from '../../../speaker/bird/session/bfd-sessions.ts';
import { PeerWatch } from '../../../speaker/l2/peers/peer-watch.ts';
import { speakerMetrics } from '../../../speaker/metrics.ts';
import { until } from '../../support/eventually.ts';
import { ip } from '../../support/namespaces.ts';
import { aBgpPeer, aNode } from '../../support/speaker-builders.ts';
import { BirdSite } from './support/bird-site.ts';
import { Lan, NODE, ROUTER } from './support/lan.ts';

const at = (text: string): Address => parseAddress(text)!;
const neighbor = (name: string, address: string, local: string, isDirect = true): BfdNeighbor => ({
  name,
  address: at(address),
  local: at(local),
  isDirect,
});
const OTHER = neighbor('other', ROUTER.v4, NODE.v4);
const BACK = neighbor('node-1', NODE.v4, ROUTER.v4);

/** `here` and `there` run BIRD, each with the neighbours that the test gives it. */
async function withTwo(act: (here: BirdSite, there: BirdSite, lan: Lan) => Promise<void>): Promise<void> {
  await using lan = Lan.make();
  const sites = [new BirdSite(lan), new BirdSite(lan, lan.router)] as const;
  try {
    for (const site of sites) site.startContainer();
    await act(...sites, lan);
  } catch (error) {
    throw new Error(`${(error as Error).message}\nBIRD said:\n${sites[0].container.tail()}`, { cause: error });
  } finally {
    for (const site of sites) site.control.close();
  }
}

async function states(site: BirdSite): Promise<ReadonlyMap<string, BfdState>> {
  return parseBfdSessions(await site.control.command('show bfd sessions'));
}

/** The line of a session without what ticks; the time of its last change stands in it. */
async function line(site: BirdSite, address: string): Promise<string | undefined> {
  const { lines } = await site.control.command('show bfd sessions');
  return lines.find(({ text }) => text.trim().startsWith(`${address} `))?.text;
}

const isUp = (site: BirdSite, address: string) => async () => (await states(site)).get(address) === 'Up';

it('comes up with the rights of the container; a neighbour more or less disturbs neither the others nor BGP', async () => {
  await withTwo(async (here, there) => {
    const peering = (neighborAddress: string, passiveMode: boolean) => [
      aBgpPeer('peer', { conf: { neighborAddress, peerAs: 64512 }, transport: { passiveMode } }),
    ];
    const ours = { bgpPeers: peering(ROUTER.v4, false) };
    const theirs = { bgpPeers: peering(NODE.v4, true), nodes: [aNode({ ips: [ROUTER.v4, ROUTER.v6] })] };
    await there.applyUntilRunning({ ...theirs, bfdNeighbors: [BACK] });
    await here.applyUntilRunning({ ...ours, bfdNeighbors: [OTHER] });
    await until('the session', isUp(here, ROUTER.v4));
    const { since } = await here.established('peer');
    const before = await line(here, ROUTER.v4);

    const six = neighbor('six', ROUTER.v6, NODE.v6);
    const far = neighbor('far', '203.0.113.9', NODE.v4, false);
    await there.apply({ ...theirs, bfdNeighbors: [BACK, neighbor('node-1', NODE.v6, ROUTER.v6)] });
    await here.apply({ ...ours, bfdNeighbors: [OTHER, six, far] });
    await until('the session by IPv6', isUp(here, ROUTER.v6));
    expect((await states(here)).get('203.0.113.9')).toBe('Down');
    await here.apply({ ...ours, bfdNeighbors: [OTHER] });
    expect([...(await states(here)).keys()]).toEqual([ROUTER.v4]);
    expect(await line(here, ROUTER.v4)).toBe(before);
    expect(await here.session('peer')).toMatchObject({ state: 'Established', since });

    await here.apply({ ...ours, bfdNeighbors: [] });
    await expect(states(here)).rejects.toThrow(/no BFD protocol/i);
    expect(await here.session('peer')).toMatchObject({ state: 'Established', since });
  });
});

it('with a node some hops away it comes up as well', async () => {
  await withTwo(async (here, there, lan) => {
    ip('-n', lan.router, 'address', 'add', '203.0.113.9/32', 'dev', 'lo');
    ip('-n', lan.node, 'route', 'add', '203.0.113.9/32', 'via', ROUTER.v4);
    await there.applyUntilRunning({ bfdNeighbors: [neighbor('node-1', NODE.v4, '203.0.113.9', false)] });
    await here.applyUntilRunning({ bfdNeighbors: [neighbor('far', '203.0.113.9', NODE.v4, false)] });
    await until('the session', isUp(here, '203.0.113.9'));
  });
});

describe('PeerWatch', () => {
  /** Watches `other` from `here`, with BIRD configured as it says. */
  async function watched(act: (watch: PeerWatch, here: BirdSite, there: BirdSite, lan: Lan) => Promise<void>) {
    await withTwo(async (here, there, lan) => {
      const stop = new AbortController();
      const wire = parseRange(`${NODE.v4}/24`);
      const watch = new PeerWatch({
        nodeName: 'node-1',
        socketPath: here.socketPath,
        listener: { onChange: () => changes.push(`${[...watch.lost]} ${watch.seenByWatchers}`) },
        onNeighbors: () => configured.push(here.applyUntilRunning({ bfdNeighbors: watch.neighbors })),
        networks: () => (wire.ok ? [wire.range] : []),
        monotonicMs: () => performance.now(),
        metrics: speakerMetrics(createMetrics('test')),
        log: createLogger({ component: 'test', level: 'silent' }),
      });
      const [changes, configured]: [string[], Promise<void>[]] = [[], []];
      const running = watch.run(stop.signal);
      try {
        await there.applyUntilRunning({ bfdNeighbors: [BACK] });
        watch.watch([
          { name: 'node-1', address: at(NODE.v4) },
          { name: 'other', address: at(ROUTER.v4) },
        ]);
        await until('the other seen', () => watch.seenByWatchers === 'yes');
        await act(watch, here, there, lan);
        // One change a turn of events, and no turn twice.
        expect(changes.filter((one, i) => one === changes[i - 1])).toEqual([]);
      } finally {
        stop.abort();
        await Promise.all([running, ...configured]);
      }
    });
  }

  it('a node that dies is lost, and seen again when it is back', async () => {
    await watched(async (watch, _, there, lan) => {
      expect([...watch.lost]).toEqual([]);
      lan.signalAll(lan.router, 'SIGKILL');
      const killedMs = performance.now();
      await until('the loss', () => watch.lost.has('other'), { withinMs: 5_000, everyMs: 5 });
      expect(performance.now() - killedMs).toBeLessThan(3_000);
      expect(watch.seenByWatchers).toBe('no');
      there.startContainer();
      await until('the other back', () => watch.lost.size === 0 && watch.seenByWatchers === 'yes');
    });
  });

  it('a BIRD of its own that dies says nothing about others', async () => {
    await watched(async (watch, here, _, lan) => {
      lan.signalAll(lan.router, 'SIGSTOP');
      await until('the loss', () => watch.lost.has('other'));
      lan.signalAll(lan.node, 'SIGKILL');
      await until('that nothing is known', () => watch.lost.size === 0 && watch.seenByWatchers === 'unknown');
      here.startContainer();
      await until('BIRD again', async () => (await states(here)).get(ROUTER.v4) === 'Down');
      // Down, though it was Up in its former life.
      expect([[...watch.lost], watch.seenByWatchers]).toEqual([[], 'unknown']);
      lan.signalAll(lan.router, 'SIGCONT');
      await until('the other seen', () => watch.seenByWatchers === 'yes');
    });
  });

  it("when this node's own link is down nobody is lost, and nobody sees this node", async () => {
    await watched(async (watch, _here, _there, lan) => {
      ip('-n', lan.node, 'link', 'set', 'eth0', 'down');
      await until('that nobody sees it', () => watch.seenByWatchers === 'no');
      expect([...watch.lost]).toEqual([]);
      ip('-n', lan.node, 'link', 'set', 'eth0', 'up');
      await until('the other seen', () => watch.seenByWatchers === 'yes');
      expect([...watch.lost]).toEqual([]);
    });
  });

  it('a node that is no member any more keeps its session while it is Up; no members, no session', async () => {
    await watched(async (watch, here) => {
      watch.watch([{ name: 'node-1', address: at(NODE.v4) }]);
      expect(watch.neighbors.map(({ name }) => name)).toEqual(['other']);
      expect(watch.seenByWatchers).toBe('unknown');
      expect((await states(here)).get(ROUTER.v4)).toBe('Up');
      watch.watch([]);
      expect(watch.neighbors).toEqual([]);
      await until('no protocol', () =>
        states(here).then(
          () => false,
          () => true,
        ),
      );
    });
  });
});
