/** Programs and libraries in a folder that is the root of an image, as `readelf` of binutils reads them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../lab/shell.ts';

export interface ElfFile {
  readonly path: string;
  /** Such as `AArch64`. */
  readonly machine: string;
  /** Names of libraries. */
  readonly needed: readonly string[];
}

export const READELF_PACKAGE = { binutils: 'readelf' };

/** @returns the files that are in the format ELF. */
export async function elfFiles(root: string): Promise<ElfFile[]> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const text = await run('bash', ['-c', 'xargs -0 readelf --file-header --dynamic --wide 2>/dev/null || true'], {
    input: files.join('\0'),
    env: { LC_ALL: 'C' },
  });
  return text
    .split(/^File: /m)
    .slice(1)
    .flatMap((part) => {
      const machine = /^ {2}Machine: +(.+)$/m.exec(part)?.[1];
      const needed = [...part.matchAll(/\(NEEDED\) +Shared library: \[(.+)\]/g)].map(([, name = '']) => name);
      return machine ? [{ path: part.slice(root.length, part.indexOf('\n')), machine, needed }] : [];
    });
}
