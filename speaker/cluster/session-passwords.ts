/** The sources of the passwords of sessions: the Secrets that BgpPeers name, and the bird.conf on disk. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BgpPeerObject } from '../../lib/api/bgp/bgp-types.ts';
import { parseBgpPeer } from '../../lib/api/bgp/parse-bgp-peer.ts';

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
