/**
 * Tells whether a Service with a token is stored. The API server can't select Services by a token, so this class lists the namespace. One list answers all questions
 * within a second.
 */
import { CLAIM_ANNOTATION } from '../../lib/api/keys.ts';
import { pagesOf } from '../../lib/kube/cache/pages.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { SERVICES } from '../../lib/kube/resource.ts';

const LIST_GOOD_FOR_MS = 1_000;
const PAGE_SIZE = 500;

export interface StoredTokensDeps {
  readonly client: KubeClient;
  readonly monotonicMs: () => number;
}

export class StoredTokens {
  readonly #deps: StoredTokensDeps;
  #listed = new Map<string, { readonly atMs: number; readonly tokens: ReadonlySet<string> }>();

  constructor(deps: StoredTokensDeps) {
    this.#deps = deps;
  }

  async has(namespace: string, token: string, signal: AbortSignal): Promise<boolean> {
    const now = this.#deps.monotonicMs();
    const known = this.#listed.get(namespace);
    if (known && now - known.atMs < LIST_GOOD_FOR_MS) return known.tokens.has(token);
    const tokens = await this.#tokensIn(namespace, signal);
    // Old lists have no further use. Removing them keeps the map as small as the burst.
    this.#listed = new Map([...this.#listed].filter(([, { atMs }]) => now - atMs < LIST_GOOD_FOR_MS));
    this.#listed.set(namespace, { atMs: now, tokens });
    return tokens.has(token);
  }

  async #tokensIn(namespace: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const tokens = new Set<string>();
    for await (const page of pagesOf(this.#deps.client, SERVICES, { namespace, limit: PAGE_SIZE, signal })) {
      for (const { metadata } of page.items) {
        const token = metadata.annotations?.[CLAIM_ANNOTATION];
        if (token) tokens.add(token);
      }
    }
    return tokens;
  }
}
