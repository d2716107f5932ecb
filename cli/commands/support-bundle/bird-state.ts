/** The state of BIRD in a pod, by `kubectl exec`. */
import type { Session } from '../../session/session.ts';

const QUESTIONS = ['show status', 'show protocols all', 'show route count', 'show route all', 'show bfd sessions'];

/** @throws with kubectl's words. */
export async function birdState({ kubectl }: Session, namespace: string, pod: string): Promise<string> {
  const answers: string[] = [];
  for (const question of QUESTIONS) {
    const command = ['birdcl', '-r', '-s', '/run/skycap/bird.ctl', ...question.split(' ')];
    answers.push(`# ${question}\n${await kubectl(['exec', '-n', namespace, pod, '-c', 'bird', '--', ...command])}`);
  }
  return answers.join('\n');
}
