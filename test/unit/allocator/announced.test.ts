/** Who announces a Service, in its condition: the words, who counts as owner, and when what is another is told. */
import { Announcers, movedAddresses } from '../../../allocator/announcers.ts';
import { bgpReach, reachText } from '../../../allocator/bgp-reach.ts';
import { announcedVerdict } from '../../../allocator/decide-announced.ts';
import { announcedPatch, servicePatch } from '../../../allocator/service-patch.ts';
import type { Eip } from '../../../lib/api/eip.ts';
import type { SpeakerObject, SpeakerSession } from '../../../lib/api/speaker-types.ts';
import { addr, ESTABLISHED, eip, handStores, NOW_MS, service } from './builders.ts';
import { lookAt, worldOf } from './decide.ts';

const up = ESTABLISHED;
const down: SpeakerSession = { ...up, state: 'Active' };

let version = 100;
function speaker(name: string, status: SpeakerObject['status']): SpeakerObject {
  const metadata = { name, resourceVersion: String(version++) };
  return { apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata, ...(status && { status }) };
}
const has = (name: string, ...addresses: string[]) =>
  speaker(name, { layer2Addresses: addresses.map((address) => ({ address, interface: 'eth0' })) });
const talks = (name: string, ...sessions: SpeakerSession[]) => speaker(name, { sessions });

const v4 = eip('web', '198.51.100.0/24');
const v6 = eip('six', '2001:db8::/64');

describe('the words', () => {
  const reach = (nodes: readonly string[], peers = ['router']) => ({ reason: 'Announced' as const, nodes, peers });
  function words(
    addresses: readonly string[],
    differs: Partial<Parameters<typeof announcedVerdict>[0]> & { readonly of?: Partial<Eip> } = {},
  ): string | undefined {
    const { of, ...rest } = differs;
    const verdict = announcedVerdict({
      addresses: addresses.map(addr),
      isLocal: false,
      eipOf: ({ family }) => ({ ...(family === 4 ? v4 : v6), ...of }),
      ownerOf: () => undefined,
      reachOf: () => reach(['node-1', 'node-2']),
      ...rest,
    });
    return verdict && `${verdict.status} ${verdict.reason}: ${verdict.message}`;
  }
  const two = ['198.51.100.7', '2001:db8::7'];
  const many = Array.from({ length: 120 }, (_, i) => `node-${i}`);

  it.each<[string, string | undefined, string | undefined]>([
    ['no address', words([]), undefined],
    [
      'BGP, both families',
      words(two),
      'True Announced: 198.51.100.7, 2001:db8::7 by bgp from 2 nodes (node-1, node-2) to 1 router (router)',
    ],
    [
      'BGP, many nodes',
      words(['198.51.100.7'], { reachOf: () => reach(many, many) }),
      'True Announced: 198.51.100.7 by bgp from 120 nodes to 120 routers',
    ],
    [
      'BGP, Local',
      words(['198.51.100.7'], { isLocal: true }),
      'True Announced: 198.51.100.7 by bgp from each of 2 nodes (node-1, node-2) that has a ready endpoint, to 1 router (router)',
    ],
    [
      'BGP, withdrawn without endpoints',
      words(['198.51.100.7'], { of: { whenNoEndpoints: 'Withdraw' } }),
      'True Announced: 198.51.100.7 by bgp from 2 nodes (node-1, node-2) to 1 router (router), while there is an endpoint',
    ],
    [
      'BGP, by nobody',
      words(['198.51.100.7'], { reachOf: () => ({ reason: 'SessionsDown', nodes: [], peers: [] }) }),
      'False SessionsDown: 198.51.100.7 by bgp: no session with a router is established; see the conditions of the BgpPeers',
    ],
    [
      'layer 2',
      words(['198.51.100.7'], { of: { protocol: 'layer2' }, ownerOf: () => ({ node: 'node-2', interface: 'eth0' }) }),
      'True Announced: 198.51.100.7 by layer2 from node node-2, interface eth0',
    ],
    [
      'layer 2, one of two has no owner',
      words(two, {
        of: { protocol: 'vip' },
        ownerOf: ({ family }) => (family === 4 ? { node: 'node-2', interface: 'eth0' } : undefined),
      }),
      'False NobodyHasIt: 198.51.100.7 by vip from node node-2, interface eth0; 2001:db8::7 by vip: no node has it',
    ],
    [
      'for a CNI',
      words(['198.51.100.7'], { of: { announcedByCni: true } }),
      'Unknown AnnouncedByCni: 198.51.100.7 is for a CNI to announce, says Eip web',
    ],
    [
      'in no Eip',
      words(['198.51.100.7'], { eipOf: () => undefined }),
      'False EipNotFound: 198.51.100.7 is in no Eip, so nobody announces it',
    ],
  ])('%s', (_, said, expected) => {
    expect(said).toBe(expected);
  });
});

