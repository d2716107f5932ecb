/** Whether a test file runs in a lab, for the file that looks back at all labs of the run. */
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layoutOf } from '../../lab/layout.ts';

export async function markLabInUse(name: string, isInUse: boolean): Promise<void> {
  if (isInUse) await writeFile(markOf(name), `${process.pid}\n`);
  else await rm(markOf(name), { force: true });
}

export async function isLabInUse(name: string): Promise<boolean> {
  return stat(markOf(name)).then(
    () => true,
    () => false,
  );
}

function markOf(name: string): string {
  return join(layoutOf(name).state, 'in-use');
}
