/** Half an hour and more of 20 changes a second, after which nothing may have grown: see `test/real/memory/`. */
import { Components } from '../real/memory/components.ts';
import { watchGrowth } from '../real/memory/watch-growth.ts';
import type { Soak } from './soak.ts';

export const memorySoak: Soak = {
  name: 'memory',
  title: 'heap, open files and timers of webhook, allocator and speaker under 20 changes a second',
  async run({ durationMs, signal }, tell) {
    await using components = await Components.start();
    const { problems, texts, changes } = await watchGrowth(components, { durationMs, signal, tell });
    if (problems.length > 0) throw new Error(problems.join('\n'));
    const used = Object.entries(texts).map(([name, text]) => `${name}: ${text}`);
    return `${changes} changes; ${used.join('; ')}`;
  },
};
