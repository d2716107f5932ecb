/** The words in which a session says that BIRD's port is another program's: written by the speaker, and told from others by both. */

/** @param who ` by nginx (pid 7), which listens on 0.0.0.0`, or nothing. */
export function portInUseText(port: number, who: string): string {
  return `port ${port} of the node is taken${who}; stop it, or set spec.listenPort of the BgpConf; it is tried again by itself`;
}

export function isPortInUse(error: string | undefined): boolean {
  return error !== undefined && /^port [0-9]+ of the node is taken/.test(error);
}
