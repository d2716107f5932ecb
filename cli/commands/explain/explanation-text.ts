/** An explanation as text: a line for each step with its mark, then its details, its remedy, the changes that would help, and what could not be read. PURE. */
import type { Explanation, Step, Trial } from '../../../lib/explain/explanation.ts';
import { notesText } from '../../output/notes.ts';
import type { View } from '../../output/view.ts';

export function explanationText({ subject, steps, trials = [], unread }: Explanation, view: View): string {
  return [
    view.bold(subject),
    ...steps.flatMap((step) => stepLines(step, view)),
    ...(trials.length > 0
      ? ['', view.bold('What would help'), ...trials.flatMap((trial) => trialLines(trial, view))]
      : []),
    ...(unread.length > 0 ? ['', notesText(unread, view)] : []),
  ].join('\n');
}

function stepLines({ state, fact, from, reason, remedy, command, details = [] }: Step, view: View): string[] {
  const marks = { ok: view.good('✓'), warning: view.warn('!'), failed: view.bad('✗'), unknown: view.warn('?') };
  const shown = reason && state !== 'ok' ? `${reason}: ` : '';
  return [
    `${marks[state]} ${view.dim(`${from}:`)} ${shown}${fact}`,
    ...details.map((detail) => `    ${detail}`),
    ...(remedy && state !== 'ok' ? [`    → ${remedy}`] : []),
    ...(command && state !== 'ok' ? [`      ${command}`] : []),
  ];
}

function trialLines({ change, helps, outcome, command }: Trial, view: View): string[] {
  const mark = helps ? view.good('✓') : view.bad('✗');
  return [`${mark} ${change}: ${outcome}`, ...(command ? [`    ${command}`] : [])];
}
