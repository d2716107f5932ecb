/**
 * Warnings for a Service that was probably meant for Skycap, or asks Skycap for something, but is misspelled. PURE.
 *
 * Nothing is refused or changed. Classes and annotations of other controllers cause no warning.
 */

import {
  ADDRESSES_ANNOTATION,
  CLAIM_ANNOTATION,
  EIP_LABEL,
  firstOf,
  LOAD_BALANCER_CLASS,
  OPENELB_SERVICE_KEYS,
  OPT_IN_VALUES,
  SERVICE_ANNOTATIONS,
  WAITING_SINCE_ANNOTATION,
} from '../../../lib/api/keys.ts';
import { quote } from '../../../lib/api/problem.ts';
import { didYouMean } from '../../../lib/api/service/did-you-mean.ts';
import type { Service } from '../../../lib/api/service/service.ts';
import { parseAddress } from '../../../lib/net/address.ts';

const [OPT_IN] = SERVICE_ANNOTATIONS.optIn;
const [OPENELB] = OPT_IN_VALUES;
const MARK_IT = `write the annotation ${OPT_IN}: ${OPENELB}`;
const KEYS: readonly string[] = Object.values(SERVICE_ANNOTATIONS).flat();
const MANAGED_KEYS: readonly string[] = [ADDRESSES_ANNOTATION, CLAIM_ANNOTATION, WAITING_SINCE_ANNOTATION];
const KNOWN: ReadonlySet<string> = new Set([...KEYS, ...MANAGED_KEYS, ...OPENELB_SERVICE_KEYS]);
/** Keys of Skycap or OpenELB. */
const OUR_DOMAIN = /^([\w-]+\.)*((openelb|porter|lb)\.kubesphere\.io|skycap\.io)(\/|$)/i;
/** Values that mean "yes", and the empty value. */
const YES = /^(true|yes|on|1|enabled?)?$/i;
const OUR_NAMES = /skycap|openelb|^porter/i;

/** Annotations of other load balancers, with Skycap's annotation of the same meaning. */
const OF_OTHERS: readonly (readonly [theirs: RegExp, ours: readonly string[]])[] = [
  [
    /^(metallb\.(io|universe\.tf)|kube-vip\.io|projectcalico\.org)\/load[bB]alancerIPs$|^(lbipam\.cilium\.io\/|io\.cilium\/lb-ipam-)ips$|^purelb\.io\/addresses$/,
    SERVICE_ANNOTATIONS.address,
  ],
  [/^metallb\.(io|universe\.tf)\/address-pool$|^purelb\.io\/service-group$/, SERVICE_ANNOTATIONS.eip],
  [
    /^(metallb\.(io|universe\.tf)|purelb\.io)\/allow-shared-ip$|^(lbipam\.cilium\.io\/|io\.cilium\/lb-ipam-)sharing-key$/,
    SERVICE_ANNOTATIONS.sharingKey,
  ],
];

/** @param isOurs whether Skycap serves the Service; undefined while unknown. */
export function nearlyOursWarnings(service: Service, isOurs: boolean | undefined): string[] {
  if (service.spec?.type !== 'LoadBalancer') return [];
  return [
    ...(isOurs === false ? [...optInWarnings(service), ...classWarnings(service), ...unaskedWarnings(service)] : []),
    ...keyWarnings(service, isOurs),
    ...labelWarnings(service),
    ...(asksForUs(service) ? othersWarnings(service) : []),
  ];
}

function optInWarnings({ metadata }: Service): string[] {
  const value = firstOf(metadata.annotations, SERVICE_ANNOTATIONS.optIn);
  if (value === undefined) return [];
  const isNear = YES.test(value.trim()) || OUR_NAMES.test(value) || didYouMean(value, OPT_IN_VALUES) !== undefined;
  return isNear ? [`${OPT_IN}: ${quote(value)} does not make the Service Skycap's; write ${OPENELB}`] : [];
}

