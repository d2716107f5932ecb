/** Parses the password of a BgpPeer, or the reference to the Secret with the password. No problem shows a password. */
import { mapAt } from '../../meta/shapes.ts';
import { type Problem, textOf } from '../../problem.ts';
import type { BgpPeer } from '../bgp.ts';
import { asksForSomething } from '../bgp-fields.ts';
import type { BgpPeerObject } from '../bgp-types.ts';

type Conf = NonNullable<NonNullable<BgpPeerObject['spec']>['conf']>;

/** The kernel's limit (`TCP_MD5SIG_MAXKEYLEN`). BIRD accepts a longer password and then fails to open the socket. */
const PASSWORD_BYTES = 80;
const PASSWORD = 'spec.conf.authPassword';
const REF = 'spec.conf.authPasswordSecretRef';
/** The key of a password in a Secret of the type kubernetes.io/basic-auth. */
const DEFAULT_KEY = 'password';
/** A DNS subdomain (RFC 1123), the form of a Secret's name in Kubernetes. */
const SECRET_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const SECRET_KEY = /^[-._a-zA-Z0-9]{1,253}$/;

export function passwordsOf(conf: Conf, problems: Problem[]): Pick<BgpPeer, 'password' | 'passwordRef'> {
  const { authPassword: raw } = conf;
  const ref = mapAt(conf.authPasswordSecretRef, REF, problems);
  if (asksForSomething(conf.authPasswordSecretRef)) {
    if (asksForSomething(raw)) problems.push({ field: PASSWORD, message: `must be left out beside ${REF}` });
    return refOf(ref, problems);
  }
  if (raw === undefined || raw === null || raw === '') return {};
  const fault = passwordFault(raw);
  if (fault === undefined) return { password: raw };
  problems.push({ field: PASSWORD, message: fault });
  return {};
}

/** The reason why a text is not valid as a password. BIRD's strings have no escapes, and a line of 10 kB crashes BIRD's parser. */
export function passwordFault(raw: unknown): string | undefined {
  if (typeof raw !== 'string' || /["\p{Cc}]/u.test(raw) || !raw.isWellFormed())
    return 'has a double quote or a control character (value not shown); write a password without';
  if (Buffer.byteLength(raw) > PASSWORD_BYTES)
    return `is longer than ${PASSWORD_BYTES} bytes (value not shown); write a shorter password`;
  return undefined;
}

function refOf(
  { name, key }: NonNullable<Conf['authPasswordSecretRef']>,
  problems: Problem[],
): Pick<BgpPeer, 'passwordRef'> {
  const secretKey = asksForSomething(key) ? key : DEFAULT_KEY;
  const isKey = typeof secretKey === 'string' && SECRET_KEY.test(secretKey);
  const isName = typeof name === 'string' && name.length <= 253 && SECRET_NAME.test(name);
  if (!isName) {
    const message = "is not a Secret's name; write one such as skycap-bgp-passwords";
    problems.push({ field: `${REF}.name`, value: textOf(name ?? ''), message });
  }
  if (!isKey) {
    const message = 'is not a key of a Secret; write one such as router-1, or leave it out for password';
    problems.push({ field: `${REF}.key`, value: textOf(key), message });
  }
  return isName && isKey ? { passwordRef: { name, key: secretKey } } : {};
}
