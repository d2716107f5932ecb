/** The findings of `doctor` as text: a line for each check, and below it the findings with their remedies. PURE. */
import { quantityText } from '../../../lib/api/count.ts';
import { type Finding, objectText } from '../../../lib/preflight/finding.ts';
import type { Unread } from '../../../lib/snapshot/cluster-read.ts';
import type { View } from '../../output/view.ts';
import type { CheckResult } from './checks.ts';

export function doctorText(checks: readonly CheckResult[], unread: readonly Unread[], view: View): string {
  const findings = checks.flatMap((one) => one.findings);
  const problems = findings.filter(({ isNotice }) => !isNotice).length;
  const fixable = findings.filter(({ fix }) => fix).length;
  return [
    ...checks.map((check) => checkText(check, view)),
    '',
    problems === 0 ? view.good('No problem found.') : view.bad(`${quantityText(problems, 'problem')}.`),
    ...(fixable > 0 ? [`--fix can mend ${fixable}.`] : []),
    ...unread.map(({ message }) => view.dim(`Note: ${message}`)),
  ].join('\n');
}

function checkText({ title, findings }: CheckResult, view: View): string {
  const isBad = findings.some(({ isNotice }) => !isNotice);
  const mark = isBad ? view.bad('✗') : findings.length > 0 ? view.warn('!') : view.good('✓');
  return [`${mark} ${view.bold(title)}`, ...findings.map((one) => indented(findingText(one, view), '    '))].join('\n');
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
