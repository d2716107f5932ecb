/** `metav1.LabelSelector`, parsed into requirements that all must hold (apimachinery `labels/selector.go` has the meaning). */
import { type Problem, textOf } from '../problem.ts';
import { listAt, mapAt } from './shapes.ts';

/** As stored. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const satisfies readonly LabelRequirement['operator'][];

/** An absent or empty selector has no requirement and so matches everything. Problems are added to `problems`. */
export function parseLabelSelector(
  raw: LabelSelector | undefined,
  field: string,
  problems: Problem[],
): readonly LabelRequirement[] {
  const selector = mapAt(raw, field, problems);
  const pairs = Object.entries(mapAt(selector.matchLabels, `${field}.matchLabels`, problems));
  return [
    ...pairs.map(([key, value]): LabelRequirement => ({ key, operator: 'In', values: [textOf(value)] })),
    ...listAt(selector.matchExpressions, `${field}.matchExpressions`, problems).flatMap((entry, i) => {
      const path = `${field}.matchExpressions[${i}]`;
      const expression = mapAt(entry, path, problems);
      const operator = OPERATORS.find((known) => known === expression.operator);
      const values = listAt(expression.values, `${path}.values`, problems).map(textOf);
      if (!operator) {
        problems.push({
          field: `${path}.operator`,
          value: textOf(expression.operator),
          message: `is not known; write ${OPERATORS.join(', ')}`,
        });
        return [];
      }
      const takesValues = operator === 'In' || operator === 'NotIn';
      if (takesValues !== values.length > 0) {
        problems.push({
          field: `${path}.values`,
          message: takesValues
            ? `is missing; ${operator} needs at least one value`
            : `must be left out; ${operator} asks for the key alone`,
        });
        return [];
      }
      return [{ key: textOf(expression.key ?? ''), operator, values }];
    }),
  ];
}

export function matchesLabels(
  requirements: readonly LabelRequirement[],
  labels: Readonly<Record<string, string>>,
): boolean {
  return requirements.every((requirement) => holds(requirement, labels));
}

/** As kubectl writes selectors: `rack=a,zone in (b,c),!old`. */
export function labelSelectorText(requirements: readonly LabelRequirement[]): string {
  return requirements.map(requirementText).join(',');
}

function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(',')})`;
    case 'NotIn':
      return `${key} notin (${values.join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}

/** `NotIn` also matches a missing key, as in Kubernetes. */
function holds({ key, operator, values }: LabelRequirement, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** Whether some labels could match both, whatever nodes exist. */
export function mayBothSelect(a: readonly LabelRequirement[], b: readonly LabelRequirement[]): boolean {
  return !a.some((one) => b.some((other) => one.key === other.key && contradict(one, other)));
}

function contradict(a: LabelRequirement, b: LabelRequirement): boolean {
  if (a.operator !== 'In')
    return b.operator === 'In' ? contradict(b, a) : isPresence(a) && isPresence(b) && a.operator !== b.operator;
  switch (b.operator) {
    case 'In':
      return !a.values.some((value) => b.values.includes(value));
    case 'NotIn':
      return a.values.every((value) => b.values.includes(value));
    case 'Exists':
      return false;
    case 'DoesNotExist':
      return true;
  }
}

function isPresence({ operator }: LabelRequirement): boolean {
  return operator === 'Exists' || operator === 'DoesNotExist';
}
