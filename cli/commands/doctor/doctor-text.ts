/** The findings of `doctor` as text: a line for each check, and below it the findings with their remedies. PURE. */
import { quantityText } from '../../../lib/api/count.ts';
import { type Finding, objectText } from '../../../lib/preflight/finding.ts';
import type { Unread } from '../../../lib/snapshot/cluster-read.ts';
import { notesText } from '../../output/notes.ts';
import type { View } from '../../output/view.ts';
import type { CheckResult } from './checks.ts';

export function doctorText(checks: readonly CheckResult[], unread: readonly Unread[], view: View): string {
  const findings = checks.flatMap((one) => one.findings);
  const problems = findings.filter(({ isNotice }) => !isNotice).length;
  // The checks tell of the others.
  const missing = unread.filter(({ reason }) => reason !== 'Forbidden');
  const fixable = findings.filter(({ fix }) => fix).length;
  return [
    ...checks.map((check) => checkText(check, view)),
    '',
    conclusionOf(problems, checks, view),
    ...(fixable > 0 ? [`--fix can mend ${fixable}.`] : []),
    ...(missing.length > 0 ? [notesText(missing, view)] : []),
  ].join('\n');
}

function conclusionOf(problems: number, checks: readonly CheckResult[], view: View): string {
  if (problems > 0) return view.bad(`${quantityText(problems, 'problem')}.`);
  if (checks.every(({ unread }) => unread.length === 0)) return view.good('No problem found.');
  return view.warn('No problem found in what you may read.');
}

function checkText({ title, findings, unread }: CheckResult, view: View): string {
  const isBad = findings.some(({ isNotice }) => !isNotice);
  const isUnknown = unread.length > 0;
  const mark = isBad
    ? view.bad('✗')
    : isUnknown
      ? view.warn('?')
      : findings.length > 0
        ? view.warn('!')
        : view.good('✓');
  const lacks = isUnknown
    ? [view.dim(`    You may not read all ${unread.join(', ')}: the check is not complete.`)]
    : [];
  return [
    `${mark} ${view.bold(title)}`,
    ...lacks,
    ...findings.map((one) => indented(findingText(one, view), '    ')),
  ].join('\n');
}

function findingText({ reason, object, message, remedy, isNotice }: Finding, view: View): string {
  const mark = isNotice ? view.warn('!') : view.bad('✗');
  return `${mark} ${objectText(object)}  ${reason}\n  ${message}\n  ${view.dim('→')} ${remedy}`;
}

function indented(text: string, by: string): string {
  return text
    .split('\n')
    .map((line) => `${by}${line}`)
    .join('\n');
}
