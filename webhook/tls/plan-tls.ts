/**
 * Decides the next step for the certificates. Pure.
 *
 * A certificate is renewed after two thirds of its life. The authority is renewed in two steps, so that the API server never meets a certificate whose
 * authority it does not trust yet: the new authority joins the bundle, and signs a certificate once the bundle has been in the webhook configurations
 * for a minute. The old authority stays trusted until it expires.
 */
import type { TlsFacts, Validity } from './tls-content.ts';

export type TlsPlan =
  /** The Secret has nothing usable. */
  | { readonly kind: 'makeAll' }
  | { readonly kind: 'addAuthority' }
  | { readonly kind: 'renewServing' }
  /** An authority has expired. */
  | { readonly kind: 'dropAuthorities'; readonly indexes: readonly number[] }
  | { readonly kind: 'keep'; readonly requeueAfterMs: number };

export interface TlsPlanInput {
  /** Undefined if the Secret is empty or unreadable. */
  readonly facts: TlsFacts | undefined;
  readonly names: readonly string[];
  readonly nowMs: number;
  /** Since the bundle is in every webhook configuration; undefined while it is not. */
  readonly publishedForMs: number | undefined;
}

/** API servers watch the configurations, and take a change within seconds. */
export const SETTLE_MS = 60_000;
/** A clock that jumps, or is set right, is noticed within this time. */
const LONGEST_PAUSE_MS = 60_000;

export function planTls({ facts, names, nowMs, publishedForMs }: TlsPlanInput): TlsPlan {
  const [signing] = facts?.authorities ?? [];
  if (!facts || !signing || isOver(signing, nowMs)) return { kind: 'makeAll' };
  const { serving, authorities } = facts;
  const lacksName = names.some((name) => !serving.names.includes(name));
  if (serving.signedBy === undefined || isOver(serving, nowMs) || lacksName) return { kind: 'renewServing' };
  if (renewalMs(signing) <= nowMs) return { kind: 'addAuthority' };
  const isSettled = publishedForMs !== undefined && publishedForMs >= SETTLE_MS;
  // A new authority signs only once it is trusted everywhere.
  const mayRenew = authorities.length === 1 || isSettled;
  if (mayRenew && (serving.signedBy === 'other' || renewalMs(serving) <= nowMs)) return { kind: 'renewServing' };
  const ended = authorities.flatMap((authority, i) => (isOver(authority, nowMs) ? [i] : []));
  if (ended.length > 0) return { kind: 'dropAuthorities', indexes: ended };
  const next = mayRenew ? Math.min(renewalMs(signing), renewalMs(serving)) - nowMs : SETTLE_MS - (publishedForMs ?? 0);
  return { kind: 'keep', requeueAfterMs: Math.min(Math.max(next, 1_000), LONGEST_PAUSE_MS) };
}

function isOver({ notAfterMs }: Validity, nowMs: number): boolean {
  return notAfterMs <= nowMs;
}

function renewalMs({ notBeforeMs, notAfterMs }: Validity): number {
  return notBeforeMs + ((notAfterMs - notBeforeMs) * 2) / 3;
}
