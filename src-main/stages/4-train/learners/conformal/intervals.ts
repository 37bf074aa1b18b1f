// Intervals for numbers that hold the truth with a promised share, whatever the model.
import { GraphBuilder, type Graph, type Value } from '../../../../compiler/index.ts';
import { conformalQuantile } from './conformalQuantile.ts';

/**
 * `residual`: answer ± margin. `scaled`: answer ± margin · spread, the spread from a second model (locally weighted). `quantiles`: from the lower
 * to the upper quantile of a quantile model, both moved out by margin (in where it is below 0). Plain JSON; an infinite margin (too few rows
 * to promise the coverage) is null.
 */
export interface ConformalInterval {
  kind: 'residual' | 'scaled' | 'quantiles';
  coverage: number;
  margin: number | null;
  /** Rows that it was made of. */
  rows: number;
}

/** What the models say of some rows. */
export interface IntervalOutputs {
  /** `residual`, `scaled`: [rows]; `quantiles`: lower and upper [rows, 2]. */
  outputs: ArrayLike<number>;
  /** `scaled`: > 0, [rows]; smaller than `leastSpread` of the median counts as that. */
  spreads?: ArrayLike<number>;
}

/** A spread model that says 0 would promise certainty. */
export const leastSpread = 1e-6;

/**
 * From rows that no model was fitted to. Split conformal: Lei, G'Sell, Rinaldo, Tibshirani & Wasserman, J. Am. Stat. Assoc. 113 (2018),
 * algorithm 2, locally weighted §5.2; conformalized quantile regression: Romano, Patterson & Candès, NeurIPS 2019, eq. 6–8.
 */
export function fitInterval(
  kind: ConformalInterval['kind'],
  { outputs, spreads }: IntervalOutputs,
  truths: ArrayLike<number>,
  coverage: number,
): ConformalInterval {
  const scores = Float64Array.from({ length: truths.length }, (_, row) => {
    const truth = truths[row]!;
    if (kind === 'quantiles') return Math.max(outputs[row * 2]! - truth, truth - outputs[row * 2 + 1]!);
    const residual = Math.abs(truth - outputs[row]!);
    return kind === 'scaled' ? residual / Math.max(spreads![row]!, leastSpread) : residual;
  });
  const margin = conformalQuantile(scores, coverage);
  return { kind, coverage, margin: Number.isFinite(margin) ? margin : null, rows: truths.length };
}

/** [rows, 2]: lower, upper. An interval that would turn inside out is the point between. */
export function intervalsOf({ kind, margin }: ConformalInterval, { outputs, spreads }: IntervalOutputs): Float64Array {
  const rows = kind === 'quantiles' ? outputs.length / 2 : outputs.length;
  const intervals = new Float64Array(rows * 2);
  for (let row = 0; row < rows; row++) {
    const by = (margin ?? Infinity) * (kind === 'scaled' ? Math.max(spreads![row]!, leastSpread) : 1);
    const [low, high] = kind === 'quantiles' ? [outputs[row * 2]!, outputs[row * 2 + 1]!] : [outputs[row]!, outputs[row]!];
    const middle = (low + high) / 2;
    intervals[row * 2] = Math.min(low - by, middle);
    intervals[row * 2 + 1] = Math.max(high + by, middle);
  }
  return intervals;
}

/** Graph `outputs` (and `spreads` float32 [N, 1]) → `lower`, `upper` float32 [N, 1], to stand behind the models' graphs. */
export function intervalGraph({ kind, margin }: ConformalInterval): Graph {
  const g = new GraphBuilder('interval');
  const shape = ['N', 1];
  const width = kind === 'quantiles' ? 2 : 1;
  const double = (value: Value, columns: number): Value =>
    g.op('Cast', [value], { attributes: { to: 11 }, output: { dtype: 'float64', shape: ['N', columns] } });
  const outputs = double(g.input('outputs', 'float32', ['N', width]), width);
  const column = (at: number): Value => g.op('Slice', [outputs, g.int64([at]), g.int64([at + 1]), g.int64([1])], { output: { shape } });
  const [low, high] = kind === 'quantiles' ? [column(0), column(1)] : [outputs, outputs];
  const constant = g.scalar(margin ?? Infinity, 'float64');
  const by =
    kind === 'scaled'
      ? g.op(
          'Mul',
          [
            g.op('Max', [double(g.input('spreads', 'float32', shape), 1), g.scalar(leastSpread, 'float64')], { output: { shape } }),
            constant,
          ],
          {
            output: { shape },
          },
        )
      : constant;
  const middle = g.op('Mul', [g.op('Add', [low, high], { output: { shape } }), g.scalar(0.5, 'float64')], { output: { shape } });
  const ends: [string, Value][] = [
    ['lower', g.op('Min', [g.op('Sub', [low, by], { output: { shape } }), middle], { output: { shape } })],
    ['upper', g.op('Max', [g.op('Add', [high, by], { output: { shape } }), middle], { output: { shape } })],
  ];
  for (const [name, end] of ends) g.output(g.op('Cast', [end], { attributes: { to: 1 }, output: { dtype: 'float32', shape } }), name);
  return g.build();
}
