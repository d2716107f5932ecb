/** What a soak is: a test too long for CI, run by hand for a time or a number of runs. `soaks.ts` lists them, `main.ts` runs one. */

export interface SoakSettings {
  /** It ends by itself after this time … */
  readonly durationMs: number;
  /** … or after so many runs of whatever it counts, if that is sooner. */
  readonly runs: number;
  readonly seed: number;
  /** Of a failure that is to be run again. */
  readonly path: string | undefined;
  /** Ctrl-C: end in order, with what was measured by then. */
  readonly signal: AbortSignal;
}

export interface Soak {
  readonly name: string;
  readonly title: string;
  /**
   * @param tell how it stands now; the last of these is printed each minute.
   * @returns what was done, in a line.
   * @throws where something does not hold, with all that is needed to find out why.
   */
  run(settings: SoakSettings, tell: (state: string) => void): Promise<string>;
}
