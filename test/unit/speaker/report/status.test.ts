/** The Speaker's status: what it says, and when it is worth a write. */
import fc from 'fast-check';
import type { SpeakerSession } from '../../../../lib/api/skycap/speaker-types.ts';
import { makePlan } from '../../../../lib/bgp/plan.ts';
import {
  isUrgent,
  isWorthWriting,
  type SpeakerStatus,
  type StatusInput,
  speakerStatus,
} from '../../../../speaker/report/status.ts';
import { aBgpConf, aBgpPeer, aService, aSnapshot, type ClusterOptions } from '../../../support/speaker-builders.ts';

const up: SpeakerSession = {
  peer: 'router-1',
  neighborAddress: '192.0.2.1',
  neighborAs: 64513,
  localAs: 64512,
  state: 'Established',
  since: '2026-01-01T00:00:00Z',
  holdTimeSeconds: 90,
  keepaliveSeconds: 30,
  routesSent: 1,
  disabled: false,
};
const down: SpeakerSession = { ...up, state: 'Active', lastError: 'Socket: Connection refused', routesSent: 0 };

function input(over: Partial<StatusInput> = {}, cluster: ClusterOptions = { services: [aService()] }): StatusInput {
  return {
    planned: makePlan(aSnapshot(cluster)),
    outcome: { kind: 'Unchanged' },
    sessions: [up],
    silent: [],
    versions: { skycap: '0.1.0', bird: '2.17.5' },
    former: undefined,
    now: '2026-01-01T00:01:00Z',
    ...over,
  };
}

const conditionsOf = (status: SpeakerStatus) =>
  Object.fromEntries((status.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]));

it('says what the node does', () => {
  expect(speakerStatus(input())).toMatchObject({
    sessions: [up],
    establishedSessions: 1,
    totalSessions: 1,
    sessionsSummary: '1/1',
    announcedAddresses: 1,
    routerId: '192.0.2.11',
    localAs: 64512,
    versions: { skycap: '0.1.0', bird: '2.17.5' },
  });
});

it('says that another process has a port of BFD, while BFD is in use', () => {
  const bfd = (bfdPorts?: readonly string[]) => conditionsOf(speakerStatus(input(bfdPorts && { bfdPorts })));
  expect(bfd()).not.toHaveProperty('BfdPorts');
  expect(bfd([])).toMatchObject({ BfdPorts: 'True Ready', Ready: 'True Ready' });
  expect(bfd(['port 3784'])).toMatchObject({ BfdPorts: 'False BfdPortInUse', Ready: 'False BfdPortInUse' });
});

it('says what the preflight of the node has found, and nothing else', () => {
  const object = { kind: 'Node', name: 'n1' };
  const finding = { reason: 'StrictArpOff', object, message: 'the node answers', remedy: 'set strictARP' } as const;
  expect(conditionsOf(speakerStatus(input({ findings: [] })))).not.toHaveProperty('Preflight');
  const found = speakerStatus(input({ findings: [finding] }));
  expect(conditionsOf(found)).toMatchObject({ Preflight: 'False StrictArpOff', Ready: 'False StrictArpOff' });
  expect(found.conditions?.find(({ type }) => type === 'Preflight')?.message).toBe('the node answers; set strictARP');
});

