/**
 * Takes out of objects and texts what must not leave the cluster: passwords, tokens, keys, annotations of others. PURE.
 *
 * Everything in the archive passes here. A text too many is removed rather than one too few.
 */

export const REMOVED = '(removed)';

const SECRET_WORD =
  'passw(?:or)?d|passphrase|secret|token|credential|api[_-]?key|private[_-]?key|authorization|community-string';
const SECRET_KEY = new RegExp(SECRET_WORD, 'i');
/** `secretName` and `authPasswordSecretRef` say where a secret is. */
const IS_REFERENCE = /(name|names|ref|refs)$/i;

const KEPT_ANNOTATIONS = /(^|\.)(kubernetes\.io|k8s\.io|kubesphere\.io|skycap\.io|helm\.sh)\//;
/** The whole object as somebody applied it; the token that ties a Service to its claim. */
const REMOVED_ANNOTATIONS = ['kubectl.kubernetes.io/last-applied-configuration', 'skycap.io/claim'];

const IN_TEXT: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REMOVED],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${REMOVED}`],
  [/\beyJ[\w-]{8,}(?:\.[\w-]*){1,2}/g, REMOVED],
  [/(\/\/[^\s/:@]+:)[^\s/@]+@/g, `$1${REMOVED}@`],
  // As in bird.conf: password "text";
  [/(passw(?:or)?d\s+)"(?:[^"\\]|\\.)*"/gi, `$1"${REMOVED}"`],
  [
    new RegExp(
      `([\\w.-]*(?:${SECRET_WORD})[\\w.-]*["']?\\s*[:=]\\s*)("(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s,;{}\\[\\]"']+)`,
      'gi',
    ),
    `$1${REMOVED}`,
  ],
];

export function redactText(text: string): string {
  return IN_TEXT.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

/** Lines of a log: JSON keeps its form. */
export function redactLog(text: string): string {
  return text.split('\n').map(redactLine).join('\n');
}

function redactLine(line: string): string {
  if (!line.startsWith('{')) return redactText(line);
  try {
    return JSON.stringify(redactValue(JSON.parse(line)));
  } catch {
    return redactText(line);
  }
}

/** An object of the API, or a part of it. */
export function redactValue(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redactValue);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([key]) => key !== 'managedFields');
  return Object.fromEntries(fields.map(([key, field]) => [key, redactField(key, field, value)]));
}

function redactField(key: string, field: unknown, of: object): unknown {
  if (key === 'annotations') return redactAnnotations(field);
  if (typeof field === 'string' && isSecret(key)) return REMOVED;
  // An environment variable of a pod.
  const { name } = of as { readonly name?: unknown };
  if (key === 'value' && typeof name === 'string' && isSecret(name)) return REMOVED;
  return redactValue(field);
}

function isSecret(key: string): boolean {
  return SECRET_KEY.test(key) && !IS_REFERENCE.test(key);
}

function redactAnnotations(annotations: unknown): unknown {
  if (typeof annotations !== 'object' || annotations === null) return annotations;
  return Object.fromEntries(
    Object.entries(annotations).map(([key, text]) => {
      const isKept = KEPT_ANNOTATIONS.test(key) && !REMOVED_ANNOTATIONS.includes(key) && !isSecret(key);
      return [key, isKept ? redactValue(text) : REMOVED];
    }),
  );
}
