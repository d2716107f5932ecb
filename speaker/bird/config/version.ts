/** BIRD's version, as far as its configuration language differs between versions that Skycap runs with. */

export interface BirdVersion {
  readonly major: number;
  readonly minor: number;
  /** As BIRD writes it. */
  readonly text: string;
}

/** Reads `BIRD version 2.17.5` (command line) and `BIRD 2.17.5 ready.` (greeting on the control socket). */
export function parseBirdVersion(text: string): BirdVersion | undefined {
  const [, version, major, minor] = /\bBIRD (?:version )?v?(([0-9]+)\.([0-9]+)[^\s]*)/.exec(text) ?? [];
  if (version === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), text: version };
}

/** From 2.17 on a password needs `authentication md5;` (else BIRD warns); older ones do not know the word. */
export function saysAuthentication({ major, minor }: BirdVersion): boolean {
  return major > 2 || (major === 2 && minor >= 17);
}
