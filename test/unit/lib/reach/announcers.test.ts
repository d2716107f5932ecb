/** Who has an address, who else, and what an Eip's reach is made from: as Speakers, Nodes and peers change. */
import { Announcers, movedAddresses } from '../../../../lib/reach/announcers.ts';
import { addr, eip, handStores } from '../../allocator/builders.ts';
import { DOWN, node, speaker, UP } from './builders.ts';

const has = (name: string, ...addresses: string[]) =>
  speaker(name, { layer2Addresses: addresses.map((address) => ({ address, interface: 'eth0' })) });
const talks = (name: string, ...sessions: (typeof UP)[]) => speaker(name, { sessions });
const v4 = eip('web', '198.51.100.0/24');

function fleet(...speakers: ReturnType<typeof speaker>[]) {
  const stores = handStores();
  const announcers = new Announcers(stores);
  stores.bgpConfs.put({ metadata: { name: 'default' }, spec: { as: 64512 } });
  stores.speakers.put(...speakers);
  const owner = (text = '198.51.100.7') => announcers.ownerOf(addr(text))?.node;
  return { stores, announcers, owner };
}

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

it('knows which machines have an address, each once, as long as a node says so', () => {
  const { stores, announcers } = fleet();
  const machine = { address: '198.51.100.7', mac: '02:00:00:00:00:09', interface: 'eth0' };
  const seenBy = () => announcers.conflictsOf(addr('198.51.100.7')).map((one) => `${one.mac} ${one.seenBy}`);
  stores.speakers.put(speaker('b', { layer2Conflicts: [machine, { ...machine, address: '198.51.100.8' }] }));
  stores.speakers.put(speaker('a', { layer2Conflicts: [machine, { ...machine, mac: '02:00:00:00:00:0a' }] }));
  expect(seenBy()).toEqual(['02:00:00:00:00:09 a', '02:00:00:00:00:0a a']);
  stores.speakers.put(speaker('a', {}));
  expect(seenBy()).toEqual(['02:00:00:00:00:09 b']);
  stores.speakers.put(speaker('b', {}));
  expect(seenBy()).toEqual([]);
});

it('says which addresses a change is about', () => {
  const [old, object] = [has('a', '198.51.100.7', '198.51.100.8'), has('a', '198.51.100.8', '198.51.100.9')];
  expect(movedAddresses({ type: 'modified', key: 'a', old, object })).toEqual(['198.51.100.7', '198.51.100.9']);
  expect(movedAddresses({ type: 'deleted', key: 'a', object })).toEqual(['198.51.100.8', '198.51.100.9']);
  expect(movedAddresses({ type: 'modified', key: 'a', old, object: old })).toEqual([]);
  const seen = speaker('a', {
    layer2Conflicts: [{ address: '198.51.100.5', mac: '02:00:00:00:00:09', interface: 'e' }],
  });
  expect(movedAddresses({ type: 'added', key: 'a', object: seen })).toEqual(['198.51.100.5']);
});

describe('the reach of Eips', () => {
  const other = eip('other', '203.0.113.0/24');
  const begun = () => {
    const made = fleet(talks('a', UP), talks('b', UP));
    const both = () => [v4, other].map((one) => made.announcers.reachOf(one).nodes.join());
    expect(both()).toEqual(['a,b', 'a,b']);
    return { ...made, both };
  };

  it('a change of a session is one for all of them', () => {
    const { stores, both } = begun();
    stores.speakers.put(talks('b', DOWN));
    expect(both()).toEqual(['a', 'a']);
    stores.speakers.put(talks('a', DOWN));
    expect(both()).toEqual(['', '']);
    stores.speakers.put(talks('b', UP));
    expect(both()).toEqual(['b', 'b']);
  });

  it('counts what a Node says, what it is labelled, and that it is lost', () => {
    const { stores, announcers } = begun();
    const reached = { ...v4, nodeSelector: [{ key: 'rack', operator: 'Exists' as const, values: [] }] };
    expect(announcers.reachOf(reached).standing).toBe('NodeNotSelected');
    stores.nodes.put(node('a', 'True', { rack: 'r1' }));
    expect(announcers.reachOf(reached).nodes).toEqual(['a']);
    stores.nodes.put(node('a', 'Unknown', { rack: 'r1' }));
    expect(announcers.reachOf(reached).standing).toBe('NodeLost');
  });

  it('counts the families of a BgpPeer or else of the BgpConf, and whether there is a BgpConf', () => {
    const { stores, announcers } = begun();
    stores.bgpConfs.put({ metadata: { name: 'default' }, spec: { as: 64512, families: [1] } });
    stores.bgpPeers.put({
      metadata: { name: 'router' },
      spec: { conf: { neighborAddress: '192.0.2.1', peerAs: 64513 } },
    });
    expect(announcers.reachOf(v4).standing).toBe('NoSessions');
    stores.bgpConfs.put({ metadata: { name: 'default' }, spec: { as: 64512, families: [0] } });
    expect(announcers.reachOf(v4).standing).toBe('Announced');
    const conf = { neighborAddress: '192.0.2.1', peerAs: 64513 };
    stores.bgpPeers.put({
      metadata: { name: 'router' },
      spec: { conf, afiSafis: [{ config: { family: { afi: 'AFI_IP6' } } }] },
    });
    expect(announcers.reachOf(v4).standing).toBe('NoSessions');
    stores.bgpConfs.remove(stores.bgpConfs.get('default')!);
    expect(announcers.reachOf(v4).standing).toBe('NoBgpConf');
  });

  it('is the same while nothing changes that it is made from', () => {
    const { stores, announcers } = begun();
    const before = announcers.reachOf(v4);
    stores.speakers.put(speaker('a', { sessions: [{ ...UP, routesSent: 77 }], announcedAddresses: 77 }));
    expect(announcers.reachOf({ ...v4 })).toBe(before);
  });
});