describe('the reach of an Eip by BGP', () => {
  it.each<[string, readonly SpeakerObject[], string, readonly string[], readonly string[]]>([
    ['no speaker', [], 'NoSessions', [], []],
    ['no session', [talks('a')], 'NoSessions', [], []],
    ['none up', [talks('a', down), talks('b', down)], 'SessionsDown', [], []],
    ['one is disabled', [talks('a', { ...up, disabled: true })], 'NoSessions', [], []],
    [
      'some up',
      [talks('b', up, { ...up, peer: 'left' }), talks('a', up), talks('c', down)],
      'Announced',
      ['a', 'b'],
      ['left', 'router'],
    ],
    ['a router that takes IPv6 only', [talks('a', { ...up, peer: 'six-only' })], 'NoSessions', [], []],
    ['not selected', [speaker('a', { sessions: [up], bgpUnable: ['web'] })], 'NodeNotSelected', [], []],
    [
      'one of two selected',
      [speaker('a', { sessions: [up], bgpUnable: ['web'] }), talks('b', up)],
      'Announced',
      ['b'],
      ['router'],
    ],
  ])('%s', (_, speakers, reason, nodes, peers) => {
    const familiesOf = (peer: string) => (peer === 'six-only' ? ([6] as const) : undefined);
    const facts = { speakers, familiesOf, hasBgpConf: true };
    expect(bgpReach({ name: 'web', family: 4 }, facts)).toEqual({ reason, nodes, peers });
  });

  it('is not there without a BgpConf', () => {
    const facts = { speakers: [], familiesOf: () => undefined, hasBgpConf: false };
    expect(bgpReach({ name: 'web', family: 4 }, facts).reason).toBe('NoBgpConf');
  });

  it('depends on no count and on no state but Established', () => {
    const a = talks('a', up, down);
    const b = talks('a', { ...up, routesSent: 9, since: 'x' }, { ...down, state: 'Connect', lastError: 'x' });
    expect(reachText(a)).toBe(reachText(b));
    expect(reachText(a)).not.toBe(reachText(talks('a', up, up)));
  });
});

