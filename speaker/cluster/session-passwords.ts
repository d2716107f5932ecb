/** Where the passwords of sessions come from, for the plan. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BgpPeerObject } from '../../lib/api/bgp/bgp-types.ts';
import { parseBgpPeer } from '../../lib/api/bgp/parse-bgp-peer.ts';
import type { SecretState } from '../../lib/api/bgp/peer/secret-password.ts';

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

export function namedSecrets(peers: Iterable<BgpPeerObject>): string[] {
  return [...peers].flatMap((raw) => {
    if (!raw.spec?.conf?.authPasswordSecretRef) return [];
    const parsed = parseBgpPeer(raw);
    return parsed.ok && parsed.value.passwordRef ? [parsed.value.passwordRef.name] : [];
  });
}

/** The configuration that BIRD was given last, by this process or the one before; empty where there is none. */
export function configOnDisk(runDir: string): string {
  try {
    return readFileSync(join(runDir, 'bird.conf'), 'utf8');
  } catch {
    return '';
  }
}
