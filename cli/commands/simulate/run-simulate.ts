/** Reads the cluster for `simulate`, tries the change, and reports. */
import { type Simulation, simulate } from '../../../lib/explain/simulation/simulate.ts';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { sentencesOf } from '../../output/notes.ts';
import type { Report } from '../../output/report.ts';
import { CommandError } from '../../session/failure.ts';
import type { Session } from '../../session/session.ts';
import { readWorld } from './read-world.ts';
import { simulationText } from './simulation-text.ts';
import type { Wish } from './wish.ts';
import { wishedChange } from './wished-change.ts';

export async function runSimulate(session: Session, wish: Wish): Promise<Report> {
  const change = await wishedChange(wish, session.namespace);
  const { world, unread } = await readWorld(session, change);
  const missing = sentencesOf(unread);
  const simulated = simulate(world, change);
  if (!simulated.ok) {
    const isSeen = unread.length === 0;
    throw new CommandError(
      isSeen ? simulated.message : `As far as you may read: ${[simulated.message, ...missing].join(' ')}`,
      isSeen ? EXIT.usage : EXIT.cluster,
    );
  }
  const simulation = { ...simulated.simulation, notes: [...missing, ...simulated.simulation.notes], unread };
  return { data: simulation, text: (view) => simulationText(simulation, view), exitCode: exitCodeOf(simulation) };
}

function exitCodeOf({ losses, verdicts }: Simulation): ExitCode {
  if (losses.length > 0) return EXIT.loss;
  return verdicts.some(({ refused }) => refused !== undefined) ? EXIT.problem : EXIT.fine;
}
