/** Reads the argument of `history`. PURE. */
import type { HistoryQuery } from '../../../lib/ipam/history/holdings.ts';
import { formatAddress, parseAddress } from '../../../lib/net/address.ts';

const SERVICE = /^(?:services?\/|svc\/)?(?:([a-z0-9-]+)\/)?([a-z0-9.-]+)$/;

/** @param namespace of a Service that is named without one. @returns undefined if the text is neither an address nor the name of a Service. */
export function historyQuery(text: string, namespace: string): HistoryQuery | undefined {
  const address = parseAddress(text);
  if (address) return { address: formatAddress(address) };
  const [, inNamespace = namespace, name] = SERVICE.exec(text) ?? [];
  // An address with a mistake is no name of a Service.
  return name === undefined || /^[\d.]+$/.test(name) ? undefined : { namespace: inNamespace, name };
}
