/** Prepended AS numbers that are not the nodes' own: BIRD puts the own one in front of them on a session that leaves the AS, GoBGP behind. */
import type { BgpConf } from '../bgp/bgp.ts';
import type { RoutePolicy } from './route-policy.ts';
import { POLICY_KEY } from './toml/section.ts';

export function foreignPrependNotes({ imports, exports }: RoutePolicy, conf: BgpConf): readonly string[] {
  const own = [conf.as, ...conf.asPerRack.values()];
  const foreign = [...imports.statements, ...exports.statements].flatMap(({ line, actions }) =>
    actions.flatMap((action) =>
      action.kind === 'prepend' && action.as !== 'last-as' && !own.includes(action.as) ? [{ line, as: action.as }] : [],
    ),
  );
  return foreign.map(
    ({ line, as }) =>
      `${POLICY_KEY} line ${line}: AS ${as} is not the nodes' own, and a router of another AS gets it behind the nodes' own`,
  );
}
