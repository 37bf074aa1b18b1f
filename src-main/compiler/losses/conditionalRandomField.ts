import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import { weightedSum, type LossRule } from './defineLoss.ts';

export interface ConditionalRandomFieldSettings {
  readonly kind: 'conditionalRandomField';
  /** Parameters of the forward graph: score of tag j after tag i [tags, tags]; of a first and of a last tag [tags]. */
  readonly transitions: string;
  readonly start: string;
  readonly end: string;
}

/**
 * Negative log likelihood of a tag sequence under a linear-chain conditional random field.
 * Prediction: tag scores [batch, steps, tags]. Targets [batch, steps] int32; −1 from the end of a sequence on, and every
 * sequence has at least one tag. score(y) = start_{y₁} + Σ_t e_{t,y_t} + Σ_t A_{y_{t−1},y_t} + end_{y_last};
 * loss = Σ share · (ln Σ_y' e^{score(y')} − score(y)), the sum by the forward recursion.
 *
 * Source: Lafferty, McCallum & Pereira, Conditional random fields (2001); recursion: Rabiner (1989), Proc. IEEE 77, §III.A.
 */
export function conditionalRandomField({ transitions, start, end }: ConditionalRandomFieldSettings): LossRule {
  return {
    kind: 'conditionalRandomField',
    source: 'Lafferty, McCallum & Pereira, Conditional random fields (2001); Rabiner (1989), Proc. IEEE 77, §III.A',
    formula: 'loss = Σ share · (ln Σ_y e^{score(y)} − score(targets))',
    emit(g, { prediction, rowShares, targets, value }) {
      if (prediction.shape.length !== 3) throw new Error(`A tag sequence needs scores [N, steps, tags], not [${prediction.shape.join()}].`);
      const [batch, steps, tags] = prediction.shape.map(Number) as [number, number, number];
      const given = targets({ name: '', dtype: 'int32', shape: [batch, steps], classCount: tags, ignoreIndex: -1 });
      const chain = { transitions: value(transitions), start: value(start), end: value(end) };
      const { present, tag } = presentTags(g, given, prediction);
      const numerator = pathScore(g, prediction, chain, tag, present);
      const denominator = logPartition(g, prediction, chain, present);
      return { value: weightedSum(g, g.sub(denominator, numerator), rowShares) };
    },
  };
}

export interface ChainScores {
  readonly transitions: TypedValue;
  readonly start: TypedValue;
  readonly end: TypedValue;
}

/** 1 where a step has a tag [batch, steps], and tags that can be looked up (0 where there is none). */
function presentTags(g: TypedOps, given: TypedValue, like: TypedValue): { present: TypedValue; tag: TypedValue } {
  const has = g.op('GreaterOrEqual', [given, g.constant({ dtype: 'int32', shape: [], data: Int32Array.of(0) })]);
  return { present: g.cast(has, like.dtype), tag: g.mul(given, g.cast(has, 'int32')) };
}

function pathScore(
  g: TypedOps,
  scores: TypedValue,
  { transitions, start, end }: ChainScores,
  tag: TypedValue,
  present: TypedValue,
): TypedValue {
  const [batch, steps, tags] = scores.shape.map(Number) as [number, number, number];
  const own = g.reshape(g.op('GatherElements', [scores, g.reshape(tag, [batch, steps, 1])], { axis: 2 }), [batch, steps]);
  const emitted = g.reduceSum(g.mul(own, present), [1], false);
  const first = g.gather(start, stepOf(g, tag, 0));
  // The last present step: present here and not after.
  const after =
    steps === 1
      ? g.filledLike(present, 0)
      : g.op('Concat', [rangeOf(g, present, 1, steps), g.filledLike(rangeOf(g, present, 0, 1), 0)], { axis: 1 });
  const isLast = g.sub(present, after);
  const last = g.reduceSum(g.mul(g.gather(end, tag), isLast), [1], false);
  const ends = g.add(g.add(emitted, first), last);
  if (steps === 1) return ends;
  const pair = g.add(
    g.mul(rangeOf(g, tag, 0, steps - 1), g.constant({ dtype: 'int32', shape: [], data: Int32Array.of(tags) })),
    rangeOf(g, tag, 1, steps),
  );
  const moved = g.gather(g.reshape(transitions, [tags * tags]), pair);
  return g.add(ends, g.reduceSum(g.mul(moved, rangeOf(g, present, 1, steps)), [1], false));
}

