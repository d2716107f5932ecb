/** The condition `Announced` of an Eip: the nodes and BgpPeers of its addresses, or on layer 2 the nodes that can have them, or why there is none. PURE. */

import { quantityText } from '../../lib/api/count.ts';
import { type Eip, isLayer2 } from '../../lib/api/eip/eip.ts';
import type { ConditionUpdate } from '../../lib/api/meta/conditions.ts';
import { isUnknown } from '../../lib/reach/decide-announced.ts';
import type { EipReach } from '../../lib/reach/eip-reach.ts';
import { hindranceText, reasonOf } from '../../lib/reach/hindrance-text.ts';

/** More nodes or BgpPeers than this are counted, and not named. */
const MOST_NAMED = 5;
const TYPE = 'Announced';

export function eipAnnouncedCondition(eip: Eip, reach: EipReach): ConditionUpdate {
  if (eip.announcedByCni) {
    const message = 'a label says that a CNI announces its addresses, so Skycap gives them and does not announce them';
    return { type: TYPE, status: 'False', reason: 'AnnouncedByCni', message };
  }
  const { standing, nodes, peers } = reach;
  if (standing !== 'Announced') {
    const message = `by ${eip.protocol}: ${hindranceText(standing, eip)}`;
    return { type: TYPE, status: isUnknown(standing) ? 'Unknown' : 'False', reason: reasonOf(standing), message };
  }
  const from = counted(nodes, 'node');
  const message = isLayer2(eip)
    ? `by ${eip.protocol}: ${from} can have its addresses, one at a time`
    : `by bgp from ${from} to ${counted(peers, 'BgpPeer')}${limitText(eip)}`;
  if (!isLayer2(eip) && reach.calico !== 'none')
    return { type: TYPE, status: 'True', reason: 'AnnouncedByCalico', message: `${message}; ${calicoText(reach)}` };
  return { type: TYPE, status: 'True', reason: 'Announced', message };
}

function calicoText({ calico }: EipReach): string {
  const what = calico === 'all' ? 'its addresses' : 'some of its addresses';
  return `Calico announces ${what} too, by spec.serviceLoadBalancerIPs of BGPConfiguration default; remove the prefix there, or set the label openelb.kubesphere.io/cni: calico on the Eip`;
}

function limitText({ bgp }: Eip): string {
  if (bgp?.announcers === undefined) return '';
  return `, at most ${bgp.announcers} ${bgp.announcers === 1 ? 'node' : 'nodes'} for each address`;
}

/** `3 nodes (a, b, c)`, `1 BgpPeer (r)`, `120 nodes`. */
function counted(names: readonly string[], what: string): string {
  const count = quantityText(names.length, what);
  return names.length > MOST_NAMED ? count : `${count} (${names.join(', ')})`;
}
