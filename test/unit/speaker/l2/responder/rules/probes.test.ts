/** When it is asked whether an address is anybody's, and when that is known; by a clock of the test's own. */
import { formatAddress, parseAddress } from '../../../../../../lib/net/address.ts';
import type { Layer2Address } from '../../../../../../speaker/l2/link/link.ts';
import { Probes } from '../../../../../../speaker/l2/responder/rules/probes.ts';

const MAC = 0x5254_0012_3456;
const OTHER_MAC = 0x5254_0000_0099;

function targets(...texts: readonly string[]): ReadonlyMap<string, Layer2Address> {
  return new Map(texts.map((text) => [text, { address: parseAddress(text)!, interface: 'eth0' }]));
}

interface Event {
  readonly atMs: number;
  readonly asked?: string;
  readonly owners?: readonly string[];
}

/** Lets time pass as the thread does, a millisecond at a time; `send` says whether there was room. */
function run(
  probes: Probes,
  fromMs: number,
  toMs: number,
  send: (text: string, now: number) => boolean = () => true,
): Event[] {
  const events: Event[] = [];
  for (let now = fromMs; now <= toMs; now++) {
    probes.send(now, ({ address }) => {
      const asked = formatAddress(address);
      const isSent = send(asked, now);
      if (isSent) events.push({ atMs: now, asked });
      return isSent;
    });
    for (const { owners } of probes.finished(now)) {
      events.push({ atMs: now, owners: owners.map(({ address, mac }) => `${formatAddress(address)} ${mac}`) });
    }
  }
  return events;
}

it('three times within 150 ms, and then nobody has it', () => {
  const probes = new Probes();
  probes.start(1, targets('192.0.2.7'), 0);
  expect(run(probes, 0, 1_000)).toEqual([
    { atMs: 0, asked: '192.0.2.7' },
    { atMs: 50, asked: '192.0.2.7' },
    { atMs: 100, asked: '192.0.2.7' },
    { atMs: 150, owners: [] },
  ]);
  expect(probes.nextMs).toBeUndefined();
});

it('once all have answered it is known, with a moment for others who have it', () => {
  const probes = new Probes();
  probes.start(1, targets('192.0.2.7', '2001:db8::7'), 0);
  run(probes, 0, 10);
  probes.heard('192.0.2.7', MAC);
  expect(run(probes, 11, 40)).toEqual([]);
  probes.heard('2001:db8::7', MAC);
  probes.heard('2001:db8::7', OTHER_MAC);
  probes.heard('2001:db8::7', MAC);
  expect(probes.nextMs).toBe(50);
  expect(run(probes, 41, 1_000)).toEqual([
    { atMs: 50, owners: [`192.0.2.7 ${MAC}`, `2001:db8::7 ${MAC}`, `2001:db8::7 ${OTHER_MAC}`] },
  ]);
});

it('one that answered is not asked again', () => {
  const probes = new Probes();
  probes.start(1, targets('192.0.2.7', '192.0.2.8'), 0);
  run(probes, 0, 10);
  probes.heard('192.0.2.8', MAC);
  const asked = run(probes, 11, 1_000).map((event) => event.asked ?? event.owners);
  expect(asked).toEqual(['192.0.2.7', '192.0.2.7', [`192.0.2.8 ${MAC}`]]);
});

it('one that could not be sent is sent a little later, and counts from then', () => {
  const probes = new Probes();
  probes.start(1, targets('192.0.2.7'), 0);
  const events = run(probes, 0, 1_000, (_, now) => now >= 20);
  expect(events.map(({ atMs }) => atMs)).toEqual([20, 70, 120, 170]);
});

it('nothing to ask is known at once', () => {
  const probes = new Probes();
  probes.start(1, new Map(), 5);
  expect(probes.nextMs).toBe(0);
  expect(run(probes, 5, 5)).toEqual([{ atMs: 5, owners: [] }]);
});

it('one that is cancelled is neither asked for nor told', () => {
  const probes = new Probes();
  probes.start(1, targets('192.0.2.7'), 0);
  run(probes, 0, 10);
  probes.cancel(1);
  expect(run(probes, 11, 1_000)).toEqual([]);
  expect(probes.targets().size).toBe(0);
});

it('two that ask for the same both hear', () => {
  const probes = new Probes();
  probes.start(1, targets('192.0.2.7'), 0);
  probes.start(2, targets('192.0.2.7'), 30);
  run(probes, 0, 40);
  probes.heard('192.0.2.7', MAC);
  expect(run(probes, 41, 80)).toHaveLength(2);
});
