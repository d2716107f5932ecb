/**
 * The text of bird.conf, the same for the same model, whatever the order that objects came in.
 *
 * - No `kernel` and no `direct` protocol: BIRD neither reads nor writes the node's routes. The static routes are blackholes that exist
 *   in BIRD's own table only, and go nowhere but to BGP.
 * - Nothing is imported from a neighbour.
 * - Graceful restart (RFC 4724) is on: when BIRD is killed, or the pod replaced, neighbours keep forwarding for a while. They do
 *   not when the node dies: their hold timer or BFD ends the session for good.
 * - The text carries its own digest in a protocol's description, so that BIRD can be asked what it runs, after a crash of ours too.
 */
import { createHash } from 'node:crypto';
import type { BfdOptions, GracefulRestartOptions } from '../../../lib/api/bgp/bgp.ts';
import type { RouteBlock } from '../../../lib/bgp/routes.ts';
import type { BgpChannel, BgpProtocol, BirdConfig, StaticProtocol } from './model.ts';

/** The protocol of all BFD sessions. */
export const BFD_PROTOCOL = 'skycap_bfd';
/** The protocol whose description is the digest. */
export const FINGERPRINT_PROTOCOL = 'skycap_config';

export interface RenderedConfig {
  readonly text: string;
  /** Digest of everything else in the text. */
  readonly fingerprint: string;
  /** Digest of everything but the routes. */
  readonly frame: string;
}

/** The lines of a block of routes. */
export interface BlockText {
  readonly text: string;
  readonly digest: string;
}

/** The lines of the blocks that were rendered before: they are made once for each block, and go with it. */
export type BlockTexts = WeakMap<RouteBlock, BlockText>;

/** BIRD's own are 5 s, and 60 to 300 s after an error: too long for a router that was restarted. */
const CONNECT_DELAY_SECONDS = 1;
const ERROR_WAIT_SECONDS = '1, 30';
/** A node is seen to be gone after three intervals. No wider one, as a false alarm costs a question on the wire and nothing else. */
const BFD_TIMERS = 'interval 100 ms; multiplier 3;';
const ADVERTISEMENT = 'min ra interval 3; max ra interval 10; default lifetime 0; current hop limit 0;';
const FINGERPRINT_DIGITS = 32;

export function renderBirdConfig(config: BirdConfig, known: BlockTexts = new WeakMap()): RenderedConfig {
  const head = [
    '# Written by Skycap from the objects in the API server. Edits are lost. It may hold passwords.',
    'log stderr { info, remote, warning, error, auth, fatal, bug };',
    `router id ${config.routerId};`,
    'timeformat protocol "%Y-%m-%dT%H:%M:%S%z";',
    '',
    ...(config.definitions.length > 0 ? [...config.definitions, ''] : []),
    ...(config.tables.length > 0 ? [...config.tables, ''] : []),
  ];
  const sessions = [
    ...config.sessions.flatMap(sessionLines),
    ...bfdLines(config),
    ...advertisementLines(config.advertised),
  ];
  const statics = config.statics.map((one) => ({ ...one, routes: one.blocks.map((block) => blockText(block, known)) }));
  const frame = digestOf([...head, ...statics.flatMap(staticHead), ...sessions]);
  const routes = statics.map(({ symbol, routes: all }) => [symbol, ...all.map(({ digest }) => digest)].join(' '));
  const fingerprint = digestOf([frame, ...routes]);
  const lines = [...head, ...statics.flatMap(staticLines), ...sessions, ...fingerprintLines(fingerprint)];
  return { text: lines.join('\n'), fingerprint, frame };
}

function digestOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, FINGERPRINT_DIGITS);
}

function blockText(block: RouteBlock, known: BlockTexts): BlockText {
  const before = known.get(block);
  if (before) return before;
  const lines = block.prefixes.map((prefix) => `  route ${prefix} blackhole;`);
  const made = { text: lines.join('\n'), digest: digestOf(lines) };
  known.set(block, made);
  return made;
}

function fingerprintLines(fingerprint: string): string[] {
  return [`protocol device ${FINGERPRINT_PROTOCOL} {`, `  description "${fingerprint}";`, '}', ''];
}

function staticLines({ routes, ...protocol }: StaticProtocol & { readonly routes: readonly BlockText[] }): string[] {
  return [...staticHead(protocol), ...routes.map(({ text }) => text), '}', ''];
}

/** All but the routes. */
function staticHead({ symbol, channel, table, imports }: StaticProtocol): string[] {
  if (imports.length === 0) return [`protocol static ${symbol} {`, `  ${channel};`];
  const filter = ['    import filter {', ...[...imports, 'accept;'].map((statement) => `      ${statement}`), '    };'];
  return [`protocol static ${symbol} {`, `  ${channel} {`, ...tableLines(table), ...filter, '  };'];
}

