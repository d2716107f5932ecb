/** A command of the model: fast-check generates, prints and runs them; what a step does to the real system stands in `steps.ts`. */
import fc from 'fast-check';
import type { Run } from './run.ts';

/** Names of the run's Services: seven that steps pick from, so that they meet, and those that were generated. */
export interface Model {
  readonly generated: string[];
}

export type Act = (run: Run, model: Model) => Promise<void>;

export class Step implements fc.AsyncCommand<Model, Run> {
  readonly #text: string;
  readonly act: Act;

  constructor(text: string, act: Act) {
    this.#text = text;
    this.act = act;
  }

  /** Any step may come at any time: what can't be done is refused by the API server. */
  check(): boolean {
    return true;
  }

  async run(model: Model, run: Run): Promise<void> {
    run.note(this.toString());
    await this.act(run, model);
    run.throwIfViolated();
  }

  toString(): string {
    return this.#text;
  }
}

/** A step with arguments that fast-check chooses. */
export function step<T>(name: string, args: fc.Arbitrary<T>, act: (run: Run, args: T, model: Model) => Promise<void>) {
  return args.map(
    (chosen) =>
      new Step(`${name} ${chosen === undefined ? '' : fc.stringify(chosen)}`, (run, model) => act(run, chosen, model)),
  );
}

/** Several steps at once, as several users. */
export function together(steps: fc.Arbitrary<Step>): fc.Arbitrary<Step> {
  return fc.array(steps, { minLength: 2, maxLength: 4 }).map((all) => {
    const text = `together: ${all.join(' | ')}`;
    return new Step(text, async (run, model) => {
      const ends = await Promise.allSettled(all.map(({ act }) => act(run, model)));
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    });
  });
}