/** ln of the sum over all tag sequences of e^score, [batch]. */
function logPartition(g: TypedOps, scores: TypedValue, { transitions, start, end }: ChainScores, present: TypedValue): TypedValue {
  const [batch, steps, tags] = scores.shape.map(Number) as [number, number, number];
  let reached = g.add(emission(g, scores, 0), start);
  for (let step = 1; step < steps; step++) {
    const candidates = g.add(g.reshape(reached, [batch, tags, 1]), transitions);
    const next = g.add(g.op('ReduceLogSumExp', [candidates, g.graph.int64([1])], { keepdims: 0 }), emission(g, scores, step));
    reached = keepWhere(g, rangeOf(g, present, step, step + 1), next, reached);
  }
  return g.op('ReduceLogSumExp', [g.add(reached, end), g.graph.int64([1])], { keepdims: 0 });
}

/**
 * The best tag sequence of each row, [batch, steps] int64, by the Viterbi recursion: for the inference graph.
 * `present` [batch, steps] float has 1 where a sequence still runs (ones from the start); after its end the last tag repeats.
 *
 * Source: Viterbi (1967), IEEE Trans. Inf. Theory 13, 260–269; Rabiner (1989), Proc. IEEE 77, §III.B.
 */
export function viterbi(g: TypedOps, scores: TypedValue, { transitions, start, end }: ChainScores, present?: TypedValue): TypedValue {
  const [, steps, tags] = scores.shape as [unknown, number, number];
  let best = g.add(emission(g, scores, 0), start);
  const origins: TypedValue[] = [];
  for (let step = 1; step < Number(steps); step++) {
    const candidates = g.add(g.op('Unsqueeze', [best, g.graph.int64([2])]), transitions);
    const origin = g.op('ArgMax', [candidates], { axis: 1, keepdims: 0 });
    const next = g.add(g.op('ReduceMax', [candidates, g.graph.int64([1])], { keepdims: 0 }), emission(g, scores, step));
    if (!present) {
      best = next;
      origins.push(origin);
      continue;
    }
    const runs = rangeOf(g, present, step, step + 1);
    best = keepWhere(g, runs, next, best);
    // Where the sequence has ended, a tag comes from itself.
    const itself = g.constant({
      dtype: 'int64',
      shape: [1, Number(tags)],
      data: BigInt64Array.from({ length: Number(tags) }, (_, at) => BigInt(at)),
    });
    origins.push(g.op('Where', [g.op('Greater', [runs, g.scalar(0.5, runs)]), origin, itself]));
  }
  let tag = g.op('ArgMax', [g.add(best, end)], { axis: 1, keepdims: 1 });
  const path = [tag];
  for (const origin of origins.toReversed()) {
    tag = g.op('GatherElements', [origin, tag], { axis: 1 });
    path.unshift(tag);
  }
  return g.op('Concat', path, { axis: 1 });
}

/** Scores of one step, [batch, tags]. */
function emission(g: TypedOps, scores: TypedValue, step: number): TypedValue {
  return g.gather(scores, g.graph.scalar(step, 'int64'), 1);
}

/** Column `step` of [batch, steps], as [batch]. */
function stepOf(g: TypedOps, matrix: TypedValue, step: number): TypedValue {
  return g.gather(matrix, g.graph.scalar(step, 'int64'), 1);
}

function rangeOf(g: TypedOps, matrix: TypedValue, from: number, to: number): TypedValue {
  return g.op('Slice', [matrix, g.graph.int64([from]), g.graph.int64([to]), g.graph.int64([1])]);
}

/** `next` where `runs` [batch, 1] is 1, else `before`; both finite. */
function keepWhere(g: TypedOps, runs: TypedValue, next: TypedValue, before: TypedValue): TypedValue {
  return g.add(before, g.mul(runs, g.sub(next, before)));
}
