/** Shows progress: a line with the seconds for each finished step, and a moving line for the present step. */

export interface Progress {
  /** Runs `work` and reports it under `title`; `note` says how far it is. */
  step<T>(title: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
}

const REDRAW_EVERY_MS = 200;
/** Without a terminal there is no moving line. A log gets a line now and then, so that it never looks stuck. */
const LOG_EVERY_MS = 15_000;
const CLEAR_LINE = '\r\u001b[2K';

/** Writes the progress to the stream (standard error by default, so that output can be piped). */
export function consoleProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const clear = stream.isTTY ? CLEAR_LINE : '';
  return {
    async step(title, work) {
      const started = performance.now();
      let note = '';
      const line = () => `${seconds(started)}  ${title}${note && `: ${note}`} …`;
      const draw = () =>
        stream.write(stream.isTTY ? `${clear}${line().slice(0, (stream.columns || 80) - 1)}` : `${line()}\n`);
      const timer = setInterval(draw, stream.isTTY ? REDRAW_EVERY_MS : LOG_EVERY_MS);
      const finish = (how: string) => {
        clearInterval(timer);
        stream.write(`${clear}${seconds(started)}  ${title}${how}\n`);
      };
      try {
        const result = await work((text) => {
          note = text.trim();
        });
        finish('');
        return result;
      } catch (error) {
        finish(': failed');
        throw error;
      }
    },
  };
}

/** Writes nothing. */
export const silentProgress: Progress = {
  step: (_title, work) => work(() => {}),
};

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1).padStart(6)} s`;
}
