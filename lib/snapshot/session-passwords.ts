/** The passwords of sessions, as a decision reads them. PURE. */
import type { SecretState } from '../api/bgp/peer/secret-password.ts';

export interface SessionPasswords {
  /** By name. */
  readonly secrets: ReadonlyMap<string, SecretState>;
  /** The session with a BgpPeer that BIRD has; it keeps its password, or none, while its Secret can not be read. */
  readonly inUse: (peer: string) => SessionInUse | undefined;
}

export interface SessionInUse {
  readonly password?: string | undefined;
}

export const NO_PASSWORDS: SessionPasswords = { secrets: new Map(), inUse: () => undefined };
