/**
 * Reads the passwords of the sessions back from a bird.conf that `render.ts` wrote, so that a speaker that was just started keeps the password of a session whose
 * Secret is gone. PURE.
 */

/** Each session by the symbol of its protocol, those without a password too. */
export function readPasswords(text: string): ReadonlyMap<string, { readonly password?: string }> {
  const passwords = new Map<string, { readonly password?: string }>();
  let symbol: string | undefined;
  for (const line of text.split('\n')) {
    symbol = /^protocol bgp (\w+) \{$/.exec(line)?.[1] ?? (line === '}' ? undefined : symbol);
    if (symbol === undefined) continue;
    const [, password] = /^ {2}password "([^"]*)";$/.exec(line) ?? [];
    if (password !== undefined) passwords.set(symbol, { password });
    else if (!passwords.has(symbol)) passwords.set(symbol, {});
  }
  return passwords;
}
