/** A health check: ok, or a sentence about the problem. Pure. */

export type CheckResult = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** Uses known state without I/O, so that a probe is never slow. */
export type Check = () => CheckResult;

/** By name, as `/readyz` shows them. */
export type Checks = Readonly<Record<string, Check>>;

export interface Health {
  readonly ok: boolean;
  /** A line for each check, as in the API server's `/readyz?verbose`. */
  readonly text: string;
}

export const OK: CheckResult = { ok: true };

export function failing(message: string): CheckResult {
  return { ok: false, message };
}

/** A check that throws has failed; the others still run. */
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
