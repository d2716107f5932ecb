/** What Skycap asks of the API server when nothing happens: counted in the API server's own audit log, by pod. */
import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AuditEvent, eventsIn } from '../../lab/audit.ts';
import type { Bench } from '../bench.ts';
import type { Figure } from '../figures.ts';
import { untilQuiet } from '../quiet.ts';

const WINDOW_MS = 180_000;
const QUICK_WINDOW_MS = 30_000;
const GOALS = { speaker: 10, allocator: 30, webhook: 10 } as const;
const QUIET_MS = 20_000;
/** After a change the speakers look once more, and the allocator frees what is left of it. */
const SETTLE_MS = 5_000;

type Component = keyof typeof GOALS;

interface PodAuditEvent extends AuditEvent {
  readonly user: AuditEvent['user'] & { readonly extra?: Readonly<Record<string, readonly string[]>> };
}

/** A watch is noted when it ends, which each does after five to ten minutes: it counts then. */
export async function measureRest(bench: Bench): Promise<Figure[]> {
  const { auditLog } = bench.lab.layout;
  const windowMs = bench.quick ? QUICK_WINDOW_MS : WINDOW_MS;
  await untilQuiet(QUIET_MS);
  await sleep(SETTLE_MS);
  const from = (await stat(auditLog)).size;
  await sleep(windowMs);
  const events = eventsIn(await readFrom(auditLog, from)) as readonly PodAuditEvent[];
  const busiest = (component: Component): readonly [pod: string, perMinute: number] => {
    const perPod = new Map<string, number>();
    for (const { user } of events) {
      const pod = user.extra?.['authentication.kubernetes.io/pod-name']?.[0] ?? '';
      if (pod.startsWith(`skycap-${component}-`)) perPod.set(pod, (perPod.get(pod) ?? 0) + 1);
    }
    const [pod = 'none', count = 0] = [...perPod].sort(([, a], [, b]) => b - a)[0] ?? [];
    return [pod, (count * 60_000) / windowMs];
  };
  return (Object.keys(GOALS) as Component[]).map((component) => {
    const [, perMinute] = busiest(component);
    return {
      what: `API requests a minute at rest, the busiest ${component}`,
      measured: `${perMinute.toFixed(1)} (${windowMs / 1000} s)`,
      goal: `≤ ${GOALS[component]}`,
      isMet: perMinute <= GOALS[component],
    };
  });
}

async function readFrom(path: string, position: number): Promise<string> {
  await using file = await open(path);
  const { size } = await file.stat();
  const buffer = Buffer.alloc(size - position);
  await file.read(buffer, 0, buffer.length, position);
  return buffer.toString('utf8');
}