describe('layer 2', () => {
  const CONFLICT = { address: '198.51.100.7', mac: '02:00:00:00:00:09', interface: 'eth0' };
  const quiet = { isMute: false, unable: [], conflicts: [] };
  it.each<[string, Partial<StatusInput>, ClusterOptions | undefined, Record<string, string>]>([
    ['is not there where no Eip asks for it', {}, undefined, { Ready: 'True Ready' }],
    ['is well', { layer2: quiet }, undefined, { Layer2: 'True Ready', Ready: 'True Ready' }],
    [
      'an interface that is missing is for the administrator to judge',
      { layer2: { ...quiet, unable: ['lan'] } },
      undefined,
      { Layer2: 'False NoInterface', Ready: 'True Ready' },
    ],
    [
      'a conflict is to be mended',
      { layer2: { ...quiet, conflicts: [CONFLICT] } },
      undefined,
      { Layer2: 'False AddressConflict', Ready: 'False AddressConflict' },
    ],
    [
      'what may open no socket is to be mended',
      { layer2: { ...quiet, isMute: true } },
      undefined,
      { Layer2: 'False PacketSocketDenied', Ready: 'False PacketSocketDenied' },
    ],
    [
      'needs no BGP',
      { layer2: quiet, sessions: [] },
      { bgpConfs: [] },
      { Layer2: 'True Ready', SessionsEstablished: 'False NoBgpConf', Ready: 'True Ready' },
    ],
  ])('%s', (_, over, cluster, expected) => {
    const { Applied: _applied, ...rest } = conditionsOf(speakerStatus(input(over, cluster)));
    expect(rest).toEqual({ SessionsEstablished: 'True SessionsEstablished', ...expected });
  });

  it('names who has an address of ours, for as long as it does', () => {
    const conflicts = [CONFLICT, { ...CONFLICT, mac: '02:00:00:00:00:0a', node: 'n2' }];
    const said = speakerStatus(input({ layer2: { ...quiet, conflicts } }));
    expect(said.layer2Conflicts).toEqual(conflicts);
    expect(said.conditions?.find(({ type }) => type === 'Layer2')?.message).toBe(
      'another machine, 02:00:00:00:00:09 on eth0, has 198.51.100.7; find it, or take the address out of its Eip; ' +
        'n2 has 198.51.100.7 on eth0; remove it there',
    );
    const after = speakerStatus(input({ layer2: quiet }));
    expect(after.layer2Conflicts).toBeUndefined();
    expect([isWorthWriting(said, after), isUrgent(said, after)]).toEqual([true, true]);
  });

  it('of many conflicts some are told', () => {
    const conflicts = Array.from({ length: 8 }, (_, i) => ({ ...CONFLICT, address: `198.51.100.${i}` }));
    const { conditions } = speakerStatus(input({ layer2: { ...quiet, conflicts } }));
    expect(conditions?.find(({ type }) => type === 'Layer2')?.message).toMatch(/198\.51\.100\.4; .*; and 3 more$/);
  });

  it('what is told to other nodes is no news here', () => {
    const said = speakerStatus(input());
    const told = {
      layer2Addresses: [{ address: '198.51.100.7', interface: 'eth0' }],
      suspects: ['n2'],
      stopping: true,
    };
    expect(
      isWorthWriting({ ...said, ...told, layer2AddressCount: 1, layer2Unable: ['lan'], layer2Interfaces: [] }, said),
    ).toBe(false);
  });
});

