/** The object that `explain` is about: by address, by KIND/NAME, by NAMESPACE/NAME, or by a name alone: then a Service comes before an Eip, a node and a BgpPeer. */
import type { BgpPeerObject } from '../../../lib/api/bgp/bgp-types.ts';
import type { EipObject } from '../../../lib/api/eip/eip-types.ts';
import { type KubeObject, keyFor } from '../../../lib/api/meta/object.ts';
import type { Node, Service } from '../../../lib/api/service/service.ts';
import { isForbidden } from '../../../lib/kube/errors.ts';
import { getOrUndefined } from '../../../lib/kube/http/get-or-undefined.ts';
import { BGP_PEERS, EIPS, NODES, type Resource, SERVICES } from '../../../lib/kube/resource.ts';
import { type Address, parseAddress } from '../../../lib/net/address.ts';
import { EXIT } from '../../exit-codes.ts';
import { CommandError } from '../../session/failure.ts';
import type { Session } from '../../session/session.ts';

export type Target =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'service'; readonly object: Service }
  | { readonly kind: 'eip'; readonly object: EipObject }
  | { readonly kind: 'node'; readonly object: Node }
  | { readonly kind: 'bgppeer'; readonly object: BgpPeerObject };

type ObjectKind = Exclude<Target['kind'], 'address'>;

const RESOURCES: Readonly<Record<ObjectKind, Resource<KubeObject>>> = {
  service: SERVICES,
  eip: EIPS,
  node: NODES,
  bgppeer: BGP_PEERS,
};
/** As kubectl spells them. */
const SPELLINGS: Readonly<Record<string, ObjectKind>> = {
  service: 'service',
  services: 'service',
  svc: 'service',
  eip: 'eip',
  eips: 'eip',
  node: 'node',
  nodes: 'node',
  no: 'node',
  bgppeer: 'bgppeer',
  bgppeers: 'bgppeer',
  peer: 'bgppeer',
};

export async function findTarget(session: Session, text: string): Promise<Target> {
  const address = parseAddress(text);
  if (address) return { kind: 'address', address };
  if (/^[\d.]+$|:/.test(text))
    throw new CommandError(`"${text}" is no IP address: write one such as 192.0.2.7 or 2001:db8::7.`);
  const [first = '', second, third] = text.split('/');
  if ([first, second, third].includes('')) {
    throw new CommandError(`Cannot explain "${text}": a name is missing. Write NAME, NAMESPACE/NAME or KIND/NAME.`);
  }
  const kind = SPELLINGS[first];
  if (third !== undefined && kind === 'service') return one(session, 'service', third, second ?? '');
  if (second === undefined) return byNameAlone(session, first);
  return kind ? one(session, kind, second, session.namespace) : one(session, 'service', second, first);
}

async function one(session: Session, kind: ObjectKind, name: string, namespace: string): Promise<Target> {
  const found = await read(session, kind, name, namespace);
  if (found) return found;
  const text = kind === 'service' ? keyFor(namespace, name) : name;
  throw new CommandError(
    `There is no ${RESOURCES[kind].kind} "${text}". Look at "kubectl get ${RESOURCES[kind].plural}${kind === 'service' ? ` -n ${namespace}` : ''}".`,
  );
}

async function byNameAlone(session: Session, name: string): Promise<Target> {
  const kinds = Object.keys(RESOURCES) as ObjectKind[];
  const refused: ObjectKind[] = [];
  const found = await Promise.all(
    kinds.map((kind) =>
      read(session, kind, name, session.namespace).catch((error) => {
        if (!isForbidden(error)) throw error;
        refused.push(kind);
        return undefined;
      }),
    ),
  );
  const targets = found.filter((target) => target !== undefined);
  if (targets[0]) return targets[0];
  const elsewhere = 'For another namespace write NAMESPACE/NAME, or -n.';
  const noService = `there is no Service "${name}" in namespace ${session.namespace}`;
  if (refused.length === 0)
    throw new CommandError(`T${noService.slice(1)}, and no Eip, node or BgpPeer of that name. ${elsewhere}`);
  const unread = refused.map((kind) => RESOURCES[kind].plural).sort();
  const known = refused.includes('service') ? '' : `${noService}, and `;
  throw new CommandError(
    `Cannot explain "${name}": ${known}you may not read ${unread.join(', ')}. ${elsewhere}`,
    EXIT.cluster,
  );
}

async function read(session: Session, kind: ObjectKind, name: string, namespace: string): Promise<Target | undefined> {
  const { client, signal } = session;
  const resource = RESOURCES[kind];
  const object = await getOrUndefined(client, resource, { name, ...(resource.namespaced && { namespace }) }, signal);
  return object && ({ kind, object } as Target);
}
