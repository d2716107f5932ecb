/** Reads the JSON body of an admission review. */
import type { IncomingMessage } from 'node:http';
import { BODY_LIMIT_BYTES, type Refusal } from '../review/review.ts';

export type ReadBody =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly refusal: Refusal; readonly problem: string };

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;

export async function readBody(request: IncomingMessage): Promise<ReadBody> {
  const unsupported = unsupportedBy(request);
  if (unsupported) return { ok: false, refusal: 'UnsupportedMediaType', problem: unsupported };
  const bytes = await readBytes(request);
  if (!bytes) {
    return { ok: false, refusal: 'RequestEntityTooLarge', problem: `it is longer than ${BODY_LIMIT_BYTES} bytes` };
  }
  try {
    return { ok: true, body: JSON.parse(bytes.toString('utf8')) };
  } catch (error) {
    return { ok: false, refusal: 'BadRequest', problem: (error as Error).message };
  }
}

function unsupportedBy({ headers }: IncomingMessage): string | undefined {
  const type = headers['content-type'] ?? '';
  if (type.split(';', 1)[0]?.trim().toLowerCase() !== 'application/json') {
    return 'the content type is not application/json';
  }
  const charset = CHARSET.exec(type)?.[1] ?? 'utf-8';
  if (!/^utf-?8$/i.test(charset)) return `the charset is ${charset}, not utf-8`;
  const encoding = headers['content-encoding'] ?? 'identity';
  return encoding === 'identity' ? undefined : `the content encoding is ${encoding}`;
}

/** @returns undefined for a body beyond the limit, which is read to its end: a client reads no answer before. */
function readBytes(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= BODY_LIMIT_BYTES) chunks.push(chunk);
    });
    request.on('end', () => resolve(length <= BODY_LIMIT_BYTES ? Buffer.concat(chunks, length) : undefined));
    request.on('error', reject);
  });
}
