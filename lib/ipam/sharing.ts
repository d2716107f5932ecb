/**
 * May a Service share an address with those that hold it? The rules of design §4.7, after MetalLB's: consent by the same sharing key
 * (across namespaces each must name the other), distinct ports, and traffic policies that do not fight: all `Cluster`, or all
 * `Local` in one namespace with one selector, since only then do the same nodes have the endpoints of both.
 */
import type { ClaimHolder } from '../api/claim.ts';
import type { Wants } from '../api/wants.ts';

export type SharingVerdict = { readonly ok: true } | { readonly ok: false; readonly why: string };

export function mayShare(wants: Wants, others: readonly ClaimHolder[]): SharingVerdict {
  for (const holder of others) {
    const why = objection(wants, holder);
    if (why) return { ok: false, why };
  }
  return { ok: true };
}

/** `namespace/name`, for messages. */
export function holderName(holder: ClaimHolder): string {
  return `${holder.namespace}/${holder.name ?? '(being created)'}`;
}

function objection(wants: Wants, holder: ClaimHolder): string | undefined {
  const other = `Service ${holderName(holder)}`;
  if (!wants.sharingKey || wants.sharingKey !== holder.sharingKey) {
    return `${other} has it; give both the same annotation skycap.io/sharing-key to share it`;
  }
  if (wants.namespace !== holder.namespace && !nameEachOther(wants, holder)) {
    return `${other} is in another namespace; list each other's namespace in skycap.io/sharing-namespaces on both`;
  }
  const port = wants.ports.find((p) => holder.ports.some((h) => h.port === p.port && h.protocol === p.protocol));
  if (port) return `${other} uses port ${port.port}/${port.protocol} of it; choose another port`;
  if (wants.externalTrafficPolicy !== holder.externalTrafficPolicy) {
    return `${other} has externalTrafficPolicy ${holder.externalTrafficPolicy}; sharers need the same one`;
  }
  const sameEndpoints =
    wants.namespace === holder.namespace && wants.selector === holder.selector && wants.selector !== '';
  if (wants.externalTrafficPolicy === 'Local' && !sameEndpoints) {
    return `${other} has other endpoints; with externalTrafficPolicy Local sharers need one namespace and selector`;
  }
  return undefined;
}

function nameEachOther(wants: Wants, holder: ClaimHolder): boolean {
  return (
    wants.sharingNamespaces.includes(holder.namespace) && (holder.sharingNamespaces ?? []).includes(wants.namespace)
  );
}
