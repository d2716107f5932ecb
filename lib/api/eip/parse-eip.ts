/**
 * Parses an Eip: checks every value, fills in every default, reports every problem.
 *
 * Only an obstacle to using the Eip is a problem. An Eip that OpenELB stored keeps its addresses: fields that this version does not implement are named by {@link
 * unsupportedEipFields}, for the condition, and addresses are given all the same.
 */
import { notForClients } from '../../net/not-for-clients.ts';
import { type AddressRange, parseRange } from '../../net/range.ts';
import { CNI_LABELS, DEFAULT_EIP_ANNOTATIONS, EIP_LABEL, firstOf } from '../keys.ts';
import { parseLabelSelector } from '../meta/label-selector.ts';
import { mapAt } from '../meta/shapes.ts';
import { type Parsed, type Problem, quote, textOf } from '../problem.ts';
import type { Eip } from './eip.ts';
import type { EipObject, EipProtocol } from './eip-types.ts';
import { type InterfaceSelector, parseInterfaces } from './interface-selector.ts';
import { parseEipBgp, unsupportedBgpFields } from './parse-eip-bgp.ts';

const PROTOCOLS = ['bgp', 'layer2', 'vip'] as const satisfies readonly EipProtocol[];
const WHEN_FULL = ['Pend', 'Refuse'] as const satisfies readonly Eip['whenFull'][];
const WHEN_NO_ENDPOINTS = ['Keep', 'Withdraw'] as const satisfies readonly Eip['whenNoEndpoints'][];
/** The Eip's name is the value of {@link EIP_LABEL}, and this is the longest value of a label. */
const LONGEST_NAME = 63;
/** An Eip that is not stored yet counts as the youngest. */
const NOT_STORED_YET = '9999-12-31T23:59:59Z';

export function parseEip(raw: EipObject): Parsed<Eip> {
  const problems: Problem[] = [];
  const spec = mapAt(raw.spec, 'spec', problems);
  const range = rangeOf(spec.address, problems);
  const namespaceSelector = pairsOf(spec.namespaceSelector, problems);
  const protocol = oneOf('spec.protocol', spec.protocol, PROTOCOLS, 'bgp', problems);
  const bgp = protocol === 'bgp' ? parseEipBgp(spec.bgp, range?.family, problems) : undefined;
  const eip = {
    name: nameOf(raw, problems),
    uid: raw.metadata.uid ?? '',
    createdAt: raw.metadata.creationTimestamp ?? NOT_STORED_YET,
    protocol,
    interfaces: interfacesOf(spec.interface, protocol, problems),
    disabled: spec.disable === true,
    isDeleting: raw.metadata.deletionTimestamp !== undefined,
    priority: priorityOf(spec.priority, problems),
    namespaces: new Set(namesOf(spec.namespaces, problems)),
    ...(namespaceSelector && { namespaceSelector }),
    isDefault: firstOf(raw.metadata.annotations, DEFAULT_EIP_ANNOTATIONS)?.toLowerCase() === 'true',
    autoAssign: spec.autoAssign !== false,
    avoidBuggyIPs: spec.avoidBuggyIPs === true,
    announcedByCni: firstOf(raw.metadata.labels, CNI_LABELS) !== undefined,
    whenFull: oneOf('spec.whenFull', spec.whenFull, WHEN_FULL, 'Pend', problems),
    whenNoEndpoints: oneOf('spec.whenNoEndpoints', spec.whenNoEndpoints, WHEN_NO_ENDPOINTS, 'Keep', problems),
    nodeSelector: parseLabelSelector(spec.nodeSelector, 'spec.nodeSelector', problems),
    rebalance: spec.rebalance === true,
    ...(bgp && { bgp }),
  };
  return range && problems.length === 0 ? { ok: true, value: { ...eip, range } } : { ok: false, problems };
}

/**
 * The fields of the Eip without effect in this version, a sentence each, in the form of a {@link Problem}. Addresses are given all the same. A field at its zero value
 * is not named.
 */
