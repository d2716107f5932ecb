/** When, and on what machine: without it no figure means anything. */
import { cpus, totalmem } from 'node:os';

export function machineLine(now = new Date()): string {
  const [first] = cpus();
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`;
  return `${now.toISOString().slice(0, 10)}, ${cpus().length} × ${first?.model.trim() ?? 'processor'}, ${memory}, Node ${process.versions.node}`;
}
