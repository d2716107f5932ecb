/** What a process tells of itself, and that telling it does not keep it awake. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const METRICS = join(import.meta.dirname, '../../../../lib/process/metrics.ts');

it('counts memory and processor time, and wakes nobody for it', () => {
  const program = `import { readFileSync } from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    import { createMetrics } from ${JSON.stringify(METRICS)};
    const registry = createMetrics('test');
    const wakes = () => Number(/^voluntary_ctxt_switches:\\s+(\\d+)$/m.exec(readFileSync('/proc/self/task/' + process.pid + '/status', 'utf8'))[1]);
    await setTimeout(500);
    const before = wakes();
    await setTimeout(1_000);
    console.log(JSON.stringify({ wakes: wakes() - before, text: await registry.metrics() }));`;
  const { NODE_OPTIONS: _, ...env } = process.env;
  const args = ['--input-type=module', '--eval', program];
  const said = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env }));
  expect(said.text).toMatch(/^process_resident_memory_bytes\{component="test"\} \d+$/m);
  expect(said.text).toMatch(/^process_cpu_seconds_total\{component="test"\} [\d.]+$/m);
  expect(said.text).not.toMatch(/nodejs_eventloop_lag_\w+_seconds/);
  expect(said.wakes).toBeLessThan(30);
});