describe('conditions', () => {
  const broken = { bgpConfs: [aBgpConf({ as: -1 })] };
  const badPeer = { bgpPeers: [aBgpPeer(), aBgpPeer('bad', { conf: { peerAs: -1 } })] };
  const elsewhere = { bgpPeers: [aBgpPeer('x', { nodeSelector: { matchLabels: { a: 'b' } } })] };
  it.each<[string, Partial<StatusInput>, ClusterOptions | undefined, Record<string, string>]>([
    [
      'all well',
      {},
      undefined,
      { Applied: 'True Applied', SessionsEstablished: 'True SessionsEstablished', Ready: 'True Ready' },
    ],
    [
      'just applied',
      { outcome: { kind: 'Applied', durationMs: 3 } },
      undefined,
      { Applied: 'True Applied', Ready: 'True Ready' },
    ],
    [
      'a session is down',
      { sessions: [up, { ...down, peer: 'b' }] },
      undefined,
      { Applied: 'True Applied', SessionsEstablished: 'False SessionsDown', Ready: 'False SessionsDown' },
    ],
    [
      'a session is disabled',
      { sessions: [up, { ...down, peer: 'b', disabled: true }] },
      undefined,
      { SessionsEstablished: 'True SessionsEstablished', Ready: 'True Ready' },
    ],
    [
      'BIRD refused',
      { outcome: { kind: 'BirdRefused', message: 'bird.conf:3:1 syntax error' } },
      undefined,
      { Applied: 'False BirdRefused', SessionsEstablished: 'True SessionsEstablished', Ready: 'False BirdRefused' },
    ],
    [
      'the disk is full',
      { outcome: { kind: 'NotWritten', message: 'ENOSPC: no space left on device, write' } },
      undefined,
      { Applied: 'False NotWritten', SessionsEstablished: 'True SessionsEstablished', Ready: 'False NotWritten' },
    ],
    [
      'BIRD is away',
      { outcome: { kind: 'BirdUnreachable', message: 'no' }, sessions: undefined },
      undefined,
      {
        Applied: 'False BirdUnreachable',
        SessionsEstablished: 'Unknown BirdUnreachable',
        Ready: 'False BirdUnreachable',
      },
    ],
    [
      'watches are silent',
      { silent: ['services', 'eips'] },
      undefined,
      { Applied: 'True Applied', SessionsEstablished: 'True SessionsEstablished', Ready: 'False WatchSilent' },
    ],
    [
      'the BgpConf is broken',
      { outcome: undefined },
      broken,
      { Applied: 'False Invalid', SessionsEstablished: 'True SessionsEstablished', Ready: 'False Invalid' },
    ],
    [
      'a peer is broken',
      {},
      badPeer,
      { Applied: 'True Applied', SessionsEstablished: 'True SessionsEstablished', Ready: 'False Invalid' },
    ],
    [
      'there is no BgpConf',
      { sessions: [] },
      { bgpConfs: [] },
      { SessionsEstablished: 'False NoBgpConf', Ready: 'False NoBgpConf' },
    ],
    [
      'the Node is gone, and the speaker has made its object once more',
      { sessions: [] },
      { nodes: [] },
      { SessionsEstablished: 'False NodeLeaving', Ready: 'False NodeLeaving' },
    ],
    [
      'no peer selects the node',
      { sessions: [] },
      elsewhere,
      { SessionsEstablished: 'False NoSessions', Ready: 'True Ready' },
    ],
  ])('%s', (_, over, cluster, expected) => {
    expect(conditionsOf(speakerStatus(input(over, cluster)))).toMatchObject(expected);
  });

  it('a message says what is wrong, and where', () => {
    const messageOf = (type: string, status: SpeakerStatus) =>
      status.conditions?.find((one) => one.type === type)?.message;
    const oneDown = input({ sessions: [up, { ...down, peer: 'b' }] });
    expect(messageOf('SessionsEstablished', speakerStatus(oneDown))).toBe(
      '1 of 2 sessions established; not with b, Socket: Connection refused',
    );
    expect(messageOf('Ready', speakerStatus(input({}, badPeer)))).toMatch(
      /^BgpPeer bad has no session here: spec\.conf\.peerAs: "-1"/,
    );
    expect(messageOf('Applied', speakerStatus(input({}, broken)))).toMatch(/; BIRD keeps the configuration it has$/);
  });

  it('keep their time while their status stays', () => {
    const former = speakerStatus(input());
    const later = speakerStatus(input({ former, sessions: [down], now: '2026-01-01T00:05:00Z' }));
    const times = Object.fromEntries(
      (later.conditions ?? []).map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    );
    expect(times).toEqual({
      Applied: '2026-01-01T00:01:00Z',
      SessionsEstablished: '2026-01-01T00:05:00Z',
      Ready: '2026-01-01T00:05:00Z',
    });
  });
});

it('on hold, or when BIRD is away, what was known last stays', () => {
  const former = speakerStatus(input());
  const held = speakerStatus(
    input({ former, outcome: undefined, sessions: undefined }, { bgpConfs: [aBgpConf({ as: -1 })] }),
  );
  expect(held).toMatchObject({ sessions: [up], announcedAddresses: 1, routerId: '192.0.2.11', localAs: 64512 });
});

