/**
 * The responder on links that are made of others: VLANs, macvlans and bonds. Where this machine's kernel lacks one of them, this file is run once more in a
 * kernel that has them all.
 */
import { until } from '../../support/eventually.ts';
import { missingLinkKinds } from '../../support/link-kinds.ts';
import { ip } from '../../support/namespaces.ts';
import { Neighbour } from '../../support/neighbour.ts';
import { runInOtherKernel } from '../../support/other-kernel.ts';
import { announcementOf, on, replyFor } from './support/heard.ts';
import { NODE, PEER, Segment, type TestResponder } from './support/segment.ts';

const V4 = '192.0.2.70';
const V6 = 'fd00::70';
/** Long enough for an answer that must not come; one that comes takes a hundredth of it. */
const SILENCE_MS = 400;

const missing = missingLinkKinds();
const onLinks = (): void => {
  let segment: Segment;
  let responder: TestResponder;
  let neighbour: Neighbour;

  beforeEach(async () => {
    segment = new Segment();
    responder = await segment.responder();
    neighbour = new Neighbour(segment.peer);
  });

  afterEach(async () => {
    neighbour[Symbol.dispose]();
    await segment[Symbol.asyncDispose]();
  });

  const inNode = (...args: readonly string[]) => ip('-n', segment.node, ...args);
  const isUp = (name: string) => responder.links.find((link) => link.name === name)?.isUp;

  it.each([
    ['a VLAN', 'vlan', ['id', '5']],
    ['a macvlan', 'macvlan', ['mode', 'bridge']],
  ])('that is %s on top of another answers on its own network only', async (_, type, options) => {
    for (const name of [segment.node, segment.peer]) {
      ip('-n', name, 'link', 'add', 'link', 'eth0', 'name', 'up5', 'type', type, ...options);
      ip('-n', name, 'link', 'set', 'up5', 'up');
    }
    await until('the link', () => isUp('up5') === true);
    await responder.answerFor(on('up5', V4));
    using upper = new Neighbour(segment.peer, 'up5');
    upper.askArp(V4, PEER.v4);
    expect(await upper.next('the reply', replyFor(V4))).toBe(segment.mac(segment.node, 'up5'));
    if (type !== 'vlan') return;
    neighbour.take();
    neighbour.askArp(V4, PEER.v4);
    expect(await neighbour.during(SILENCE_MS, replyFor(V4))).toEqual([]);
  });

  it('below a VLAN answers on its own network only, and not in the VLAN', async () => {
    for (const name of [segment.node, segment.peer]) {
      ip('-n', name, 'link', 'add', 'link', 'eth0', 'name', 'up5', 'type', 'vlan', 'id', '5');
      ip('-n', name, 'link', 'set', 'up5', 'up');
    }
    await until('the link', () => isUp('up5') === true);
    await responder.answerFor(on('eth0', V4));
    using upper = new Neighbour(segment.peer, 'up5');
    neighbour.take();
    upper.askArp(V4, PEER.v4);
    // It would be sent without a tag.
    expect(await neighbour.during(SILENCE_MS, replyFor(V4))).toEqual([]);
    neighbour.askArp(V4, PEER.v4);
    expect(await neighbour.next('the reply', replyFor(V4))).toBe(segment.mac(segment.node));
  });

  it('that is a bond answers as a whole, and tells where its addresses are when it goes on with another port', async () => {
    segment.plug(segment.node, 'eth1', 'node1');
    inNode('link', 'add', 'bond7', 'type', 'bond', 'mode', 'active-backup', 'miimon', '50');
    for (const port of ['eth0', 'eth1']) {
      inNode('link', 'set', port, 'down');
      inNode('link', 'set', port, 'master', 'bond7');
    }
    inNode('link', 'set', 'bond7', 'up');
    inNode('address', 'add', `${NODE.v4}/24`, 'dev', 'bond7');
    await until('the bond seen up, and its ports no more', () => isUp('bond7') === true && isUp('eth0') === undefined);
    await responder.answerFor([...on('bond7', V4, V6), ...on('eth0', V4)]);
    const mac = segment.mac(segment.node, 'bond7');
    // All of them, so that what is heard next is for the change of ports.
    const heard: string[] = [];
    await neighbour.next('six announcements', (frame) => {
      heard.push(...[V4, V6].filter((text) => announcementOf(text)(frame) === mac));
      return heard.length === 6 || undefined;
    });
    neighbour.askArp(V4, PEER.v4);
    expect(await neighbour.next('the reply', replyFor(V4))).toBe(mac);
    inNode('link', 'set', 'eth0', 'down');
    for (const text of [V4, V6]) {
      expect(await neighbour.next(`the announcement of ${text}`, announcementOf(text))).toBe(mac);
    }
  });
};

if (missing.length === 0) {
  describe('a link', onLinks);
} else {
  it(`all of them, in another kernel: this one has no ${missing.join(', ')}`, async () => {
    const { passed, failed, output } = await runInOtherKernel('test/real/l2/stacked-links.test.ts');
    if (passed !== 4 || failed > 0) throw new Error(output);
  }, 300_000);
}
