/** Reads the password of a BgpPeer from its Secret. PURE. */
import type { PasswordRef } from '../bgp.ts';
import { PASSWORD_SECRET } from './bgp-peer-notes.ts';
import { passwordFault } from './parse-password.ts';

/** The state of a Secret in the speaker; `data` is base64. */
export type SecretState =
  | { readonly kind: 'found'; readonly data: Readonly<Record<string, string>> }
  | { readonly kind: 'missing' }
  | { readonly kind: 'forbidden' }
  /** The speaker has not read the Secret yet. */
  | { readonly kind: 'unread' };

export type SecretPassword =
  | { readonly ok: true; readonly password: string }
  | { readonly ok: false; readonly message: string };

export function secretPassword({ name, key }: PasswordRef, secret: SecretState): SecretPassword {
  const failed = (message: string): SecretPassword => ({ ok: false, message });
  switch (secret.kind) {
    case 'missing':
      return failed(`there is no Secret ${name} in Skycap's namespace; create it with the key ${key}`);
    case 'forbidden':
      return failed(`the speakers may not read the Secret ${name}; add its name to the Role ${PASSWORD_SECRET}`);
    case 'unread':
      return failed(`the Secret ${name} has not been read yet`);
    case 'found': {
      const encoded = Object.hasOwn(secret.data, key) ? secret.data[key] : undefined;
      if (encoded === undefined) return failed(`the Secret ${name} has no key ${key}; add it`);
      // Files and `echo` end with a newline that is not part of the password.
      const password = Buffer.from(encoded, 'base64')
        .toString('utf8')
        .replace(/\r?\n$/, '');
      if (password === '') return failed(`the key ${key} of the Secret ${name} is empty; write the password`);
      const fault = passwordFault(password);
      return fault === undefined ? { ok: true, password } : failed(`the key ${key} of the Secret ${name} ${fault}`);
    }
  }
}
