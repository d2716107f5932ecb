/** Separates the problems and warnings that an update adds from those of the stored object, by their sentences. PURE. */
import { formatProblem, type Problem } from '../../api/problem.ts';

export interface SplitProblems {
  /** Reasons to refuse the update. */
  readonly added: readonly Problem[];
  /** Sentences for warnings. */
  readonly known: readonly string[];
}

export function splitProblems(now: readonly Problem[], before: readonly Problem[]): SplitProblems {
  const old = new Set(before.map(formatProblem));
  return {
    added: now.filter((problem) => !old.has(formatProblem(problem))),
    known: now.map(formatProblem).filter((sentence) => old.has(sentence)),
  };
}

/** The warnings that `before` does not have: an update repeats no warning. */
export function newWarnings(now: readonly string[], before: readonly string[]): string[] {
  return now.filter((warning) => !before.includes(warning));
}
