/** `SHA256SUMS`, as `sha256sum --check` reads it. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

export const CHECKSUMS = 'SHA256SUMS';

/** @param folder whose files get a line each. */
export async function writeChecksums(folder: string): Promise<void> {
  const lines: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (name !== CHECKSUMS) lines.push(`${await sha256(join(folder, name))}  ${name}\n`);
  }
  await writeFile(join(folder, CHECKSUMS), lines.join(''));
}

export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