it.each<[string, SpeakerSession, boolean]>([
  ['one route more', { ...up, routesSent: 2 }, false],
  ['the session went down', down, true],
  ['it came up anew', { ...up, since: '2026-01-01T00:30:00Z' }, true],
])('%s: whether it is urgent', (_, session, urgent) => {
  const former = speakerStatus(input());
  const next = speakerStatus(
    input({ former, sessions: [session] }, { services: [aService(), aService({ name: 'b', ips: ['198.51.100.8'] })] }),
  );
  expect(isWorthWriting(former, next)).toBe(true);
  expect(isUrgent(former, next)).toBe(urgent);
  expect(isUrgent(undefined, next)).toBe(true);
});

describe('isWorthWriting()', () => {
  const next = (former: SpeakerStatus, session: SpeakerSession) =>
    speakerStatus(input({ former, sessions: [session], now: '2026-01-01T01:00:00Z' }));
  const rows: readonly [string, SpeakerSession, SpeakerSession, boolean][] = [
    ['nothing changed', up, up, false],
    ['the session went down', up, down, true],
    ['the session came up', down, up, true],
    ['it came up anew', up, { ...up, since: '2026-01-01T00:30:00Z' }, true],
    ['its time jitters with the clock', up, { ...up, since: '2026-01-01T00:00:01Z' }, false],
    ['one route more', up, { ...up, routesSent: 2 }, true],
    ['it tries again', down, { ...down, state: 'Connect' }, false],
    [
      'it tries again, and the error is not shown meanwhile',
      down,
      { ...down, state: 'Connect', lastError: undefined } as unknown as SpeakerSession,
      false,
    ],
    ['it fails for another reason', down, { ...down, lastError: 'Received: Bad peer AS' }, true],
    ['it is with another router', down, { ...down, neighborAddress: '192.0.2.99' }, true],
    ['it is disabled', down, { ...down, disabled: true }, true],
  ];
  it.each(rows)('%s', (_, before, after, worth) => {
    const former = speakerStatus(input({ sessions: [before] }));
    expect(isWorthWriting(former, next(former, after))).toBe(worth);
  });

  it('forgets what was said of another AS number', () => {
    const former = speakerStatus(input({ sessions: [{ ...down, lastError: 'BGP Error: Bad peer AS' }] }));
    const mended = { ...down, neighborAs: 65_009, lastError: 'Socket: No route to host' };
    expect(next(former, mended).sessions?.[0]?.lastError).toBe('Socket: No route to host');
    const same = { ...down, lastError: 'Socket: No route to host' };
    expect(next(former, same).sessions?.[0]?.lastError).toBe('BGP Error: Bad peer AS; then Socket: No route to host');
  });

  it('does not depend on the order of keys', () => {
    const status = speakerStatus(input());
    const reordered = JSON.parse(
      JSON.stringify(status, Object.keys(flatKeys(status)).sort().reverse()),
    ) as SpeakerStatus;
    expect(isWorthWriting(reordered, status)).toBe(false);
  });

  it('a status that was written is never worth writing again', () => {
    const session = fc.record({
      state: fc.constantFrom<SpeakerSession['state']>('Idle', 'Connect', 'Active', 'Established'),
      routesSent: fc.nat(9),
      since: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'),
    });
    fc.assert(
      fc.property(session, session, (a, b) => {
        const first = speakerStatus(input({ sessions: [{ ...up, ...a }] }));
        const second = next(first, { ...up, ...b });
        expect(isWorthWriting(second, next(second, { ...up, ...b }))).toBe(false);
      }),
    );
  });
});

/** All keys at any depth: JSON.stringify's list of keys picks by name at every level. */
function flatKeys(value: unknown): Record<string, true> {
  if (typeof value !== 'object' || value === null) return {};
  const own = Array.isArray(value) ? {} : Object.fromEntries(Object.keys(value).map((key) => [key, true as const]));
  return Object.assign(own, ...Object.values(value).map(flatKeys)) as Record<string, true>;
}
