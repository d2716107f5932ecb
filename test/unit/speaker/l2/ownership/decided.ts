/** The decision of each of three nodes about one address, in the order of their ranks. */
import { decideOwnership } from '../../../../../lib/layer2/decide-owner.ts';
import { ADDRESS, aView, byRank, type NodeOptions, type ViewOptions } from '../../../../support/layer2-builders.ts';

export const NAMES = ['node-1', 'node-2', 'node-3'];
/** By rank: without any other difference the first has the address. */
export const [first, second, third] = byRank(NAMES) as [string, string, string];
export const has = { holds: [ADDRESS] };
/** An owner that has given notice. */
export const yields = { ...has, yields: [ADDRESS] };

/** `action reason` of each node in the order of rank; `/other` where the decision names one. */
export function decided(nodes: Readonly<Record<string, NodeOptions>>, options: ViewOptions = {}): string[] {
  const all = { [first]: {}, [second]: {}, [third]: {}, ...nodes };
  return [first, second, third].map((self) => {
    // For itself a node always lives.
    const own = { ...all, [self]: { ...all[self], live: true } };
    const [decision] = decideOwnership(aView({ ...options, nodes: own, self }));
    if (!decision) return 'nothing';
    const { action, reason, other } = decision;
    return [action, reason, ...(other ? [`(${[first, second, third].indexOf(other) + 1})`] : [])].join(' ');
  });
}