describe('Announcers', () => {
  const fleet = (...speakers: SpeakerObject[]) => {
    const stores = handStores();
    const announcers = new Announcers(stores);
    stores.speakers.put(...speakers);
    const owner = (text = '198.51.100.7') => announcers.ownerOf(addr(text))?.node;
    return { stores, announcers, owner };
  };

  it('knows who has an address, as it moves', () => {
    const { stores, owner } = fleet(has('a', '198.51.100.7', '198.51.100.8'), has('b'));
    expect([owner(), owner('198.51.100.9')]).toEqual(['a', undefined]);
    stores.speakers.put(has('b', '198.51.100.7'));
    stores.speakers.put(has('a', '198.51.100.8'));
    expect([owner(), owner('198.51.100.8')]).toEqual(['b', 'a']);
    stores.speakers.remove(stores.speakers.get('b')!);
    expect(owner()).toBeUndefined();
  });

  it('a node that was lost and says for ever that it has it is not believed against who took over', () => {
    const { stores, owner } = fleet(has('lost', '198.51.100.7'), has('a'));
    stores.speakers.put(has('a', '198.51.100.7'));
    expect(owner()).toBe('a');
  });

  it('says which addresses a change is about', () => {
    const [old, object] = [has('a', '198.51.100.7', '198.51.100.8'), has('a', '198.51.100.8', '198.51.100.9')];
    expect(movedAddresses({ type: 'modified', key: 'a', old, object })).toEqual(['198.51.100.7', '198.51.100.9']);
    expect(movedAddresses({ type: 'deleted', key: 'a', object })).toEqual(['198.51.100.8', '198.51.100.9']);
    expect(movedAddresses({ type: 'modified', key: 'a', old, object: old })).toEqual([]);
  });

  describe('what is told of a reach', () => {
    const begun = () => {
      const made = fleet(talks('a', up), talks('b', up));
      const nodes = () => made.announcers.reachOf(v4).nodes.join();
      expect(nodes()).toBe('a,b');
      return { ...made, nodes };
    };

    it('a node that restarts is not told', () => {
      const { stores, announcers, nodes } = begun();
      stores.speakers.put(talks('b', down));
      expect(announcers.renew(0)).toEqual({ isUrgent: false, isNews: false, againAfterMs: 30_000 });
      stores.speakers.put(talks('b', up));
      expect(announcers.renew(20_000)).toEqual({ isUrgent: false, isNews: false });
      expect(nodes()).toBe('a,b');
    });

    it('one that stays away is, after half a minute', () => {
      const { stores, announcers, nodes } = begun();
      stores.speakers.put(talks('b', down));
      announcers.renew(0);
      expect(nodes()).toBe('a,b');
      expect(announcers.renew(30_000)).toEqual({ isUrgent: false, isNews: true });
      expect(nodes()).toBe('a');
      expect(announcers.renew(30_001)).toEqual({ isUrgent: false, isNews: false });
    });

    it('one that comes and goes for ever is told every five minutes at most', () => {
      const { stores, announcers } = begun();
      let told = 0;
      for (let ms = 0; ms < 20 * 60_000; ms += 10_000) {
        stores.speakers.put(talks('b', (ms / 10_000) % 2 === 0 ? down : up), talks(`n${ms}`, up));
        if (announcers.renew(ms).isNews) told++;
      }
      expect(told).toBeGreaterThan(1);
      expect(told).toBeLessThan(5);
    });

    it('the last that goes and the first that comes are told at once', () => {
      const { stores, announcers, nodes } = begun();
      stores.speakers.put(talks('a', down), talks('b', down));
      expect(announcers.renew(0)).toEqual({ isUrgent: true, isNews: true });
      expect(announcers.reachOf(v4).reason).toBe('SessionsDown');
      stores.speakers.put(talks('a', up));
      expect(announcers.renew(10)).toEqual({ isUrgent: true, isNews: true });
      expect(nodes()).toBe('a');
    });

    it('a change is told of every Eip, not of the first alone', () => {
      const { stores, announcers, nodes } = begun();
      const other = eip('other', '203.0.113.0/24');
      announcers.reachOf(other);
      stores.speakers.put(talks('b', down));
      announcers.renew(0);
      announcers.renew(30_000);
      expect([nodes(), announcers.reachOf(other).nodes.join()]).toEqual(['a', 'a']);
      stores.speakers.put(talks('a', down));
      announcers.renew(30_001);
      stores.speakers.put(talks('b', up));
      expect(announcers.renew(30_002).isUrgent).toBe(true);
      expect([nodes(), announcers.reachOf(other).reason]).toEqual(['b', 'Announced']);
    });

    it('another version of the Eip changes nothing', () => {
      const { stores, announcers, nodes } = begun();
      stores.speakers.put(talks('b', down));
      expect(announcers.reachOf({ ...v4 }).nodes).toEqual(['a', 'b']);
      announcers.reset();
      expect(nodes()).toBe('a');
    });
  });
});

