import { GraphBuilder, type Graph, type Value } from '../../../../compiler/index.ts';
import { fittedFrom, type Told } from '../fitted.ts';
import type { FittedLearner, LearnerState } from '../learner.ts';
import type { Matrix } from '../matrix.ts';

/** On one column of the view `codes`; comparisons are float32, a missing cell fulfils `missing` alone. */
export interface RuleCondition {
  column: number;
  test: 'atMost' | 'above' | 'is' | 'missing';
  /** A float32; 0 for `missing`. */
  value: number;
}

export interface RulesState extends LearnerState {
  json: Told & { width: number; outputs: number; names: string[]; rules: { when: RuleCondition[]; rows: number }[] };
  /** [rules + 1, outputs]: the last row is for what no rule covers. */
  arrays: { answers: Float32Array };
}

/** A decision list: the first rule whose conditions all hold answers. */
export function rulesModel(state: RulesState): FittedLearner {
  return fittedFrom(state, { predict: (features) => predict(state, features), graph: () => rulesGraph(state) });
}

export function holds({ test, value }: RuleCondition, cell: number): boolean {
  switch (test) {
    case 'atMost':
      return cell <= value;
    case 'above':
      return cell > value;
    case 'is':
      return cell === value;
    case 'missing':
      return Number.isNaN(cell);
  }
}

/** "a ≤ 3.5 and b missing". A category is told by its code; who has the names puts them in. */
export function ruleText({ when }: { when: RuleCondition[] }, names: readonly string[]): string {
  const signs = { atMost: '≤', above: '>', is: '=', missing: '' };
  return when
    .map(({ column, test, value }) =>
      test === 'missing' ? `${names[column]!} missing` : `${names[column]!} ${signs[test]} ${Number(value.toPrecision(6))}`,
    )
    .join(' and ');
}

function predict({ json: { outputs, rules, width }, arrays: { answers } }: RulesState, { rows, data }: Matrix): Float32Array {
  const all = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    const found = rules.findIndex(({ when }) => when.every((each) => holds(each, data[row * width + each.column]!)));
    const rule = found < 0 ? rules.length : found;
    all.set(answers.subarray(rule * outputs, (rule + 1) * outputs), row * outputs);
  }
  return all;
}

/** Conditions side by side [N, conditions]; a rule counts how many of its own hold, the first that has them all is gathered. */
function rulesGraph({ json: { width, outputs, rules }, arrays: { answers } }: RulesState): Graph {
  const g = new GraphBuilder('rules');
  const features = g.input('features', 'float32', ['N', width]);
  const conditions = rules.flatMap(({ when }, rule) => when.map((each) => ({ ...each, rule })));
  const count = conditions.length;
  const table = g.float32(answers, [rules.length + 1, outputs]);
  // One rule more that always holds: it is never empty, whatever the list.
  const membership = new Float32Array(Math.max(count, 1) * (rules.length + 1));
  conditions.forEach(({ rule }, at) => (membership[at * (rules.length + 1) + rule] = 1));
  const needed = [...rules.map(({ when }) => when.length), 0];
  const hold =
    count > 0
      ? conditionsOf(g, features, conditions)
      : g.op('Mul', [firstColumnAsZero(g, features), g.scalar(0)], { output: { dtype: 'float32', shape: ['N', 1] } });
  const shape = ['N', rules.length + 1];
  const fulfilled = g.op('MatMul', [hold, g.float32(membership, [Math.max(count, 1), rules.length + 1])], { output: { shape } });
  const isWhole = g.op('GreaterOrEqual', [fulfilled, g.float32(needed, [1, needed.length])], { output: { dtype: 'bool', shape } });
  const flags = g.op('Cast', [isWhole], { attributes: { to: 1 }, output: { dtype: 'float32', shape } });
  const first = g.op('ArgMax', [flags], { attributes: { axis: 1, keepdims: 0 }, output: { dtype: 'int64', shape: ['N'] } });
  g.output(g.op('Gather', [table, first], { attributes: { axis: 0 }, output: { dtype: 'float32', shape: ['N', outputs] } }), 'outputs');
  return g.build();
}

/** float32 [N, conditions] of 0 and 1. */
function conditionsOf(g: GraphBuilder, features: Value, conditions: readonly RuleCondition[]): Value {
  const count = conditions.length;
  const shape = ['N', count];
  const bool = { output: { dtype: 'bool', shape } } as const;
  const cells = g.op('Gather', [features, g.int64(conditions.map(({ column }) => column))], {
    attributes: { axis: 1 },
    output: { shape },
  });
  const values = g.float32(
    conditions.map(({ value }) => value),
    [1, count],
  );
  const tests: [RuleCondition['test'], () => Value][] = [
    ['atMost', () => g.op('LessOrEqual', [cells, values], bool)],
    ['above', () => g.op('Greater', [cells, values], bool)],
    ['is', () => g.op('Equal', [cells, values], bool)],
    ['missing', () => g.op('IsNaN', [cells], bool)],
  ];
  const parts = tests.flatMap(([test, holdsWhere]) => {
    const mask = conditions.map((each) => each.test === test);
    return mask.includes(true) ? [g.op('And', [holdsWhere(), g.bool(mask, [1, count])], bool)] : [];
  });
  const any = parts.reduce((all, each) => g.op('Or', [all, each], bool));
  return g.op('Cast', [any], { attributes: { to: 1 }, output: { dtype: 'float32', shape } });
}

/** [N, 1] of zeros: how many rows there are is all that counts. */
function firstColumnAsZero(g: GraphBuilder, features: Value): Value {
  const rows = g.op('Shape', [features], { attributes: { start: 0, end: 1 }, output: { dtype: 'int64', shape: [1] } });
  const shape = g.op('Concat', [rows, g.int64([1])], { attributes: { axis: 0 }, output: { shape: [2] } });
  return g.op('Expand', [g.float32([0], [1, 1]), shape], { output: { dtype: 'float32', shape: ['N', 1] } });
}
