/**
 * Names the fields of a BgpPeer that have no effect, each with the reason. `docs/bgp.md` has a row for each. PURE.
 *
 * A field at its zero value asks for nothing, since OpenELB does not store it.
 */
import { mapAt } from '../../meta/shapes.ts';
import { asksForSomething } from '../bgp-fields.ts';
import type { BgpPeerObject, GracefulRestart } from '../bgp-types.ts';

export interface FieldNotes {
  /** Fields whose effect the user asks for and does not get. A condition reports them, too. */
  readonly missing: readonly string[];
  /** Fields for which there is nothing to do. */
  readonly idle: readonly string[];
}

type Spec = NonNullable<BgpPeerObject['spec']>;
type Note = readonly [field: string, value: unknown, why: string];

/** GoBGP's default, which it also uses for an absent value. */
const DEFAULT_ADVERTISEMENT_SECONDS = '30';

const NO_ROUTES = 'Skycap accepts no routes';
const COMMUNITIES =
  'routers get the communities of the routes that they get; spec.bgp.peers of an Eip says which routers those are';
const EMPTY_PATH = "a node's routes have no AS number in their path but the node's own";

export function bgpPeerNotes(raw: BgpPeerObject): FieldNotes {
  const spec = mapAt(raw.spec, 'spec', []);
  const conf = mapAt(spec.conf, 'spec.conf', []);
  return {
    missing: sentences([
      ['spec.conf.peerGroup', conf.peerGroup, 'there are no groups; write the fields in each BgpPeer'],
      ...timerNotes(spec),
      ...transportNotes(spec, conf),
      ...restartMissing(spec.gracefulRestart, 'spec.gracefulRestart'),
    ]),
    idle: [
      ...secretNotes(conf),
      ...sentences([
        ['spec.conf.allowOwnAs', conf.allowOwnAs, NO_ROUTES],
        ['spec.conf.routeFlapDamping', conf.routeFlapDamping, NO_ROUTES],
        ['spec.conf.sendCommunity', conf.sendCommunity, COMMUNITIES],
        ['spec.conf.replacePeerAs', conf.replacePeerAs, EMPTY_PATH],
        ['spec.conf.removePrivateAs', conf.removePrivateAs === 'NONE' ? '' : conf.removePrivateAs, EMPTY_PATH],
        ...addPathNotes(spec),
        ...restartIdle(spec.gracefulRestart, 'spec.gracefulRestart'),
      ]),
    ],
  };
}

/** Used for the BgpConf as well. */
export function restartMissing(raw: GracefulRestart | undefined, field: string): Note[] {
  const { notificationEnabled } = mapAt(raw, field, []);
  return [[`${field}.notificationEnabled`, notificationEnabled, 'BIRD has no RFC 8538']];
}

export function restartIdle(raw: GracefulRestart | undefined, field: string): Note[] {
  const { deferralTime, staleRoutesTime, longlivedEnabled, ...rest } = mapAt(raw, field, []);
  const state = 'this is state of GoBGP, no setting';
  const withoutLongLived = longlivedEnabled ? undefined : staleRoutesTime;
  return [
    [`${field}.deferralTime`, deferralTime, `${NO_ROUTES}, and waits for none`],
    [
      `${field}.staleRoutesTime`,
      withoutLongLived,
      `${NO_ROUTES}; with longlivedEnabled this is the time for the router`,
    ],
    ...(['peerRestartTime', 'peerRestarting', 'localRestarting', 'mode'] as const).map(
      (name): Note => [`${field}.${name}`, rest[name], state],
    ),
  ];
}

export function sentences(notes: readonly Note[]): string[] {
  return notes.flatMap(([field, value, why]) => (asksForSomething(value) ? [`${field}: has no effect: ${why}`] : []));
}

/** The Secret that the speakers may read by the manifests. */
export const PASSWORD_SECRET = 'skycap-bgp-passwords';

function secretNotes(conf: Partial<NonNullable<Spec['conf']>>): string[] {
  const { name } = mapAt(conf.authPasswordSecretRef, '', []);
  if (typeof name !== 'string' || name === '' || name === PASSWORD_SECRET) return [];
  return [
    `spec.conf.authPasswordSecretRef.name: the speakers can read the Secret ${PASSWORD_SECRET}; for another one, add its name to the Role ${PASSWORD_SECRET}`,
  ];
}

function timerNotes(spec: Partial<Spec>): Note[] {
  const { config } = mapAt(spec.timers, 'spec.timers', []);
  const { minimumAdvertisementInterval: interval } = mapAt(config, 'spec.timers.config', []);
  const why = 'BIRD sends changes at once, many in one message where there are many';
  const value = interval === DEFAULT_ADVERTISEMENT_SECONDS ? undefined : interval;
  return [['spec.timers.config.minimumAdvertisementInterval', value, why]];
}

function transportNotes(spec: Partial<Spec>, conf: Partial<NonNullable<Spec['conf']>>): Note[] {
  const { remoteAddress, tcpMss } = mapAt(spec.transport, 'spec.transport', []);
  const other = remoteAddress === conf.neighborAddress ? undefined : remoteAddress;
  return [
    ['spec.transport.remoteAddress', other, 'a session has one address of the router, spec.conf.neighborAddress'],
    [
      'spec.transport.tcpMss',
      tcpMss,
      'BIRD can not set it; set it at the router, or by the route to it: ip route … advmss',
    ],
  ];
}

function addPathNotes(spec: Partial<Spec>): Note[] {
  const entries = Array.isArray(spec.afiSafis) ? spec.afiSafis : [];
  const wanted = entries.map((entry) => mapAt(mapAt(entry?.addPaths, '', []).config, '', []));
  return [
    [
      'spec.afiSafis[].addPaths.config.sendMax',
      wanted.some(({ sendMax }) => Number(sendMax) > 1),
      spec.nextHops === 'AllNodes'
        ? 'spec.nextHops: AllNodes sends a path for each node'
        : 'each node announces itself, so it has one path for an address and sends one; spec.nextHops: AllNodes sends one for each node',
    ],
    ['spec.afiSafis[].addPaths.config.receive', wanted.some(({ receive }) => receive === true), NO_ROUTES],
  ];
}