function classWarnings({ spec, metadata }: Service): string[] {
  const written = spec?.loadBalancerClass;
  if (written === undefined || written === LOAD_BALANCER_CLASS) return [];
  if (firstOf(metadata.annotations, SERVICE_ANNOTATIONS.optIn) !== undefined) return [];
  const isNear = OUR_NAMES.test(written) || OUR_DOMAIN.test(written);
  if (!isNear && didYouMean(written, [LOAD_BALANCER_CLASS]) === undefined) return [];
  return [
    `spec.loadBalancerClass: ${quote(written)} is not Skycap's, which is ${LOAD_BALANCER_CLASS}; a class cannot be changed: ${MARK_IT}, or create the Service anew`,
  ];
}

/** The Service asks for an Eip or an address, and not for Skycap. */
function unaskedWarnings({ spec, metadata: { annotations } }: Service): string[] {
  if (firstOf(annotations, SERVICE_ANNOTATIONS.optIn) !== undefined || spec?.loadBalancerClass !== undefined) return [];
  const key = KEYS.find((one) => annotations?.[one]);
  return key === undefined ? [] : [`${key} has no effect, since the Service does not ask for Skycap; ${MARK_IT}`];
}

function keyWarnings({ metadata: { annotations = {} }, spec }: Service, isOurs: boolean | undefined): string[] {
  const asksForUs = isOurs !== false || spec?.loadBalancerClass !== undefined;
  const remedy =
    asksForUs || firstOf(annotations, SERVICE_ANNOTATIONS.optIn) !== undefined
      ? ''
      : `; to have Skycap serve the Service, ${MARK_IT}`;
  return Object.entries(annotations).flatMap(([key, value]) => {
    if (KNOWN.has(key)) return [];
    const meant = meantKeys(key, value);
    if (meant.length > 0) return [`annotation ${quote(key)} is not known; did you mean ${meant.join(' or ')}?`];
    return OUR_DOMAIN.test(key) ? [`annotation ${quote(key)} is not known to Skycap, and has no effect${remedy}`] : [];
  });
}

/** The keys of an Eip and of an address are similar: the value decides. */
function meantKeys(key: string, value: string): readonly string[] {
  const eipKeys: readonly string[] = SERVICE_ANNOTATIONS.eip;
  const addressKeys: readonly string[] = SERVICE_ANNOTATIONS.address;
  const unlikely = parseAddress(value) ? eipKeys : addressKeys;
  const meant = didYouMean(
    key,
    KEYS.filter((one) => !unlikely.includes(one)),
  );
  return meant === undefined ? [] : [meant];
}

function asksForUs({ spec, metadata: { annotations } }: Service): boolean {
  const optIn = firstOf(annotations, SERVICE_ANNOTATIONS.optIn);
  return optIn === undefined ? spec?.loadBalancerClass === LOAD_BALANCER_CLASS : OPT_IN_VALUES.includes(optIn);
}

/** The Service has the annotation of another load balancer and not Skycap's. */
function othersWarnings({ metadata: { annotations = {} } }: Service): string[] {
  return OF_OTHERS.flatMap(([theirs, ours]) => {
    const key = Object.keys(annotations).find((one) => theirs.test(one));
    if (key === undefined || ours.some((one) => annotations[one])) return [];
    return [`annotation ${quote(key)} asks another load balancer; ask Skycap by ${ours[0]}`];
  });
}

function labelWarnings(service: Service): string[] {
  const { labels = {}, annotations } = service.metadata;
  return KEYS.filter((key) => labels[key] !== undefined && annotations?.[key] === undefined).flatMap((key) => {
    // Skycap's own label, which a manifest that was read back has beside the annotations.
    if (
      key === EIP_LABEL &&
      (service.metadata.uid !== undefined || MANAGED_KEYS.some((managed) => annotations?.[managed]))
    ) {
      return [];
    }
    return [`label ${key} asks for nothing; write it as an annotation`];
  });
}