function sessionLines(session: BgpProtocol): string[] {
  const { dynamicName, bfd, gracefulRestart } = session;
  return [
    `protocol bgp ${session.symbol} {`,
    ...(session.vrf === undefined ? [] : [`  vrf ${quoted(session.vrf)};`]),
    `  description ${quoted(session.description)};`,
    ...(session.disabled ? ['  disabled;'] : []),
    `  local ${session.local} as ${session.localAs};`,
    ...(session.strictBind ? ['  strict bind on;'] : []),
    `  neighbor ${session.neighbor} ${session.neighborAs};`,
    ...(dynamicName === undefined ? [] : [`  dynamic name ${quoted(dynamicName)};`]),
    ...(session.interface === undefined ? [] : [`  interface ${quoted(session.interface)};`]),
    `  ${session.reach};`,
    ...(session.ttlSecurity ? ['  ttl security on;'] : []),
    ...(session.passive ? ['  passive;'] : []),
    `  hold time ${session.holdTimeSeconds};`,
    `  keepalive time ${session.keepaliveSeconds};`,
    `  connect delay time ${CONNECT_DELAY_SECONDS};`,
    `  connect retry time ${session.connectRetrySeconds};`,
    `  error wait time ${ERROR_WAIT_SECONDS};`,
    ...gracefulRestartLines(gracefulRestart),
    ...(bfd ? [`  bfd { ${bfdTimers(bfd)} };`] : []),
    ...passwordLines(session),
    '  debug { states };',
    ...session.channels.flatMap(channelLines),
    '}',
    '',
  ];
}

function tableLines(table: string | undefined): string[] {
  return table === undefined ? [] : [`    table ${table};`];
}

function channelLines({ channel, table, exports, extendedNextHop }: BgpChannel): string[] {
  return [
    `  ${channel} {`,
    ...tableLines(table),
    ...(table === undefined ? [] : ['    add paths tx;']),
    '    import none;',
    ...exportLines(exports),
    ...(extendedNextHop ? ['    extended next hop on;'] : []),
    '  };',
  ];
}

function gracefulRestartLines({ helperOnly, restartSeconds, longLivedStaleSeconds }: GracefulRestartOptions): string[] {
  if (helperOnly) return ['  graceful restart aware;'];
  return [
    '  graceful restart on;',
    `  graceful restart time ${restartSeconds};`,
    ...(longLivedStaleSeconds === undefined
      ? []
      : ['  long lived graceful restart on;', `  long lived stale time ${longLivedStaleSeconds};`]),
  ];
}

function bfdTimers({ receiveIntervalMs, transmitIntervalMs, multiplier, passive }: BfdOptions): string {
  const intervals = `min rx interval ${receiveIntervalMs} ms; min tx interval ${transmitIntervalMs} ms;`;
  return `${intervals} multiplier ${multiplier};${passive ? ' passive on;' : ''}`;
}

function exportLines(exports: readonly string[]): string[] {
  if (exports.length === 0) return ['    export where source = RTS_STATIC;'];
  const statements = ['if source != RTS_STATIC then reject;', ...exports, 'accept;'];
  return ['    export filter {', ...statements.map((statement) => `      ${statement}`), '    };'];
}

/**
 * BIRD has one BFD protocol, for the nodes that watch each other and for the routers of BGP sessions, which ask for theirs themselves. All of it but the
 * neighbours is always the same, as BIRD ends every session when what it accepts is another; and without either there is none, since it listens on four sockets.
 */
function bfdLines({ bfd, sessions }: BirdConfig): string[] {
  if (bfd.length === 0 && !sessions.some((session) => session.bfd)) return [];
  return [
    `protocol bfd ${BFD_PROTOCOL} {`,
    `  interface "*" { ${BFD_TIMERS} };`,
    `  multihop { ${BFD_TIMERS} };`,
    ...bfd.map(
      ({ neighbor, local, multihop }) => `  neighbor ${neighbor} local ${local}${multihop ? ' multihop on' : ''};`,
    ),
    '}',
    '',
  ];
}

/** A router without a numbered neighbour dials the link-local address that it hears of. Nobody takes the node for a router: the lifetime is 0. */
function advertisementLines(interfaces: readonly string[]): string[] {
  if (interfaces.length === 0) return [];
  return [
    'protocol radv skycap_radv {',
    ...interfaces.map((name) => `  interface ${quoted(name)} { ${ADVERTISEMENT} };`),
    '}',
    '',
  ];
}

function passwordLines({ password, saysAuthentication }: BgpProtocol): string[] {
  if (password === undefined) return [];
  return [...(saysAuthentication ? ['  authentication md5;'] : []), `  password ${quoted(password)};`];
}

/**
 * BIRD's strings have no escapes. The parsers and the model have seen to it that this never throws; if they err, the configuration that runs
 * stays, and the text (which may be a password) is not shown.
 */
function quoted(text: string): string {
  if (/["\n\r\0]/.test(text))
    throw new RangeError('Cannot write a string into bird.conf: it has a quote or a line break');
  return `"${text}"`;
}
