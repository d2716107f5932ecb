/** The state of BIRD in a pod, by `kubectl exec`. */
import type { Session } from '../../session/session.ts';

const QUESTIONS = ['show status', 'show protocols all', 'show route count', 'show route all', 'show bfd sessions'];

/** @throws if BIRD answers none of the questions, with kubectl's words about the first one. */
export async function birdState({ kubectl, signal }: Session, namespace: string, pod: string): Promise<string> {
  const exec = ['exec', '-n', namespace, pod, '-c', 'bird', '--', 'birdcl', '-r', '-s', '/run/skycap/bird.ctl'];
  const ask = async (question: string): Promise<string> =>
    `# ${question}\n${await kubectl([...exec, ...question.split(' ')])}`;
  const [first = '', ...others] = QUESTIONS;
  const answers = [await ask(first)];
  for (const question of others) {
    // BIRD refuses a question about a protocol that does not run.
    const answer = ask(question).catch((error: Error) => `# ${question}\n${error.message}\n`);
    answers.push(await answer);
    signal.throwIfAborted();
  }
  return answers.join('\n');
}