export function unsupportedEipFields(raw: EipObject): readonly string[] {
  const { usingKnownIPs, protocol, interface: nic, rebalance, autoAssign } = raw.spec ?? {};
  const sentences: string[] = [];
  const isLayer2 = protocol === 'layer2' || protocol === 'vip';
  if (!isLayer2 && typeof nic === 'string' && nic !== '') {
    sentences.push(
      `spec.interface: ${quote(nic)} has no effect with protocol bgp, which announces by its sessions; remove the field`,
    );
  }
  if (!isLayer2 && rebalance === true) {
    sentences.push(
      'spec.rebalance: "true" has no effect with protocol bgp, where all nodes announce an address at once; remove the field',
    );
  }
  sentences.push(...unsupportedBgpFields(raw, isLayer2));
  if (usingKnownIPs === true) {
    sentences.push('spec.usingKnownIPs: "true" has no effect, nor had it in OpenELB; remove the field');
  }
  const defaulting = DEFAULT_EIP_ANNOTATIONS.find((key) => raw.metadata.annotations?.[key] !== undefined);
  const value = defaulting === undefined ? undefined : raw.metadata.annotations?.[defaulting];
  if (value !== undefined && !/^(true|false)$/i.test(value)) {
    sentences.push(`${defaulting}: ${quote(value)} does not make the Eip the default; write "true" or "false"`);
  }
  if (value?.toLowerCase() === 'true' && autoAssign === false) {
    sentences.push(
      `${defaulting}: "true" has no effect with spec.autoAssign: false, which keeps the addresses for Services that name the Eip; remove one of the two`,
    );
  }
  return sentences;
}

/** A field without effect may have any text: OpenELB stored any. */
function interfacesOf(
  text: string | undefined,
  protocol: EipProtocol,
  problems: Problem[],
): readonly InterfaceSelector[] {
  if (protocol === 'bgp' || text === undefined || text === null) return [];
  if (typeof text === 'string') return parseInterfaces(text, problems);
  problems.push({
    field: 'spec.interface',
    value: textOf(text),
    message: 'is not a text; write the name of an interface, such as eth0',
  });
  return [];
}

function rangeOf(address: string | undefined, problems: Problem[]): AddressRange | undefined {
  if (typeof address !== 'string' || address === '') {
    problems.push({
      field: 'spec.address',
      message: 'is missing; write the addresses to give, such as 198.51.100.0/24',
    });
    return undefined;
  }
  const parsed = parseRange(address);
  const message = parsed.ok ? unusable(parsed.range) : parsed.problem;
  if (message !== undefined) problems.push({ field: 'spec.address', value: address, message });
  return parsed.ok ? parsed.range : undefined;
}

function unusable(range: AddressRange): string | undefined {
  const what = notForClients(range);
  const example = range.family === 4 ? '198.51.100.0/24' : '2001:db8::/64';
  return what === undefined ? undefined : `has ${what}, which no client can use; write others, such as ${example}`;
}

function nameOf(raw: EipObject, problems: Problem[]): string {
  const name = raw.metadata.name ?? '';
  if (name.length > LONGEST_NAME) {
    problems.push({
      field: 'metadata.name',
      value: name,
      message: `is longer than ${LONGEST_NAME} characters, and so cannot be the value of the label ${EIP_LABEL}; choose a shorter name`,
    });
  }
  return name;
}

function priorityOf(priority: number | undefined, problems: Problem[]): number {
  if (priority === undefined || priority === null) return 0;
  if (Number.isSafeInteger(priority)) return priority;
  problems.push({
    field: 'spec.priority',
    value: textOf(priority),
    message: 'is not a whole number; write one such as 10',
  });
  return 0;
}

/** The API server's schema checks types; an object from elsewhere must not make this throw. */
function namesOf(names: readonly string[] | undefined, problems: Problem[]): readonly string[] {
  if (names === undefined || names === null) return [];
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  problems.push({ field: 'spec.namespaces', message: 'is not a list of names; write one such as ["default"]' });
  return [];
}

/** `{}` counts as absent: OpenELB dropped an empty map, so it never matched all namespaces. */
function pairsOf(
  pairs: Readonly<Record<string, string>> | undefined,
  problems: Problem[],
): Readonly<Record<string, string>> | undefined {
  if (pairs === undefined || pairs === null) return undefined;
  if (typeof pairs === 'object' && !Array.isArray(pairs)) return Object.keys(pairs).length > 0 ? pairs : undefined;
  problems.push({
    field: 'spec.namespaceSelector',
    message: 'is not a map of labels; write one such as {"team": "web"}',
  });
  return undefined;
}

function oneOf<T extends string>(
  field: string,
  value: string | undefined,
  allowed: readonly T[],
  fallback: T,
  problems: Problem[],
): T {
  if (value === undefined || value === null || value === '') return fallback;
  const found = allowed.find((candidate) => candidate === value);
  if (found) return found;
  problems.push({
    field,
    value: textOf(value),
    message: `is not known; write ${allowed.map(quote).join(', ')} or leave it out`,
  });
  return fallback;
}
