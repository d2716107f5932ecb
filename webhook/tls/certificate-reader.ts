/**
 * Takes the certificate of cert-manager into use whenever its Secret changes, without a restart. A Secret that is gone or unusable changes nothing: the server
 * goes on with the certificate that it has. cert-manager puts the caBundle into the webhook configurations itself.
 */

import type { Secret } from '../../lib/api/service/service.ts';
import type { Store } from '../../lib/kube/cache/store.ts';
import { type CheckResult, failing, OK } from '../../lib/process/health/check.ts';
import type { Logger } from '../../lib/process/log.ts';
import type { Requeue } from '../../lib/process/loop/level-loop.ts';
import { judgeGiven, type ServingPair } from './given-certificate.ts';
import { TLS_SECRET } from './tls-keeper.ts';

export interface CertificateReaderDeps {
  readonly namespace: string;
  /** Has the one Secret. */
  readonly secrets: Store<Secret>;
  readonly serverName: string;
  readonly onContent: (pair: ServingPair) => void;
  readonly now: () => Date;
  readonly log: Logger;
}

/** A certificate may expire without a change of its Secret. */
const LOOK_EVERY_MS = 60_000;

export class CertificateReader {
  readonly #deps: CertificateReaderDeps;
  #inUse: { readonly certificate: string; readonly notAfterMs: number } | undefined;
  #trouble = 'the certificate is not there yet';

  constructor(deps: CertificateReaderDeps) {
    this.#deps = deps;
  }

  /** A {@link Check}: whether the API server can call the webhook. */
  readonly check = (): CheckResult => {
    const isValid = this.#inUse !== undefined && this.#inUse.notAfterMs > this.#deps.now().getTime();
    return isValid ? OK : failing(this.#trouble);
  };

  async act(): Promise<Requeue | undefined> {
    const { namespace, secrets, serverName, onContent, now, log } = this.#deps;
    if (!secrets.synced) return undefined;
    const secretKey = `${namespace}/${TLS_SECRET}`;
    const given = judgeGiven({ secret: secrets.get(secretKey), secretKey, serverName, nowMs: now().getTime() });
    if (given.kind === 'Unusable') {
      if (given.message !== this.#trouble) log.warn({ why: given.message }, 'certificate is not taken into use');
      this.#trouble = given.message;
    } else if (given.pair.certificate !== this.#inUse?.certificate) {
      onContent(given.pair);
      this.#inUse = { certificate: given.pair.certificate, notAfterMs: given.notAfterMs };
      log.info({ notAfter: new Date(given.notAfterMs).toISOString() }, 'took webhook certificate into use');
    }
    return { requeueAfterMs: LOOK_EVERY_MS };
  }
}
