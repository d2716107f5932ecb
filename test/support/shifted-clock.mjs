// For `node --import`: the clocks of the process differ from the machine's by what the file CLOCK_FILE says, `{ "wallMs": 3600000, "monotonicMs": 0 }`. The file is
// read again and again, so a test makes the clocks jump by writing it; the file CLOCK_FILE.read then has the same text. Timers stay.
import { readFileSync, writeFileSync } from 'node:fs';

const READ_EVERY_MS = 20;
const RealDate = Date;
const realNow = performance.now.bind(performance);
let shift = { wallMs: 0, monotonicMs: 0 };
let last = '';

function read() {
  try {
    const text = readFileSync(process.env.CLOCK_FILE, 'utf8');
    if (text === last) return;
    shift = JSON.parse(text);
    last = text;
    writeFileSync(`${process.env.CLOCK_FILE}.read`, text);
  } catch {
    // Being written: the next reading has it.
  }
}

read();
setInterval(read, READ_EVERY_MS).unref();

globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [RealDate.now() + shift.wallMs] : given));
  }

  static now() {
    return RealDate.now() + shift.wallMs;
  }
};
performance.now = () => realNow() + shift.monotonicMs;
