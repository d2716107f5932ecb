/** The actions of a statement, which change the route. */
import { parseAddress } from '../../net/address.ts';
import { LARGEST_AS } from '../bgp/bgp-fields.ts';
import { parseCommunity, SPELLINGS } from './communities.ts';
import { parseCommunityPattern } from './patterns.ts';
import { type Action, type CommunityKind, NEXT_HOP_WORDS } from './route-policy.ts';
import type { Section } from './toml/section.ts';

const LARGEST = 4_294_967_295;
const MOST_REPEATS = 255;

export function readActions(section: Section): readonly Action[] {
  const bgp = section.section('bgp-actions');
  const actions = [
    ...communities(bgp.section('set-community'), 'set-community-method', 'standard'),
    ...communities(bgp.section('set-ext-community'), 'set-ext-community-method', 'extended'),
    ...communities(bgp.section('set-large-community'), 'set-large-community-method', 'large'),
    ...med(bgp),
    ...localPref(bgp),
    ...prepend(bgp.section('set-as-path-prepend')),
    ...nextHop(bgp),
    ...origin(bgp),
  ];
  bgp.end();
  return actions;
}

function communities(section: Section, methodKey: string, of: CommunityKind): Action[] {
  const options = section.word('options');
  const method = section.section(methodKey);
  const words = method.words('communities-list');
  section.end();
  method.end();
  const option = options?.text.toLowerCase();
  if (option !== 'add' && option !== 'remove' && option !== 'replace') {
    if (options || words.length > 0) section.refuse('options', 'is unknown; write "add", "remove" or "replace"');
    return [];
  }
  const parse = <T>(read: (text: string) => T | undefined): T[] =>
    words.flatMap((word) => {
      const parsed = read(word.text);
      if (parsed === undefined) method.refuse('communities-list', `can't be read; ${SPELLINGS[of]}`, word);
      return parsed === undefined ? [] : [parsed];
    });
  if (option === 'remove') {
    return [{ kind: 'removeCommunities', of, patterns: parse((text) => parseCommunityPattern(of, text)) }];
  }
  const parsed = parse((text) => parseCommunity(of, text));
  return [{ kind: option === 'add' ? 'addCommunities' : 'replaceCommunities', of, communities: parsed }];
}

function med(bgp: Section): Action[] {
  const word = bgp.word('set-med');
  if (!word) return [];
  const [, sign, digits] = /^([+-])?(\d+)$/.exec(word.text) ?? [];
  if (digits === undefined || Number(digits) > LARGEST) {
    bgp.refuse('set-med', `is no metric; write a number up to ${LARGEST}, with + or - in front to add to it`);
    return [];
  }
  const value = Number(digits);
  return [sign === '+' || sign === '-' ? { kind: 'med', value, by: sign } : { kind: 'med', value }];
}

function localPref(bgp: Section): Action[] {
  const value = bgp.integer('set-local-pref', LARGEST);
  return value ? [{ kind: 'localPref', value }] : [];
}

function prepend(section: Section): Action[] {
  const as = section.word('as');
  const times = section.integer('repeat-n', MOST_REPEATS) ?? 0;
  section.end();
  if (!as) {
    if (times > 0) section.refuse('as', 'is missing; write an AS number or "last-as"');
    return [];
  }
  if (as.text === 'last-as') return [{ kind: 'prepend', as: 'last-as', times }];
  const number = /^\d+$/.test(as.text) ? Number(as.text) : 0;
  if (number < 1 || number > LARGEST_AS) {
    section.refuse('as', 'is no AS number; write one such as "65000", or "last-as"');
    return [];
  }
  return [{ kind: 'prepend', as: number, times }];
}

function nextHop(bgp: Section): Action[] {
  const text = bgp.word('set-next-hop')?.text.toLowerCase();
  if (text === undefined) return [];
  const address = NEXT_HOP_WORDS.find((word) => word === text) ?? parseAddress(text);
  if (address) return [{ kind: 'nextHop', address }];
  const why = text === 'peer-address' ? 'would send routes back to the router (RFC 4271 §5.1.3)' : 'is no next hop';
  bgp.refuse('set-next-hop', `${why}; write an IP address, "self" or "unchanged"`);
  return [];
}

function origin(bgp: Section): Action[] {
  if (!bgp.word('set-route-origin')) return [];
  return [{ kind: 'origin', origin: bgp.choice('set-route-origin', ['igp', 'egp', 'incomplete']) }];
}
