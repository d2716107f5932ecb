/**
 * Three minutes of 20 changes a second: nothing that a component uses may grow with them. `npm run test:soak -- memory 30m` is the same for longer, and
 * finds what is smaller.
 */
import { Components } from './components.ts';
import { watchGrowth } from './watch-growth.ts';

const MINUTE_MS = 60_000;
const CHURN_MS = 3 * MINUTE_MS;

let components: Components;

beforeAll(async () => {
  components = await Components.start();
}, 4 * MINUTE_MS);

afterAll(() => components?.[Symbol.asyncDispose]());

it(
  'uses no more after thousands of changes than before',
  async () => {
    const { problems, texts, changes } = await watchGrowth(components, { durationMs: CHURN_MS });
    process.stderr.write(
      `${changes} changes; ${Object.entries(texts)
        .map((text) => text.join(': '))
        .join('; ')}\n`,
    );
    expect(problems).toEqual([]);
  },
  CHURN_MS + 10 * MINUTE_MS,
);
