/** What a person watching sees: a line when something is done, with the seconds it took, and one that moves while it is not. */

export interface Progress {
  /** Runs `work` and reports it under `title`; `note` shows how far it is. */
  step<T>(title: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
}

const NOTE_EVERY_MS = 100;
/** Without a terminal a moving line cannot be drawn; a log gets a line now and then, so that it never looks stuck. */
const LOG_EVERY_MS = 15_000;
const CLEAR_LINE = '\r\u001b[2K';

/** Tells everything on the stream (standard error by default, so that output can be piped). */
export function consoleProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return {
    async step(title, work) {
      const started = performance.now();
      const seconds = () => `${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s`;
      let drawnAt = started;
      const note = (text: string) => {
        if (performance.now() - drawnAt < (stream.isTTY ? NOTE_EVERY_MS : LOG_EVERY_MS)) return;
        drawnAt = performance.now();
        const line = `${seconds()}  ${title}: ${text}`;
        stream.write(stream.isTTY ? `${CLEAR_LINE}${line.slice(0, (stream.columns || 80) - 1)}` : `${line}\n`);
      };
      if (stream.isTTY) stream.write(`${seconds()}  ${title}`);
      try {
        const result = await work(note);
        stream.write(`${stream.isTTY ? CLEAR_LINE : ''}${seconds()}  ${title}\n`);
        return result;
      } catch (error) {
        stream.write(`${stream.isTTY ? CLEAR_LINE : ''}${seconds()}  ${title}: failed\n`);
        throw error;
      }
    },
  };
}

/** Tells nothing. */
export const silentProgress: Progress = {
  step: (_title, work) => work(() => {}),
};
