/** The files of a tar.gz, by name. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

export async function untar(path: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for await (const entry of createReadStream(path).pipe(createGunzip()).pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    // Without the folder.
    files.set(entry.header.name.split('/').slice(1).join('/'), Buffer.concat(chunks).toString('utf8'));
  }
  return files;
}
