/** Which policy is in force: a broken one, or one that is gone, changes nothing while the former is known. */

import { KnownPolicy } from '../../../../lib/announce/known-policy.ts';
import type { ConfigMap } from '../../../../lib/api/policy/find-policy.ts';
import { makePlan } from '../../../../lib/bgp/plan.ts';
import { aBgpConf, aPolicyMap, aSnapshot } from '../../../support/speaker-builders.ts';

const NONE = '';
const REJECT = '[global.apply-policy.config]\ndefault-export-policy = "reject-route"\n';
const BROKEN = '[global.apply-policy.config]\ndefault-export-policy = "reject"\n';

function plans(knownPolicy = new KnownPolicy('skycap-system')) {
  return (text: string | undefined, policy = 'bgp-policy') => {
    const configMaps: readonly ConfigMap[] = text === undefined ? [] : [aPolicyMap(text)];
    return makePlan(aSnapshot({ bgpConfs: [aBgpConf({ policy })], configMaps, knownPolicy }));
  };
}

const exportsByDefault = (planned: ReturnType<typeof makePlan>) =>
  planned.kind === 'plan' ? planned.plan.bgp.policy?.exports.acceptsByDefault : planned.reason;

it('the policy of the ConfigMap is in the plan', () => {
  const plan = plans();
  expect(exportsByDefault(plan(NONE))).toBe(true);
  expect(exportsByDefault(plan(REJECT))).toBe(false);
});

it.each([
  ['broken', BROKEN, 'PolicyInvalid', /gobgp\.conf line 2/],
  ['gone', undefined, 'PolicyNotFound', /there is no ConfigMap skycap-system\/bgp-policy/],
])('one that is %s leaves the former in force, and says why', (_, text, reason, message) => {
  const plan = plans();
  plan(REJECT);
  const planned = plan(text);
  expect(exportsByDefault(planned)).toBe(false);
  expect(planned).toMatchObject({ policyProblem: { reason, message: expect.stringMatching(message) } });
  expect(plan(NONE)).not.toHaveProperty('policyProblem');
});

it('one that is broken when the speaker starts leaves BIRD alone', () => {
  expect(plans()(BROKEN)).toMatchObject({ kind: 'hold', reason: 'PolicyInvalid' });
  expect(plans()(undefined)).toMatchObject({ kind: 'hold', reason: 'PolicyNotFound' });
});

it('routes that were announced without a policy are announced without one while the first is broken', () => {
  const plan = plans();
  expect(exportsByDefault(plan(undefined, ''))).toBeUndefined();
  expect(plan(BROKEN)).toMatchObject({ kind: 'plan', policyProblem: { reason: 'PolicyInvalid' } });
});

it('a ConfigMap without the key is told from none', () => {
  const configMaps = [{ ...aPolicyMap(''), data: {} }];
  const planned = makePlan(aSnapshot({ bgpConfs: [aBgpConf({ policy: 'bgp-policy' })], configMaps }));
  expect(planned).toMatchObject({ kind: 'hold', message: expect.stringContaining('has no key gobgp.conf') });
});
