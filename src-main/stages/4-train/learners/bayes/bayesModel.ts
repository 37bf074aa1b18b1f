import { GraphBuilder, type Graph, type Value } from '../../../../compiler/index.ts';
import { fittedFrom, type Told } from '../fitted.ts';
import type { FittedLearner, LearnerState } from '../learner.ts';
import type { Matrix } from '../matrix.ts';

/** How a column enters: as it is (with its square), whether it is above 0, or as a count (below 0 is 0). */
export const columnForms = { number: 0, flag: 1, count: 2 } as const;

export interface BayesState extends LearnerState {
  json: Told & { width: number; outputs: number };
  arrays: {
    /** [width] of `columnForms`. */
    forms: Uint8Array;
    /** [width, outputs] factors of the squares. */
    squares: Float64Array;
    /** [width, outputs] */
    factors: Float64Array;
    /** [outputs] */
    offsets: Float64Array;
  };
}

/** Outputs are logarithms of posterior probabilities: ln softmax of offsets + factors·x + squares·x², in float64. */
export function bayesModel(state: BayesState): FittedLearner {
  return fittedFrom(state, { predict: (features) => predict(state, features), graph: () => bayesGraph(state) });
}

function predict({ json: { outputs }, arrays }: BayesState, { rows, width, data }: Matrix): Float32Array {
  const { forms, squares, factors, offsets } = arrays;
  const all = new Float32Array(rows * outputs);
  const sums = new Float64Array(outputs);
  for (let row = 0; row < rows; row++) {
    sums.set(offsets);
    for (let at = 0; at < width; at++) {
      const cell = data[row * width + at]!;
      const form = forms[at]!;
      const x = form === columnForms.number ? cell : form === columnForms.flag ? Number(cell > 0) : Math.max(cell, 0);
      if (x === 0) continue;
      for (let output = 0; output < outputs; output++)
        sums[output]! += x * factors[at * outputs + output]! + x * x * squares[at * outputs + output]!;
    }
    const highest = sums.reduce((most, each) => Math.max(most, each), -Infinity);
    const total = Math.log(sums.reduce((sum, each) => sum + Math.exp(each - highest), 0));
    for (let output = 0; output < outputs; output++) all[row * outputs + output] = sums[output]! - highest - total;
  }
  return all;
}

function bayesGraph({ json: { width, outputs }, arrays }: BayesState): Graph {
  const { forms, squares, factors, offsets } = arrays;
  const g = new GraphBuilder('bayes');
  const shape = ['N', width];
  const features = g.input('features', 'float32', shape);
  const x = formed(g, g.op('Cast', [features], { attributes: { to: 11 }, output: { dtype: 'float64', shape } }), forms);
  const whole = { output: { shape: ['N', outputs] } };
  let sums = g.op('MatMul', [x, g.float64(factors, [width, outputs])], whole);
  if (squares.some((each) => each !== 0)) {
    const squared = g.op('Mul', [x, x], { output: { shape } });
    sums = g.op('Add', [sums, g.op('MatMul', [squared, g.float64(squares, [width, outputs])], whole)], whole);
  }
  sums = g.op('Add', [sums, g.float64(offsets, [1, outputs])], whole);
  const logarithms = g.op('LogSoftmax', [sums], { attributes: { axis: -1 }, ...whole });
  g.output(g.op('Cast', [logarithms], { attributes: { to: 1 }, output: { dtype: 'float32', shape: ['N', outputs] } }), 'outputs');
  return g.build();
}

function formed(g: GraphBuilder, x: Value, forms: Uint8Array): Value {
  const shape = ['N', forms.length];
  const zero = g.scalar(0, 'float64');
  const where = (form: number, then: Value, otherwise: Value): Value =>
    g.op(
      'Where',
      [
        g.bool(
          Array.from(forms, (each) => each === form),
          [1, forms.length],
        ),
        then,
        otherwise,
      ],
      { output: { dtype: 'float64', shape } },
    );
  let result = x;
  if (forms.includes(columnForms.flag)) {
    const isAbove = g.op('Greater', [x, zero], { output: { dtype: 'bool', shape } });
    result = where(columnForms.flag, g.op('Cast', [isAbove], { attributes: { to: 11 }, output: { dtype: 'float64', shape } }), result);
  }
  if (forms.includes(columnForms.count)) result = where(columnForms.count, g.op('Max', [x, zero], { output: { shape } }), result);
  return result;
}
