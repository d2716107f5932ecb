/** Three minutes of 20 changes a second: nothing that a component uses may grow with them. `npm run test:soak -- memory` does it for longer. */
import { Components } from './components.ts';
import { watchGrowth } from './watch-growth.ts';

const MINUTE_MS = 60_000;

let components: Components;

beforeAll(async () => {
  components = await Components.start();
}, 120_000);

afterAll(() => components?.[Symbol.asyncDispose]());

it(
  'uses no more after thousands of changes than before',
  async () => {
    const { problems, texts, changes } = await watchGrowth(components, { durationMs: 3 * MINUTE_MS });
    process.stderr.write(`${changes} changes; ${JSON.stringify(texts)}\n`);
    expect(problems).toEqual([]);
  },
  8 * MINUTE_MS,
);
