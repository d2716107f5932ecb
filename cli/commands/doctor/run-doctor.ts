/** Reads the cluster for `doctor`, checks, mends where the user asks for it, and reports. */
import type { Finding } from '../../../lib/preflight/finding.ts';
import { unreadIn } from '../../../lib/snapshot/cluster-read.ts';
import { EXIT } from '../../exit-codes.ts';
import type { Report } from '../../output/report.ts';
import { CommandError } from '../../session/failure.ts';
import type { Session } from '../../session/session.ts';
import { checksOf } from './checks.ts';
import { doctorText } from './doctor-text.ts';
import { gatherFacts } from './gather-facts.ts';
import { makeFixes } from './make-fix.ts';

export interface DoctorOptions {
  readonly fix?: boolean;
  readonly yes?: boolean;
}

export async function runDoctor(session: Session, { fix = false, yes = false }: DoctorOptions): Promise<Report> {
  if (yes && !fix) throw new CommandError('--yes answers the questions of --fix: give --fix too.');
  const facts = await gatherFacts(session);
  const found = checksOf(facts);
  const results = fix
    ? await makeFixes(
        found.flatMap(({ findings }) => findings),
        session,
        yes,
      )
    : new Map();
  const checks = found.map((one) => ({
    ...one,
    findings: one.findings.filter((finding) => results.get(finding) !== 'fixed'),
  }));
  const left = checks.flatMap(({ findings }) => findings);
  const unread = [...unreadIn(facts.cluster), ...facts.reader.unread];
  return {
    data: { checks: checks.map((one) => ({ ...one, findings: one.findings.map(dataOf) })), unread },
    text: (view) => doctorText(checks, unread, view),
    exitCode: left.some(({ isNotice }) => !isNotice) ? EXIT.problem : EXIT.fine,
  };
}

function dataOf({ reason, object, message, remedy, isNotice = false, fix }: Finding) {
  return {
    severity: isNotice ? 'notice' : 'problem',
    reason,
    object,
    message,
    remedy,
    ...(fix && { fix: fix.action }),
  };
}
