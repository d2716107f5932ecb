/** Label selectors, held to Kubernetes' meaning (apimachinery `labels/selector_test.go`). */
import { type LabelRequirement, matchesLabels } from '../../../../../lib/api/meta/label-selector.ts';

describe('matchesLabels()', () => {
  const req = (operator: LabelRequirement['operator'], ...values: string[]): LabelRequirement => ({
    key: 'zone',
    operator,
    values,
  });
  it.each<[string, readonly LabelRequirement[], Readonly<Record<string, string>>, boolean]>([
    ['nothing asked', [], {}, true],
    ['In, the value', [req('In', 'a', 'b')], { zone: 'b' }, true],
    ['In, another value', [req('In', 'a')], { zone: 'b' }, false],
    ['In, no such key', [req('In', 'a')], {}, false],
    ['In, the empty value', [req('In', '')], { zone: '' }, true],
    ['NotIn, another value', [req('NotIn', 'a')], { zone: 'b' }, true],
    ['NotIn, the value', [req('NotIn', 'a')], { zone: 'a' }, false],
    ['NotIn, no such key', [req('NotIn', 'a')], {}, true],
    ['Exists', [req('Exists')], { zone: '' }, true],
    ['Exists, no such key', [req('Exists')], {}, false],
    ['DoesNotExist', [req('DoesNotExist')], {}, true],
    ['DoesNotExist, the key is there', [req('DoesNotExist')], { zone: 'a' }, false],
    ['all must hold', [req('Exists'), req('NotIn', 'a')], { zone: 'a' }, false],
    [
      'a key of every object',
      [{ key: 'function Object() { [native code] }', operator: 'Exists', values: [] }],
      {},
      false,
    ],
  ])('%s', (_, requirements, labels, expected) => {
    expect(matchesLabels(requirements, labels)).toBe(expected);
  });
});
