/**
 * Parses a Service: whether it is Skycap's, and what it requests. Implements OpenELB's meaning of its keys (OpenELB `pkg/controllers/ipam`, docs of releases 0.5 and
 * 0.6).
 *
 * - The annotation makes a Service Skycap's whatever its class, as in OpenELB; so does Skycap's class. The setting {@link UnmarkedServices} decides about a Service
 * with neither.
 * - The address annotation overrides `spec.loadBalancerIP`. An empty annotation requests nothing.
 * - At creation, `ipFamilies` is present only if the user wrote it. Otherwise the families follow from the cluster IPs that the user wrote, the policy and the
 * cluster's primary family.
 */
import { type Address, type Family, parseAddress } from '../../net/address.ts';
import { addressHint } from '../../net/address-hint.ts';
import type { EipProtocol } from '../eip/eip-types.ts';
import { firstOf, LOAD_BALANCER_CLASS, OPT_IN_VALUES, SERVICE_ANNOTATIONS } from '../keys.ts';
import { type Problem, quote } from '../problem.ts';
import type { Reason } from '../reasons.ts';
import type { ClaimPort } from '../skycap/claim.ts';
import type { AddressRequest } from './address-request.ts';
import type { Service } from './service.ts';

/** Whether a LoadBalancer Service with neither class nor annotation is Skycap's. */
export type UnmarkedServices = 'defaultEip' | 'always' | 'never';

export interface AddressRequestContext {
  readonly unmarkedServices: UnmarkedServices;
  readonly defaultEipExists: boolean;
  /** Another load balancer serves the Service (`served-by-another.ts`): without class or annotation, it is not Skycap's. */
  readonly isServedByAnother?: boolean;
  /** The family that a Service without `ipFamilies` gets. */
  readonly primaryFamily: Family;
}

export type ParsedAddressRequest =
  | { readonly kind: 'notOurs' }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  | { readonly kind: 'addressRequest'; readonly addressRequest: AddressRequest };

const PROTOCOLS: readonly string[] = ['bgp', 'layer2', 'vip'] satisfies EipProtocol[];
const LONGEST_SHARING_KEY = 253;
/** At most one for each family may be requested, so this many are a problem already. */
const MOST_READ = 4;

export function parseAddressRequest(service: Service, context: AddressRequestContext): ParsedAddressRequest {
  if (!isOurs(service, context)) return { kind: 'notOurs' };
  const problems: Problem[] = [];
  const families = familiesOf(service, context.primaryFamily);
  const sharingKey = sharingKeyOf(service, problems);
  const protocol = protocolOf(service, problems);
  refuseNodeProxy(service, problems);
  const addressRequest: AddressRequest = {
    namespace: service.metadata.namespace ?? 'default',
    eipNames: eipNamesOf(service),
    addresses: addressesOf(service, families, problems),
    ...(protocol && { protocol }),
    families,
    need: service.spec?.ipFamilyPolicy === 'PreferDualStack' ? 'any' : 'all',
    ports: portsOf(service),
    ...(sharingKey && { sharingKey }),
    sharingNamespaces: listOf(service, SERVICE_ANNOTATIONS.sharingNamespaces),
    externalTrafficPolicy: service.spec?.externalTrafficPolicy ?? 'Cluster',
    selector: selectorText(service.spec?.selector),
  };
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'addressRequest', addressRequest };
}

/** The reason of a Service with problems. */
export function reasonOf(problems: readonly Problem[]): Extract<Reason, 'NodeProxyUnsupported' | 'InvalidRequest'> {
  const nodeProxy: readonly string[] = SERVICE_ANNOTATIONS.nodeProxy;
  return problems.every(({ field }) => nodeProxy.includes(field)) ? 'NodeProxyUnsupported' : 'InvalidRequest';
}

/**
 * Whether the create or update call is refused. A Service that OpenELB served or ignored is admitted and waits with the reason, so that its YAML can be applied; so is
 * a Service that is Skycap's by default only. OpenELB never served an address that cannot be read.
 */
export function isRefused(problems: readonly Problem[], service: Service): boolean {
  const admitted: readonly string[] = [...SERVICE_ANNOTATIONS.nodeProxy, ...SERVICE_ANNOTATIONS.protocol];
  const asksForUs = isOurs(service, { unmarkedServices: 'never', defaultEipExists: false });
  return asksForUs && problems.some(({ field }) => !admitted.includes(field));
}

export function isOurs(service: Service, context: Omit<AddressRequestContext, 'primaryFamily'>): boolean {
  if (service.spec?.type !== 'LoadBalancer') return false;
  const optIn = firstOf(service.metadata.annotations, SERVICE_ANNOTATIONS.optIn);
  if (optIn !== undefined) return OPT_IN_VALUES.includes(optIn);
  const loadBalancerClass = service.spec.loadBalancerClass;
  if (loadBalancerClass !== undefined) return loadBalancerClass === LOAD_BALANCER_CLASS;
  if (context.isServedByAnother) return false;
  if (context.unmarkedServices === 'defaultEip') return context.defaultEipExists;
  return context.unmarkedServices === 'always';
}

