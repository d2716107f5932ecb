/** A health check: fine, or a sentence that says what is wrong. Pure. */

export type CheckResult = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** Looks at what is known; it does no I/O of its own, so that a probe is never slow. */
export type Check = () => CheckResult;

/** By name, as `/readyz` shows them. */
export type Checks = Readonly<Record<string, Check>>;

export interface Health {
  readonly ok: boolean;
  /** One line a check, as the API server's own `/readyz?verbose` has them. */
  readonly text: string;
}

export const OK: CheckResult = { ok: true };

export function failing(message: string): CheckResult {
  return { ok: false, message };
}

/** A check that throws has failed; the others are still heard. */
export function evaluate(checks: Checks): Health {
  const results = Object.entries(checks).map(([name, check]) => ({ name, result: resultOf(check) }));
  const lines = results.map(({ name, result }) => (result.ok ? `[+] ${name} ok` : `[-] ${name}: ${result.message}`));
  return { ok: results.every(({ result }) => result.ok), text: [...lines, ''].join('\n') };
}

function resultOf(check: Check): CheckResult {
  try {
    return check();
  } catch (error) {
    return failing(`the check itself failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
