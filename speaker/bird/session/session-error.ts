/**
 * Which of BIRD's errors about a session explains why it is not up. PURE.
 *
 * A router that refuses says why once, in a NOTIFICATION; the attempts after it fail with an error of the socket, which says little. So the
 * refusal stays until the session is up or another one explains more, and the error of the socket is told after it.
 */
import { isPortInUse } from '../../../lib/api/bgp/port-in-use.ts';

/** Both ends dialled at once, and one connection had to go: it says nothing of the session. */
const COLLISION = /connection collision/i;
const THEN = '; then ';

/**
 * @param now as BIRD has it; undefined where it has none.
 * @param before as it was told before, by this function.
 */
export function explainingError(now: string | undefined, before: string | undefined): string | undefined {
  if (now === undefined) return isPortInUse(before) ? undefined : before;
  const [cause = '', after] = (before ?? '').split(THEN);
  if (explains(now)) return now === cause && after !== undefined ? before : now;
  return explains(cause) ? `${cause}${THEN}${now}` : now;
}

/** A notification of one end to the other: `Received: Bad peer AS`, `BGP Error: …`. Other errors are reported for as long as they last. */
function explains(error: string): boolean {
  return /^(Received|BGP Error|Automatic shutdown): /.test(error) && !COLLISION.test(error);
}

const NO_ANSWER = 'no answer from ';

export interface Dialled {
  readonly neighborAddress: string;
  readonly neighborPort?: number | undefined;
  readonly neighborAs?: number;
  readonly localAs?: number;
  readonly hasPassword?: boolean | undefined;
  readonly connects?: boolean | undefined;
  /** The AS number that the router said, if it is another one. */
  readonly routerAs?: number | undefined;
}

/** TCP drops what has no password, or a wrong one (RFC 2385 §4): the router seems not to be there. */
export function noAnswer(dialled: Dialled): string {
  const why = dialled.hasPassword
    ? 'spec.conf.authPassword may not be the password that the router has, which nothing answers then'
    : 'the router may be down, a firewall between, or a password wanted there';
  return `${NO_ANSWER}${placeOf(dialled)}; ${why}`;
}

function placeOf({ neighborAddress, neighborPort }: Dialled): string {
  return neighborPort === undefined ? neighborAddress : `${neighborAddress} port ${neighborPort}`;
}

/** A passive session to which nobody came. */
export function nobodyCame({ neighborAddress, hasPassword, connects }: Dialled): string {
  const why = hasPassword ? '; spec.conf.authPassword may not be the password that the router has' : '';
  if (connects) return `no router has connected from ${neighborAddress}; look whether the router dials this node${why}`;
  return `${NO_ANSWER}${neighborAddress}, which has not connected; spec.transport.passiveMode waits for it${why}`;
}

/** The remedy for each error of BIRD. */
const REMEDIES: readonly (readonly [RegExp, (dialled: Dialled) => string])[] = [
  [
    /^BGP Error: Bad peer AS$/,
    ({ neighborAs, routerAs }) => {
      const said = routerAs === undefined ? 'the router has another' : `the router says ${routerAs}`;
      return `wrong AS: expected ${neighborAs}, ${said}; mend spec.conf.peerAs`;
    },
  ],
  [
    /^Received: Bad peer AS$/,
    ({ localAs }) =>
      `wrong AS: the router expects another AS number of this node than ${localAs}; mend it there, or spec.as of the BgpConf, or spec.conf.localAs`,
  ],
  [
    /^Received: Maximum number of prefixes reached$/,
    () => "the router's prefix limit is smaller than the number of addresses; raise it there",
  ],
  [/: Unacceptable hold time$/, () => 'write another spec.timers.config.holdTime, or mend it at the router'],
  [
    /: Bad BGP identifier$/,
    () => 'two have the same router id; mend it at the router, or spec.routerId of the BgpConf',
  ],
  [
    /^Received: (Connection rejected|Peer de-configured)$/,
    () => 'the router is not to speak with this node; mend it there',
  ],
  [/^Received: Administrative shutdown\b/, () => 'the session is shut down at the router'],
  [
    /^Socket: Connection refused$/,
    (dialled) =>
      `nothing listens at ${placeOf(dialled)} for this node; look at the router, and at spec.transport.remotePort`,
  ],
  [
    /^Socket: (No route to host|Network is unreachable)$/,
    ({ neighborAddress }) =>
      `${neighborAddress} can't be reached; look whether the router is up, and at spec.conf.neighborAddress`,
  ],
  [
    /^Error: (Link down|Neighbor lost)$/,
    ({ neighborAddress }) =>
      `the node's interface to ${neighborAddress} is down or has lost its network; look at the cable, the switch and the router`,
  ],
  [
    /^Error: BFD session down$/,
    ({ neighborAddress }) =>
      `no BFD packets came from ${neighborAddress}; look whether the router is up and has BFD, and whether UDP ports 3784 and 4784 are open`,
  ],
];

/** An error as BIRD says it, with what helps where that is known. */
export function withRemedy(error: string, dialled: Dialled): string {
  const remedy = REMEDIES.find(([pattern]) => pattern.test(error))?.[1](dialled);
  return remedy === undefined ? error : `${error}: ${remedy}`;
}
