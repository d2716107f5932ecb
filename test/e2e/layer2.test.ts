/**
 * Layer 2 in the lab: one node answers for an address, and another one when that is gone. Client and router see it; the router resolves the
 * addresses on the nodes' network, where they are on no interface.
 *
 * The backends are on n1 alone, and n1 is not selected: so a node that loses its power takes no backend with it.
 */
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { jest } from '@jest/globals';
import { EXCLUDE_NODE_LABEL } from '../../lib/api/keys.ts';
import type { Node, Service } from '../../lib/api/service/service.ts';
import { type AuditEvent, eventsIn } from '../lab/audit.ts';
import { type Examples, readExamples, request } from '../lab/demo.ts';
import type { Lab } from '../lab/lab.ts';
import { namespaceOf } from '../lab/layout.ts';
import { inNamespace } from '../lab/network.ts';
import { eventually } from '../lab/poll.ts';
import {
  allQuiet,
  answeringTo,
  connectSteadily,
  cutPower,
  forgetNeighbor,
  HOSTNAME,
  holderOf,
  holdersOf,
  killSpeaker,
  longestGapMs,
  macOf,
  NOT_N1,
  neighborOf,
  preferred,
  rollOut,
  speakerOf,
  urlOf,
} from './support/layer2.ts';
import { Scene } from './support/scene.ts';
import { lasting } from './support/witness.ts';

jest.setTimeout(300_000);

let scene: Scene;
let lab: Lab;
let examples: Examples;
let v4: string;
let v6: string;

beforeAll(async () => {
  const layer2 = { protocol: 'layer2', nodeSelector: NOT_N1 };
  scene = await Scene.open('layer2', { v4: '10.98.0.128/28', v6: 'fd98::8000/124' }, layer2);
  lab = scene.lab;
  examples = await readExamples(lab);
  await scene.deployBackends(examples, 1, 'backend', { [HOSTNAME]: 'n1' });
  await scene.createService('web', { spec: { ipFamilyPolicy: 'RequireDualStack' } as object });
  const addresses = await scene.published('web', 2);
  v4 = addresses.find((address) => !isIPv6(address))!;
  v6 = addresses.find(isIPv6)!;
});

afterAll(() => scene?.close());

/** What a request from a machine on the nodes' network is answered with. */
async function statusFrom(machine: string, address: string): Promise<string> {
  const program = 'console.log((await fetch(process.argv[1])).status)';
  const command = [process.execPath, '--input-type=module', '--eval', program, urlOf(address)];
  return (await inNamespace(namespaceOf(lab.layout, machine), command)).trim();
}

