/**
 * Compares a scene's expectations with an object. PURE. Each difference is a sentence, so that a failed scene reads like a report.
 *
 *     service shop/web:
 *       addresses: [192.0.2.0]                       # status.loadBalancer.ingress, in order
 *       conditions:
 *         AddressAssigned: True Assigned              # the prefix skycap.io/ may be left out
 *         Announced: { is: False NoBgpConf, says: create, saysNot: router }
 *         ByDefault: absent
 *       events: [{ reason: AssignIP, says: 192.0.2.0 }]
 *       noEvents: [ReleaseIP]
 *       fields: { metadata: { labels: { a: b } }, spec: { x: null } }   # null: not there
 *     eip gone: absent
 */
import type { Condition, KubeObject } from '../../../lib/api/meta/object.ts';
import { listOf, type OneOrMore } from './scene-file.ts';

export interface SeenEvent {
  readonly reason: string;
  readonly type: string;
  readonly note: string;
}

export interface Seen {
  readonly object: KubeObject | undefined;
  readonly events: readonly SeenEvent[];
}

interface ObjectExpectation {
  readonly addresses?: readonly string[];
  readonly conditions?: Readonly<Record<string, string | ConditionExpectation>>;
  readonly events?: readonly EventExpectation[];
  readonly noEvents?: OneOrMore;
  readonly fields?: unknown;
}

interface ConditionExpectation {
  /** Status and reason, as `True Assigned`. */
  readonly is: string;
  readonly says?: OneOrMore;
  readonly saysNot?: OneOrMore;
}

interface EventExpectation {
  readonly reason: string;
  readonly type?: string;
  readonly says?: OneOrMore;
}

const KEYS: readonly string[] = [
  'addresses',
  'conditions',
  'events',
  'noEvents',
  'fields',
] satisfies (keyof ObjectExpectation)[];
const ABSENT = 'absent';

/** @throws {Error} if an expectation can't be parsed, since waiting would not help. */
export function differencesOf({ object, events }: Seen, expected: unknown): string[] {
  if (expected === ABSENT) return object ? ['is there'] : [];
  if (typeof expected !== 'object' || expected === null) {
    throw new Error(`Cannot read the expectation ${JSON.stringify(expected)}: write absent, or ${KEYS.join(', ')}`);
  }
  const unknown = Object.keys(expected).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw new Error(`Cannot look at "${unknown}": write ${KEYS.join(', ')}`);
  if (!object) return ['is not there'];
  const { addresses, conditions = {}, events: wanted = [], noEvents, fields } = expected as ObjectExpectation;
  return [
    ...(addresses ? addressDifferences(object, addresses) : []),
    ...Object.entries(conditions).flatMap(([type, one]) => conditionDifferences(object, type, one)),
    ...wanted.flatMap((one) => eventDifferences(events, one)),
    ...listOf(noEvents).flatMap((reason) =>
      events.filter((event) => event.reason === reason).map(({ note }) => `has the Event ${reason}: ${note}`),
    ),
    ...(fields === undefined ? [] : fieldDifferences('', object, fields)),
  ];
}

/** Whether the text contains the wanted text, or matches it if it is a regular expression between slashes. */
export function contains(text: string, wanted: string): boolean {
  const [, pattern] = /^\/(.+)\/$/s.exec(wanted) ?? [];
  return pattern === undefined ? text.includes(wanted) : new RegExp(pattern).test(text);
}

interface Ingress {
  readonly ip?: string;
  readonly hostname?: string;
}

export function publishedOf(object: KubeObject): string[] {
  const { status } = object as { status?: { loadBalancer?: { ingress?: readonly Ingress[] } } };
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? []);
}

function addressDifferences(object: KubeObject, wanted: readonly string[]): string[] {
  if (!Array.isArray(wanted))
    throw new Error(`Cannot read addresses: ${JSON.stringify(wanted)}: write a list, such as [192.0.2.0]`);
  const published = publishedOf(object);
  return published.join() === wanted.join() ? [] : [`publishes [${published.join(', ')}], not [${wanted.join(', ')}]`];
}

function conditionDifferences(object: KubeObject, type: string, expected: string | ConditionExpectation): string[] {
  const { status } = object as { status?: { conditions?: readonly Condition[] } };
  const condition = status?.conditions?.find((one) => one.type === type || one.type === `skycap.io/${type}`);
  if (expected === ABSENT) return condition ? [`has the condition ${type}: ${textOf(condition)}`] : [];
  const { is, says, saysNot } = typeof expected === 'string' ? { is: expected } : expected;
  if (!/^(True|False|Unknown) \w+$/.test(is)) {
    throw new Error(
      `Cannot read the condition ${type}: ${JSON.stringify(is)}: write status and reason, such as True Assigned`,
    );
  }
  if (!condition) return [`has no condition ${type}`];
  const isRight =
    `${condition.status} ${condition.reason}` === is &&
    listOf(says).every((word) => contains(condition.message, word)) &&
    !listOf(saysNot).some((word) => contains(condition.message, word));
  return isRight ? [] : [`has the condition ${type}: ${textOf(condition)}; wanted: ${JSON.stringify(expected)}`];
}

function textOf({ status, reason, message }: Condition): string {
  return `${status} ${reason} "${message}"`;
}

function eventDifferences(events: readonly SeenEvent[], { reason, type, says }: EventExpectation): string[] {
  if (!reason)
    throw new Error('Cannot read the Event: write its reason, as in [{ reason: AssignIP, says: 192.0.2.0 }]');
  const isFound = events.some(
    (event) =>
      event.reason === reason &&
      (type === undefined || event.type === type) &&
      listOf(says).every((word) => contains(event.note, word)),
  );
  const seen = events.map((event) => `${event.type} ${event.reason} "${event.note}"`).join(', ');
  const wanted = JSON.stringify({ reason, type, says });
  return isFound ? [] : [`has no Event ${wanted}; its Events: ${seen || 'none'}`];
}

/** Every field that is named has the value; lists are as long as they are written. Texts between slashes are regular expressions. */
function fieldDifferences(path: string, actual: unknown, expected: unknown): string[] {
  if (expected === null) return actual === undefined || actual === null ? [] : [`${path} is ${JSON.stringify(actual)}`];
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return [different(path, actual, expected)];
    return expected.flatMap((one, i) => fieldDifferences(`${path}[${i}]`, actual[i], one));
  }
  if (typeof expected === 'object') {
    if (typeof actual !== 'object' || actual === null) return [different(path, actual, expected)];
    return Object.entries(expected as object).flatMap(([key, one]) =>
      fieldDifferences(path === '' ? key : `${path}.${key}`, (actual as Record<string, unknown>)[key], one),
    );
  }
  const isSame =
    typeof expected === 'string' && /^\/.+\/$/s.test(expected)
      ? typeof actual === 'string' && contains(actual, expected)
      : actual === expected;
  return isSame ? [] : [different(path, actual, expected)];
}

function different(path: string, actual: unknown, expected: unknown): string {
  return `${path} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`;
}
