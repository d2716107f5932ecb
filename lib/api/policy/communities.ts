/** Communities in GoBGP's spelling. Numbers that GoBGP cuts off silently are refused. */
import { wellKnownCommunity } from '../eip/community.ts';
import type { Community, CommunityKind } from './route-policy.ts';

const LARGEST = { 16: 0xffff, 32: 0xffff_ffff } as const;

/** Numbers of the types and subtypes: RFC 4360, 5668, 7153, 8097, 9012; draft-ietf-idr-link-bandwidth. */
export const SUBTYPES: Readonly<Record<string, number>> = { rt: 0x02, soo: 0x03, lb: 0x04, encap: 0x0c };
const VALIDATION_STATES = ['valid', 'not-found', 'invalid'];
const TUNNELS: Readonly<Record<string, readonly [number, string]>> = {
  l2tp3: [1, 'L2TPv3 over IP'],
  gre: [2, 'GRE'],
  'ip-in-ip': [7, 'IP in IP'],
  vxlan: [8, 'VXLAN'],
  nvgre: [9, 'NVGRE'],
  mpls: [10, 'MPLS'],
  'mpls-in-gre': [11, 'MPLS in GRE'],
  'vxlan-gre': [12, 'VXLAN GRE'],
  'mpls-in-udp': [13, 'MPLS in UDP'],
  geneve: [19, 'GENEVE'],
};

export const SPELLINGS: Readonly<Record<CommunityKind, string>> = {
  standard: 'write one such as "65000:100" or "no-export"',
  extended: 'write one such as "rt:65000:100", "soo:1.10:100" or "lb:65000:125000"',
  large: 'write one such as "65000:1:100"',
};

/** @returns undefined where the text is no community of the kind. */
export function parseCommunity(kind: CommunityKind, text: string): Community | undefined {
  if (kind === 'standard') return parseStandard(text);
  if (kind === 'extended') return parseExtended(text);
  const numbers = numbersOf(/^(\d+):(\d+):(\d+)$/.exec(text), LARGEST[32], LARGEST[32], LARGEST[32]);
  return numbers && { numbers, text: numbers.join(':') };
}

function parseStandard(text: string): Community | undefined {
  const whole = numbersOf(/^(\d+)$/.exec(text), LARGEST[32])?.[0];
  const halves = numbersOf(/^(\d+):(\d+)$/.exec(text), LARGEST[16], LARGEST[16]) ?? wellKnownCommunity(text);
  const numbers = halves ?? (whole === undefined ? undefined : [whole >>> 16, whole & LARGEST[16]]);
  return numbers && { numbers, text: numbers.join(':') };
}

function parseExtended(text: string): Community | undefined {
  const state = VALIDATION_STATES.indexOf(text);
  if (state >= 0) return { numbers: [0x4300_0000, state], text, subtype: 0, isTransitive: false };
  const [name = '', value = ''] = split(text);
  const subtype = SUBTYPES[name.toLowerCase()];
  if (subtype === undefined) return undefined;
  if (name.toLowerCase() === 'encap') return tunnel(value, subtype);
  if (name.toLowerCase() === 'lb') return linkBandwidth(value, subtype);
  return twoOctetAs(value, subtype) ?? fourOctetAs(value, subtype) ?? ipv4Address(value, subtype);
}

/** A community that is known by its numbers, with the text that GoBGP's expressions see. One of a type that they do not know has none. */
export function communityOf(kind: CommunityKind, numbers: readonly number[]): Community {
  if (kind !== 'extended') return { numbers, text: numbers.join(':') };
  const [high = 0, low = 0] = numbers;
  const [type, subtype, first] = [high >>> 24, (high >>> 16) & 0xff, high & LARGEST[16]];
  const address = [first >>> 8, first & 0xff, low >>> 24, (low >>> 16) & 0xff].join('.');
  const texts = [`${first}:${low}`, `${address}:${low & LARGEST[16]}`, `${first}.${low >>> 16}:${low & LARGEST[16]}`];
  return { numbers, text: texts[type] ?? '', subtype, isTransitive: type < 0x3f };
}

/** The text before the first colon, and the text after it. */
export function split(text: string): readonly [string, string] {
  const at = text.indexOf(':');
  return at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
}

function tunnel(value: string, subtype: number): Community | undefined {
  const [, found] = Object.entries(TUNNELS).find(([name, [, text]]) => name === value || text === value) ?? [];
  return found && { numbers: [(0x03 << 24) | (subtype << 16), found[0]], text: found[1], subtype, isTransitive: true };
}

/** The bandwidth is a floating point number (IEEE 754) of bytes a second. */
function linkBandwidth(value: string, subtype: number): Community | undefined {
  const numbers = numbersOf(/^(\d+):(\d+)$/.exec(value), LARGEST[16], LARGEST[32]);
  if (!numbers) return undefined;
  const [as = 0, bandwidth = 0] = numbers;
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, bandwidth);
  const halves = [((0x40 << 24) | (subtype << 16) | as) >>> 0, bits.getUint32(0)];
  return { numbers: halves, text: `${as}:${bits.getFloat32(0)}`, subtype, isTransitive: false };
}

function twoOctetAs(value: string, subtype: number): Community | undefined {
  const numbers = numbersOf(/^(\d+):(\d+)$/.exec(value), LARGEST[16], LARGEST[32]);
  if (!numbers) return undefined;
  const [as = 0, local = 0] = numbers;
  return { numbers: [(subtype << 16) | as, local], text: `${as}:${local}`, subtype, isTransitive: true };
}

/** RFC 5668; the AS number in two halves with a dot. */
function fourOctetAs(value: string, subtype: number): Community | undefined {
  const numbers = numbersOf(/^(\d+)\.(\d+):(\d+)$/.exec(value), LARGEST[16], LARGEST[16], LARGEST[16]);
  if (!numbers) return undefined;
  const [high = 0, low = 0, local = 0] = numbers;
  const halves = [(0x02 << 24) | (subtype << 16) | high, ((low << 16) | local) >>> 0];
  return { numbers: halves, text: `${high}.${low}:${local}`, subtype, isTransitive: true };
}

function ipv4Address(value: string, subtype: number): Community | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+):(\d+)$/.exec(value);
  const numbers = numbersOf(match, 255, 255, 255, 255, LARGEST[16]);
  if (!numbers) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, local = 0] = numbers;
  const halves = [(0x01 << 24) | (subtype << 16) | (a << 8) | b, ((c << 24) | (d << 16) | local) >>> 0];
  return { numbers: halves, text: `${a}.${b}.${c}.${d}:${local}`, subtype, isTransitive: true };
}

/** The groups of the match as numbers, where each is at most its limit. */
function numbersOf(match: RegExpExecArray | null, ...limits: readonly number[]): number[] | undefined {
  const numbers = match?.slice(1).map(Number);
  return numbers?.every((number, i) => number <= (limits[i] ?? 0)) ? numbers : undefined;
}
