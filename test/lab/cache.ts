/** Folders that outlive a lab: built programs, package archives, images. Everything in them can be made again. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** @returns `skycap` in the user's cache folder (XDG Base Directory Specification), with the parts appended. */
export function cachePath(...parts: string[]): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'skycap', ...parts);
}
