/** The status of a BgpConf: what each node uses, from the Speakers, and whether the object counts at all. PURE. */
import type { BgpConf } from '../../lib/api/bgp/bgp.ts';
import type { BgpConfObject } from '../../lib/api/bgp/bgp-types.ts';
import { bgpConfNotes } from '../../lib/api/bgp/parse-bgp-conf.ts';
import { BGP_CONF_NAME } from '../../lib/api/keys.ts';
import { type ConditionUpdate, conditionsAfter } from '../../lib/api/meta/conditions.ts';
import type { FoundPolicy } from '../../lib/api/policy/find-policy.ts';
import { foreignPrependNotes } from '../../lib/api/policy/foreign-prepends.ts';
import type { Parsed } from '../../lib/api/problem.ts';
import type { SpeakerObject } from '../../lib/api/skycap/speaker-types.ts';
import { acceptedVerdict, MOST_NODES, supportedVerdict } from './bgp-peer-status.ts';
import { WRITABLE, writableVerdict } from './refusals.ts';

export interface BgpConfFacts {
  readonly object: BgpConfObject;
  readonly parsed: Parsed<BgpConf>;
  /** Of `spec.policy`; absent where no policy is named. */
  readonly policy?: FoundPolicy | undefined;
  readonly speakers: readonly SpeakerObject[];
  /** The obstacle to writes of the object. */
  readonly refused?: string | undefined;
  readonly nowMs: number;
}

const OWN_CONDITIONS = ['Accepted', 'Supported', 'InUse', 'PolicyAccepted', WRITABLE] as const;

export function bgpConfStatus(facts: BgpConfFacts): NonNullable<BgpConfObject['status']> {
  const { object, parsed, nowMs } = facts;
  const counts = object.metadata.name === BGP_CONF_NAME;
  const verdicts = counts
    ? [
        acceptedVerdict(parsed),
        ...supportedVerdict(bgpConfNotes(object).missing),
        ...inUse(parsed),
        ...policyVerdict(facts.policy, parsed),
      ]
    : [NOT_THE_DEFAULT];
  const moment = { nowMs, generation: object.metadata.generation };
  return {
    nodesConfStatus: counts ? nodesConfStatus(facts.speakers) : {},
    conditions: conditionsAfter(
      object.status?.conditions,
      [...verdicts, ...writableVerdict(facts.refused)],
      OWN_CONDITIONS,
      moment,
    ),
  };
}

const NOT_THE_DEFAULT: ConditionUpdate = {
  type: 'Accepted',
  status: 'False',
  reason: 'NotTheDefault',
  message: `only the BgpConf named ${BGP_CONF_NAME} counts; write it under that name`,
};

/** Says so only where the valid object has no effect. */
function inUse(parsed: Parsed<BgpConf>): ConditionUpdate[] {
  if (!parsed.ok || !parsed.value.announcedByCni) return [];
  const message = 'a label says that a CNI speaks BGP, so Skycap does not';
  return [{ type: 'InUse', status: 'False', reason: 'AnnouncedByCni', message }];
}

/** A policy that can't be read changes nothing on a node that has another. */
function policyVerdict(policy: FoundPolicy | undefined, parsed: Parsed<BgpConf>): ConditionUpdate[] {
  if (!policy) return [];
  const type = 'PolicyAccepted';
  if (policy.ok) {
    const notes = [...policy.notes, ...(parsed.ok ? foreignPrependNotes(policy.policy, parsed.value) : [])];
    return [{ type, status: 'True', reason: 'Accepted', message: ['the policy is in force', ...notes].join('; ') }];
  }
  const { reason, message } = policy;
  return [{ type, status: 'False', reason, message: `${message}; routes are announced as before` }];
}

function nodesConfStatus(
  speakers: readonly SpeakerObject[],
): NonNullable<NonNullable<BgpConfObject['status']>['nodesConfStatus']> {
  const known = speakers
    .flatMap(({ metadata, status }) => {
      const { routerId, localAs } = status ?? {};
      if (routerId === undefined && localAs === undefined) return [];
      const entry = { ...(routerId !== undefined && { routerId }), ...(localAs !== undefined && { as: localAs }) };
      return [[metadata.name ?? '', entry] as const];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(known.slice(0, MOST_NODES));
}
