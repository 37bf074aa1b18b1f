import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import type { Shape } from '../onnx/graph.ts';
import { weightedSum, type LossRule } from './defineLoss.ts';

export interface ConnectionistTemporalSettings {
  readonly kind: 'connectionistTemporal';
  /** Most labels in one row. */
  readonly labelCount: number;
  /** Class that says "no label". Default 0. */
  readonly blank?: number;
}

/** Far below any log probability, far above where float32 overflows: unreachable states stay finite. */
const unreachable = -1e30;

/**
 * Connectionist temporal classification: −ln of the probability that an unaligned label sequence comes out, blanks and
 * repetitions removed. Prediction: logits [batch, steps, classes]; targets [batch, labelCount] int32 without blanks, −1
 * behind the last. A row that cannot be aligned (too few steps) has a loss near 1e30 and would break training: refuse it in the data.
 * loss = −Σ share · ln(α_T(2L) + α_T(2L − 1)) with the forward variables α over labels with blanks between.
 *
 * Source: Graves et al., Connectionist temporal classification (2006), eq. 6–8.
 */
export function connectionistTemporal({ labelCount, blank = 0 }: ConnectionistTemporalSettings): LossRule {
  if (!Number.isSafeInteger(labelCount) || labelCount < 1)
    throw new Error(`The number of labels must be a positive integer, not ${labelCount}.`);
  return {
    kind: 'connectionistTemporal',
    source: 'Graves et al., Connectionist temporal classification (2006), eq. 6–8',
    formula: 'loss = −Σ share · ln(α_T(2L) + α_T(2L − 1))',
    emit(g, { prediction, rowShares, targets }) {
      if (prediction.shape.length !== 3) throw new Error(`CTC needs logits [N, steps, classes], not [${prediction.shape.join()}].`);
      const [batch, steps, classes] = prediction.shape.map(Number) as [number, number, number];
      const labels = targets({ name: '', dtype: 'int32', shape: [batch, labelCount], classCount: classes, ignoreIndex: -1 });
      const states = 2 * labelCount + 1;
      const { extended, mayskip, count } = extendLabels(g, labels, prediction, blank);
      const logProbabilities = g.op('LogSoftmax', [prediction], { axis: -1 });
      const emitted = (step: number): TypedValue =>
        g.op('GatherElements', [g.gather(logProbabilities, g.graph.scalar(step, 'int64'), 1), extended], { axis: 1 });
      // Only the first blank and the first label can be where a path starts.
      const first = Array.from({ length: states }, (_, state) => (state < 2 ? 0 : unreachable));
      let reached = g.add(emitted(0), g.tensor([1, states], first, prediction));
      for (let step = 1; step < steps; step++) {
        const ways = [reached, shifted(g, reached, 1), g.add(shifted(g, reached, 2), mayskip)].map((each) =>
          g.reshape(each, [batch, 1, states]),
        );
        const sum = g.op('ReduceLogSumExp', [g.op('Concat', ways, { axis: 1 }), g.graph.int64([1])], { keepdims: 0 });
        reached = g.add(sum, emitted(step));
      }
      const last = g.mul(count, g.constant({ dtype: 'int32', shape: [], data: Int32Array.of(2) }));
      const before = g.op('Max', [
        g.sub(last, g.constant({ dtype: 'int32', shape: [], data: Int32Array.of(1) })),
        g.constant({ dtype: 'int32', shape: [], data: Int32Array.of(0) }),
      ]);
      const ends = g.op(
        'Concat',
        [g.op('GatherElements', [reached, last], { axis: 1 }), g.op('GatherElements', [reached, before], { axis: 1 })],
        { axis: 1 },
      );
      const likelihood = g.op('ReduceLogSumExp', [ends, g.graph.int64([1])], { keepdims: 0 });
      return { value: weightedSum(g, g.neg(likelihood), rowShares) };
    },
  };
}

/** Labels with blanks between and around [batch, states]; 0 or `unreachable` for skipping the blank before a state; labels per row [batch, 1]. */
function extendLabels(
  g: TypedOps,
  labels: TypedValue,
  like: TypedValue,
  blank: number,
): { extended: TypedValue; mayskip: TypedValue; count: TypedValue } {
  const [batch, labelCount] = labels.shape.map(Number) as [number, number];
  const integer = (value: number): TypedValue => g.constant({ dtype: 'int32', shape: [], data: Int32Array.of(value) });
  const full = (shape: Shape, value: number): TypedValue => g.expand(integer(value), shape);
  const given = g.op('GreaterOrEqual', [labels, integer(0)]);
  const count = g.cast(g.reduceSum(g.cast(given, like.dtype), [1]), 'int32');
  const safe = g.op('Where', [given, labels, full([batch, labelCount], blank)]);
  const pairs = g.op('Concat', [full([batch, labelCount, 1], blank), g.reshape(safe, [batch, labelCount, 1])], { axis: 2 });
  const extended = g.op('Concat', [g.reshape(pairs, [batch, 2 * labelCount]), full([batch, 1], blank)], { axis: 1 });
  // A label differs from the one before: the blank between may be skipped.
  const previous = g.op(
    'Concat',
    [full([batch, 1], -1), g.op('Slice', [safe, g.graph.int64([0]), g.graph.int64([labelCount - 1]), g.graph.int64([1])])],
    { axis: 1 },
  );
  const repeats = g.cast(g.op('Equal', [safe, previous]), like.dtype);
  const isFirst = g.tensor(
    [1, labelCount],
    Array.from({ length: labelCount }, (_, at) => Number(at === 0)),
    like,
  );
  const barred = g.mul(g.op('Max', [repeats, isFirst]), g.scalar(unreachable, like));
  const blanks = g.expand(g.scalar(unreachable, like), [batch, labelCount, 1]);
  const woven = g.op('Concat', [blanks, g.reshape(barred, [batch, labelCount, 1])], { axis: 2 });
  const mayskip = g.op('Concat', [g.reshape(woven, [batch, 2 * labelCount]), g.expand(g.scalar(unreachable, like), [batch, 1])], {
    axis: 1,
  });
  return { extended, mayskip, count };
}

/** States moved on by `by`; those without an origin are unreachable. */
function shifted(g: TypedOps, states: TypedValue, by: number): TypedValue {
  const [batch, count] = states.shape.map(Number) as [number, number];
  const kept = g.op('Slice', [states, g.graph.int64([0]), g.graph.int64([count - by]), g.graph.int64([1])]);
  return g.op('Concat', [g.expand(g.scalar(unreachable, states), [batch, by]), kept], { axis: 1 });
}
