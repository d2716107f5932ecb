/** The error text of a session if another program has BIRD's port. The speaker writes it; speaker and allocator recognize it. */

/** @param who the other program, such as ` by nginx (pid 7), which listens on 0.0.0.0`, or an empty text. */
export function portInUseText(port: number, who: string): string {
  return `port ${port} of the node is taken${who}; stop it, or set spec.listenPort of the BgpConf; it is tried again by itself`;
}

export function isPortInUse(error: string | undefined): boolean {
  return error !== undefined && /^port [0-9]+ of the node is taken/.test(error);
}