describe('the request', () => {
  type Patch = { readonly status?: { readonly conditions?: readonly { readonly type: string }[] } } | undefined;
  const typesIn = (patch: unknown) => ((patch as Patch)?.status?.conditions ?? []).map(({ type }) => type);
  const site = (protocol: 'bgp' | 'layer2') => {
    const stores = handStores();
    stores.eips.put({
      metadata: { name: 'web', uid: 'u' },
      spec: { address: '198.51.100.0/24', protocol, interface: 'e' },
    });
    stores.speakers.put(talks('a', up));
    return { stores, world: worldOf(stores) };
  };

  it('that gives the address says by whom it is announced by BGP', () => {
    const { stores, world } = site('bgp');
    const { decision } = lookAt(service(), world, stores);
    expect(typesIn(servicePatch(service(), decision, NOW_MS))).toEqual([
      'skycap.io/AddressAssigned',
      'skycap.io/Announced',
    ]);
  });

  it('that gives an address of layer 2 leaves out what nobody can know yet', () => {
    const { stores, world } = site('layer2');
    const { decision } = lookAt(service(), world, stores);
    expect(decision.announced).toBe('as it is');
    expect(typesIn(servicePatch(service(), decision, NOW_MS))).toEqual(['skycap.io/AddressAssigned']);
  });

  it('is not made for who announces alone, but by the one whose business that is', () => {
    const { stores, world } = site('bgp');
    const { decision } = lookAt(service(), world, stores);
    const marks = Object.fromEntries(Object.entries(decision.marks).filter(([, value]) => value !== undefined));
    const { 'eip.openelb.kubesphere.io/v1alpha2': label, ...annotations } = marks as Record<string, string>;
    const standing = service({
      annotations,
      labels: { 'eip.openelb.kubesphere.io/v1alpha2': label! },
      published: decision.ingress.map(({ ip }) => ip!),
      conditions: decision.verdicts.map((one) => ({ ...one, lastTransitionTime: '2026-01-02T00:00:00Z' })),
    });
    expect(servicePatch(standing, decision, NOW_MS)).toBeUndefined();
    const verdict = world.announcedOf(standing)!;
    const patch = announcedPatch(standing, verdict, NOW_MS) as { status: { conditions: [object] } };
    expect(patch).toMatchObject({ metadata: { uid: 'uid-front', resourceVersion: '1' } });
    expect(typesIn(patch)).toEqual(['skycap.io/Announced']);
    const told = { ...standing, status: { ...standing.status, conditions: patch.status.conditions as never } };
    expect(announcedPatch(told, verdict, NOW_MS + 60_000)).toBeUndefined();
  });

  it('says nothing of an address that another controller wrote', () => {
    const { stores, world } = site('bgp');
    const given = lookAt(service(), world, stores).decision.ingress.map(({ ip }) => ip!);
    const annotations = { 'skycap.io/addresses': given.join(',') };
    expect(world.announcedOf(service({ annotations, published: ['203.0.113.7'] }))).toBeUndefined();
    expect(world.announcedOf(service({ annotations, published: ['203.0.113.7', ...given] }))?.message).toMatch(
      new RegExp(`^${given[0]} by bgp`),
    );
  });

  it('takes the condition away with the address', () => {
    const conditions = [
      { type: 'skycap.io/Announced', status: 'True', reason: 'Announced', message: '', lastTransitionTime: 'x' },
    ] as const;
    const decision = { marks: lookAtNothing().marks, ingress: [], addresses: [], verdicts: [], events: [] };
    expect(servicePatch(service({ conditions: [...conditions] }), decision, NOW_MS)).toMatchObject({
      status: { conditions: [{ $patch: 'delete', type: 'skycap.io/Announced' }] },
    });
  });

  function lookAtNothing() {
    const stores = handStores();
    return lookAt(service(), worldOf(stores), stores).decision;
  }
});