/**
 * A stored Service has all its families. A Service without the fields gets a second family if its policy asks for it and the cluster has it (Kubernetes
 * `pkg/registry/core/service/storage/alloc.go`).
 */
function familiesOf({ spec = {} }: Service, primaryFamily: Family): Family[] {
  const { ipFamilies, ipFamilyPolicy, clusterIP, clusterIPs } = spec;
  const written: readonly Family[] = ipFamilies?.length
    ? ipFamilies.map((name) => (name === 'IPv6' ? 6 : 4))
    : (clusterIPs ?? [clusterIP ?? '']).flatMap((ip) => parseAddress(ip)?.family ?? []);
  const first = written[0] ?? primaryFamily;
  const isComplete = ipFamilies !== undefined && clusterIPs !== undefined;
  const dual =
    written.length > 1 ||
    ipFamilyPolicy === 'RequireDualStack' ||
    (ipFamilyPolicy === 'PreferDualStack' && !isComplete);
  return dual ? [first, first === 4 ? 6 : 4] : [first];
}

function addressesOf(service: Service, families: readonly Family[], problems: Problem[]): Address[] {
  const annotation = keyIn(service, SERVICE_ANNOTATIONS.address);
  const [field, text] = annotation ?? ['spec.loadBalancerIP', service.spec?.loadBalancerIP ?? ''];
  const addresses: Address[] = [];
  for (const item of splitList(text).slice(0, MOST_READ)) {
    const address = parseAddress(item);
    if (!address) problems.push({ field, value: item, message: noAddress(item) });
    else if (addresses.some((other) => other.family === address.family)) {
      problems.push({
        field,
        value: text,
        message: `asks for two IPv${address.family} addresses; write at most one a family`,
      });
    } else if (!families.includes(address.family)) {
      problems.push({
        field,
        value: item,
        message: `is an IPv${address.family} address, but the Service is IPv${families[0]} only; set spec.ipFamilies: [IPv${address.family}], or spec.ipFamilyPolicy for both`,
      });
    } else addresses.push(address);
  }
  return addresses;
}

function noAddress(text: string): string {
  const hint = addressHint(text, {
    example: '198.51.100.7',
    oneOnly: 'write at most one a family, with a comma between',
  });
  return isDNS1123Subdomain(text)
    ? `${hint}; the name of an Eip belongs in the annotation ${SERVICE_ANNOTATIONS.eip[0]}`
    : hint;
}

/** A name, and not a misspelled address. */
function isDNS1123Subdomain(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/i.test(text) && /[a-z]/i.test(text);
}

function protocolOf(service: Service, problems: Problem[]): EipProtocol | undefined {
  const [field, value] = keyIn(service, SERVICE_ANNOTATIONS.protocol) ?? [];
  if (field === undefined || value === undefined) return undefined;
  if (PROTOCOLS.includes(value)) return value as EipProtocol;
  problems.push({
    field,
    value,
    message: `is not a protocol; write ${PROTOCOLS.map(quote).join(', ')} or leave it out`,
  });
  return undefined;
}

function sharingKeyOf(service: Service, problems: Problem[]): string | undefined {
  const [field, value] = keyIn(service, SERVICE_ANNOTATIONS.sharingKey) ?? [];
  if (field === undefined || value === undefined) return undefined;
  if (value.length <= LONGEST_SHARING_KEY) return value;
  problems.push({ field, value, message: `is longer than ${LONGEST_SHARING_KEY} characters; write a shorter one` });
  return undefined;
}

function refuseNodeProxy(service: Service, problems: Problem[]): void {
  const [field, value] = keyIn(service, SERVICE_ANNOTATIONS.nodeProxy) ?? [];
  if (field === undefined || value === undefined) return;
  problems.push({
    field,
    value,
    message:
      "asks for OpenELB's NodeProxy mode, which Skycap does not have; remove the annotation to get an address from an Eip",
  });
}

/** Whatever else can't be read. */
export function portsOf(service: Service): ClaimPort[] {
  return (service.spec?.ports ?? [])
    .map(({ port, protocol }) => ({ port, protocol: protocol ?? 'TCP' }) as const)
    .sort((a, b) => a.port - b.port || a.protocol.localeCompare(b.protocol));
}

function selectorText(selector: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}

/** The Eips that the Service names. */
export function eipNamesOf(service: Service): string[] {
  return listOf(service, SERVICE_ANNOTATIONS.eip);
}

function listOf(service: Service, keys: readonly string[]): string[] {
  return splitList(keyIn(service, keys)?.[1] ?? '');
}

function splitList(text: string): string[] {
  return [...new Set(text.split(',').map((item) => item.trim()))].filter((item) => item !== '');
}

/** @returns the key as typed by the user, for the message, and its non-empty value. */
function keyIn(service: Service, keys: readonly string[]): [string, string] | undefined {
  const key = keys.find((candidate) => service.metadata.annotations?.[candidate]);
  return key === undefined ? undefined : [key, service.metadata.annotations?.[key] ?? ''];
}