async function readinessOf(node: string): Promise<string | undefined> {
  const { status } = await lab.api.get<Node>(`/api/v1/nodes/${node}`);
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

async function writesOfSpeakers(): Promise<AuditEvent[]> {
  const user = 'system:serviceaccount:skycap-system:skycap-speaker';
  const events = eventsIn(await readFile(lab.layout.auditLog, 'utf8'));
  return events.filter((event) => event.user.username === user && !['get', 'list', 'watch'].includes(event.verb));
}

it('the client behind the router and a machine on the network reach it, and one node answers', async () => {
  for (const address of [v4, v6]) {
    const holder = await holderOf(lab, address);
    expect(['n2', 'n3']).toContain(holder);
    const { failures } = await request(lab, address, 5);
    expect(failures).toEqual([]);
    expect(await statusFrom('cp', address)).toBe('200');
    const mac = await macOf(lab, holder);
    for (const machine of ['router', 'cp']) expect(await neighborOf(lab, machine, address)).toBe(mac);
    expect(await answeringTo(lab, address)).toEqual(new Set([mac]));
  }
});

it('who asks gets one answer', async () => {
  for (const address of [v4, v6]) {
    const holder = await holderOf(lab, address);
    const answer = isIPv6(address) ? `icmp6 and ip6[40] == 136` : `arp[6:2] == 2 and src host ${address}`;
    const capture = inNamespace(
      namespaceOf(lab.layout, 'cp'),
      ['timeout', '--preserve-status', '--signal=INT', '4', 'tcpdump', '-lnei', 'eth0', '--immediate-mode', answer],
      { timeoutMs: 10_000 },
    );
    await lasting(1.5);
    await forgetNeighbor(lab, 'cp', address);
    expect(await statusFrom('cp', address)).toBe('200');
    const answers = (await capture).split('\n').filter((line) => line.includes(address));
    // The kernel asks twice where it asks at once who is still there and who is there now.
    const senders = new Set(answers.map((line) => line.split(' ')[1]));
    expect([...senders]).toEqual([await macOf(lab, holder)]);
    expect(answers.length).toBeLessThanOrEqual(2);
  }
});

it('the Speaker and the Service say who has it', async () => {
  const holder = await holderOf(lab, v4);
  const { status } = await speakerOf(lab, holder);
  expect(status?.layer2Addresses).toContainEqual({ address: v4, interface: 'eth0' });
  expect(status?.layer2AddressCount).toBeGreaterThan(0);
  expect(status?.conditions?.find(({ type }) => type === 'Layer2')).toMatchObject({ status: 'True', reason: 'Ready' });
  const events = JSON.parse(await lab.kubectl(['-n', scene.namespace, 'get', 'events.events.k8s.io', '-o', 'json']))
    .items as { reason: string; note: string; regarding: { kind: string; name: string } }[];
  expect(events.filter(({ note }) => note.includes(`answers for ${v4} from now on`))).not.toEqual([]);
  await eventually(
    async () => {
      const { status } = (await scene.service('web')) as Service;
      const announced = status?.conditions?.find(({ type }) => type === 'skycap.io/Announced');
      if (!announced?.message.includes(holder)) throw new Error(`it says ${announced?.message}`);
      return true;
    },
    { what: `the condition skycap.io/Announced naming ${holder}`, deadlineMs: 20_000 },
  );
});

it('at rest a node renews its Lease each five seconds, and writes nothing else', async () => {
  await allQuiet(lab);
  const before = (await writesOfSpeakers()).length;
  await lasting(15);
  const writes = (await writesOfSpeakers()).slice(before);
  const resources = new Set(writes.map(({ objectRef }) => objectRef?.resource));
  expect([...resources]).toEqual(['leases']);
  // A beat at either end may fall into the time.
  expect(writes.length).toBeLessThanOrEqual(lab.nodes.length * 4);
});

it('a power cut of its owner costs the client a second at most, three times', async () => {
  const gaps: number[] = [];
  for (let cut = 0; cut < 3; cut++) {
    const { gapMs, former, successor } = await cutPower(lab, v4);
    gaps.push(gapMs);
    expect(successor).not.toBe(former);
    // The node that is there again takes nothing back.
    await allQuiet(lab);
    expect(await holdersOf(lab, v4)).toEqual([successor]);
  }
  process.stderr.write(`gaps after power cuts: ${gaps.join(', ')} ms\n`);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(1_000);
});

it('a rollout of the speakers costs the client next to nothing', async () => {
  await allQuiet(lab);
  await using stream = connectSteadily(lab, [v4, v6]);
  await lasting(1);
  await rollOut(lab);
  await lasting(2);
  const sums = await stream.end();
  const gapMs = longestGapMs(sums);
  process.stderr.write(`longest gap in a rollout: ${gapMs} ms; slowest answer ${sums.slowestMs} ms\n`);
  expect(gapMs).toBeLessThanOrEqual(100);
});

it('a cordoned node keeps what it has and gets nothing new; a drained one hands over without a gap', async () => {
  await scene.deployBackends(examples, 3, 'evicted');
  await scene.createService('evicted', { spec: { selector: { app: 'evicted' } } });
  await allQuiet(lab);
  const holder = await holderOf(lab, v4);
  await lab.kubectl(['cordon', holder]);
  try {
    const names = Array.from({ length: 4 }, (_, i) => `late-${i}`);
    for (const name of names) await scene.createService(name);
    for (const address of (await Promise.all(names.map((name) => scene.published(name)))).flat()) {
      expect(await holderOf(lab, address)).not.toBe(holder);
    }
    expect(await holdersOf(lab, v4)).toEqual([holder]);
    await using stream = connectSteadily(lab, [v4, v6]);
    await lasting(1);
    await lab.kubectl(['drain', holder, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=120s']);
    for (const address of [v4, v6]) expect(await holderOf(lab, address)).not.toBe(holder);
    await lasting(2);
    const gapMs = longestGapMs(await stream.end());
    process.stderr.write(`longest gap of a drained node: ${gapMs} ms\n`);
    expect(gapMs).toBeLessThanOrEqual(100);
  } finally {
    await lab.kubectl(['uncordon', holder]);
  }
});

it('a speaker that is killed costs nothing, and there are never two owners', async () => {
  await allQuiet(lab);
  const holder = await holderOf(lab, v4);
  await using stream = connectSteadily(lab, [v4]);
  const seen = new Set<string>();
  await killSpeaker(lab, holder, async () => {
    seen.add((await holdersOf(lab, v4)).join());
  });
  await lasting(3);
  expect(longestGapMs(await stream.end())).toBeLessThanOrEqual(100);
  // The new process goes on with the addresses in its Speaker object, and no node has taken the node for dead.
  expect([...seen]).toEqual([holder]);
  expect(await holdersOf(lab, v4)).toEqual([holder]);
});

it('while a node is dead, who took over from it may be killed, and hands over when it is told to', async () => {
  const eip = 'layer2-anywhere';
  const ofNodes = lab.nodes.map(({ name }) => name);
  // A power cut of n1 would take the backends with it.
  const address = Array.from({ length: 16 }, (_, i) => `10.98.0.${160 + i}`).find(
    (one) => preferred(one, ofNodes) !== 'n1',
  )!;
  await scene.createEip(eip, { address: '10.98.0.160/28', protocol: 'layer2' });
  const annotations = {
    'eip.openelb.kubesphere.io/v1alpha2': eip,
    'eip.openelb.kubesphere.io/v1alpha1': address,
  };
  await scene.createService('anywhere', { annotations });
  await scene.published('anywhere');
  await allQuiet(lab);
  const dead = lab.nodes.find(({ name }) => name === preferred(address, ofNodes))!;
  expect(await holderOf(lab, address)).toBe(dead.name);
  await dead.powerOff();
  try {
    const second = await holderOf(lab, address, [dead.name]);
    // From then on nobody takes the object of the dead node for the word of a live one.
    await eventually(async () => (await readinessOf(dead.name)) === 'Unknown', {
      what: `${dead.name} lost to Kubernetes`,
      deadlineMs: 120_000,
      intervalMs: 500,
    });
    await using stream = connectSteadily(lab, [address]);
    await lasting(1);
    await killSpeaker(lab, second);
    await lasting(7);
    expect(await holderOf(lab, address, [dead.name])).toBe(second);
    await lab.kubectl(['label', 'node', second, `${EXCLUDE_NODE_LABEL}=true`]);
    try {
      await holderOf(lab, address, [dead.name, second]);
      await lasting(2);
    } finally {
      await lab.kubectl(['label', 'node', second, `${EXCLUDE_NODE_LABEL}-`]);
    }
    const gapMs = longestGapMs(await stream.end());
    process.stderr.write(`longest gap of who took over from a dead node, killed and then excluded: ${gapMs} ms\n`);
    expect(gapMs).toBeLessThanOrEqual(100);
  } finally {
    await dead.powerOn();
    await dead.waitUntilReady();
  }
});

it('with rebalance addresses spread again one by one, each without a gap', async () => {
  await allQuiet(lab);
  const eip = 'layer2-spread';
  const only = { matchExpressions: [{ key: HOSTNAME, operator: 'In', values: ['n2'] }] };
  const spec = { address: '10.98.0.144/28', protocol: 'layer2', nodeSelector: only, rebalance: true };
  await scene.createEip(eip, spec);
  const names = Array.from({ length: 8 }, (_, i) => `spread-${i}`);
  const annotations = { 'eip.openelb.kubesphere.io/v1alpha2': eip };
  for (const name of names) await scene.createService(name, { annotations });
  const addresses = (await Promise.all(names.map((name) => scene.published(name)))).flat();
  for (const address of addresses) expect(await holderOf(lab, address)).toBe('n2');
  await using stream = connectSteadily(lab, addresses);
  await lasting(1);
  await lab.api.patch(`/apis/network.kubesphere.io/v1alpha2/eips/${eip}`, { spec: { nodeSelector: NOT_N1 } });
  const wanted = addresses.map((address) => preferred(address, ['n2', 'n3']));
  expect(new Set(wanted).size).toBe(2);
  await eventually(
    async () => {
      const holders = await Promise.all(addresses.map((address) => holdersOf(lab, address)));
      return holders.join() === wanted.join();
    },
    { what: `the addresses at ${wanted.join()}`, deadlineMs: 60_000 },
  );
  await lasting(1);
  expect(longestGapMs(await stream.end())).toBeLessThanOrEqual(100);
});
