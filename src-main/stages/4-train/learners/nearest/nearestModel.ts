import { GraphBuilder, type Graph, type Value } from '../../../../compiler/index.ts';
import { fittedFrom, type Told } from '../fitted.ts';
import type { FittedLearner, LearnerState } from '../learner.ts';
import type { Matrix } from '../matrix.ts';
import { distancesTo, nearestOf, samePlace, squaresOf, type Metric } from './metrics.ts';

export interface NearestState extends LearnerState {
  json: Told & {
    width: number;
    outputs: number;
    k: number;
    metric: Metric;
    /** Each neighbour's say: 1, or 1 / distance; neighbours at distance 0 are then the only ones. */
    weighting: 'uniform' | 'distance';
    /** What becomes of the mean m of the neighbours' answers: m, ln m (classes), the logit of m (labels). */
    answer: 'mean' | 'logarithm' | 'logit';
    /** How many further neighbours the average of all rows counts as: no probability is 0. */
    doubt: number;
  };
  arrays: {
    /** [rows, width] */
    stored: Float32Array;
    /** [rows, outputs]: shares of classes, flags or values. */
    answers: Float64Array;
    /** Weights of the stored rows. */
    weights: Float64Array;
    /** [outputs]: average answer of all training rows. */
    prior: Float64Array;
  };
}

export function nearestModel(state: NearestState): FittedLearner {
  return fittedFrom(state, { predict: (features) => predict(state, features), graph: () => nearestGraph(state) });
}

function predict(state: NearestState, features: Matrix): Float32Array {
  const { k, outputs } = state.json;
  const all = new Float32Array(features.rows * outputs);
  eachRow(state, features, k, (row, places, distances) => {
    all.set(answerOf(state, places, distances, k), row * outputs);
  });
  return all;
}

/** Calls `visit` with the places of the `most` nearest stored rows of every row, and the distances to all stored rows. */
export function eachRow(
  { json, arrays }: NearestState,
  { rows, width, data }: Matrix,
  most: number,
  visit: (row: number, places: Int32Array, distances: Float32Array) => void,
): void {
  const stored = arrays.weights.length;
  const distancesOf = distancesTo({ rows: stored, width, data: arrays.stored }, json.metric);
  const distances = new Float32Array(stored);
  const places = new Int32Array(most);
  for (let row = 0; row < rows; row++) {
    distancesOf(data.subarray(row * width, (row + 1) * width), distances);
    nearestOf(distances, most, places);
    visit(row, places, distances);
  }
}

/** Outputs of one row by its k nearest. */
export function answerOf({ json, arrays }: NearestState, places: Int32Array, distances: Float32Array, k: number): Float64Array {
  const { outputs, weighting, metric, doubt, answer } = json;
  const mean = new Float64Array(outputs);
  const isSame = weighting === 'distance' && distances[places[0]!] === 0;
  let total = 0;
  for (let at = 0; at < k; at++) {
    const place = places[at]!;
    const distance = distances[place]!;
    const length = metric === 'euclidean' ? Math.sqrt(distance) : distance;
    const say = weighting === 'uniform' ? 1 : isSame ? Number(distance === 0) : 1 / length;
    const weight = say * arrays.weights[place]!;
    total += weight;
    for (let output = 0; output < outputs; output++) mean[output]! += weight * arrays.answers[place * outputs + output]!;
  }
  return mean.map((sum, output) => {
    const share = (k * (sum / total) + doubt * arrays.prior[output]!) / (k + doubt);
    return answer === 'mean' ? share : answer === 'logarithm' ? Math.log(share) : Math.log(share / (1 - share));
  });
}

/**
 * Distances [N, stored] by one product (Manhattan: a loop over the columns), `TopK`, a gather of the answers. A batch of N rows takes
 * some 20 bytes × N × stored rows.
 */
function nearestGraph({ json, arrays }: NearestState): Graph {
  const { width, outputs, k, weighting, metric, doubt, answer } = json;
  const stored = arrays.weights.length;
  const g = new GraphBuilder('nearest');
  const features = g.input('features', 'float32', ['N', width]);
  const x = cast(g, features, 'float64', ['N', width]);
  const distances = distanceValues(g, x, json, { rows: stored, width, data: arrays.stored });
  const [nearest, places] = g.node('TopK', [distances, g.int64([k])], {
    attributes: { axis: -1, largest: 0, sorted: 1 },
    outputs: [{ shape: ['N', k] }, { dtype: 'int64', shape: ['N', k] }],
  }) as [Value, Value];
  const shape = ['N', k];
  const gathered = g.op('Gather', [g.float64(arrays.weights), places], { attributes: { axis: 0 }, output: { shape } });
  const says = weighting === 'uniform' ? gathered : g.op('Mul', [gathered, sayOf(g, nearest, k, metric)], { output: { shape } });
  const answers = g.op('Gather', [g.float64(arrays.answers, [stored, outputs]), places], {
    attributes: { axis: 0 },
    output: { shape: ['N', k, outputs] },
  });
  const weighted = g.op('Mul', [answers, g.op('Unsqueeze', [says, g.int64([2])], { output: { shape: ['N', k, 1] } })], {
    output: { shape: ['N', k, outputs] },
  });
  const sums = g.op('ReduceSum', [weighted, g.int64([1])], { attributes: { keepdims: 0 }, output: { shape: ['N', outputs] } });
  const totals = g.op('ReduceSum', [says, g.int64([1])], { attributes: { keepdims: 1 }, output: { shape: ['N', 1] } });
  const whole = { output: { shape: ['N', outputs] } };
  const scaled = g.op('Mul', [g.op('Div', [sums, totals], whole), g.scalar(k / (k + doubt), 'float64')], whole);
  const prior = arrays.prior.map((each) => (doubt * each) / (k + doubt));
  const mean = g.op('Add', [scaled, g.float64(prior, [1, outputs])], whole);
  const result =
    answer === 'mean'
      ? mean
      : answer === 'logarithm'
        ? g.op('Log', [mean], whole)
        : g.op('Log', [g.op('Div', [mean, g.op('Sub', [g.scalar(1, 'float64'), mean], whole)], whole)], whole);
  g.output(cast(g, result, 'float32', ['N', outputs]), 'outputs');
  return g.build();
}

/**
 * float32 [N, stored]. One product of longer rows gives whole distances, [−2x, 1, ‖x‖²] · [y, ‖y‖², 1] or [−x / ‖x‖, 1] · [y / ‖y‖, 1]: a
 * batch's largest tensors are few.
 */
function distanceValues(g: GraphBuilder, x: Value, { metric }: NearestState['json'], { rows: stored, width, data }: Matrix): Value {
  const shape = ['N', stored];
  const squares = squaresOf({ rows: stored, width, data });
  const isEuclidean = metric === 'euclidean';
  const further = metric === 'manhattan' ? 0 : isEuclidean ? 2 : 1;
  const columns = new Float64Array((width + further) * stored);
  for (let row = 0; row < stored; row++) {
    const scale = metric === 'cosine' ? 1 / (Math.sqrt(squares[row]!) || 1) : 1;
    for (let at = 0; at < width; at++) columns[at * stored + row] = data[row * width + at]! * scale;
    if (isEuclidean) columns[width * stored + row] = squares[row]!;
    if (further > 0) columns[(width + further - 1) * stored + row] = 1;
  }
  const transposed = g.float64(columns, [width + further, stored]);
  if (metric === 'manhattan') return cast(g, manhattan(g, x, transposed, width, stored), 'float32', shape);

  const column = { output: { shape: ['N', 1] } };
  const square = g.op('ReduceSum', [g.op('Mul', [x, x], { output: { shape: ['N', width] } }), g.int64([1])], {
    attributes: { keepdims: 1 },
    ...column,
  });
  const [zero, one] = [g.scalar(0, 'float64'), g.scalar(1, 'float64')];
  const isZero = g.op('Equal', [square, zero], { output: { dtype: 'bool', shape: ['N', 1] } });
  const length = g.op('Sqrt', [g.op('Where', [isZero, one, square], { output: { dtype: 'float64', shape: ['N', 1] } })], column);
  const scaled = isEuclidean
    ? g.op('Mul', [x, g.scalar(-2, 'float64')], { output: { shape: ['N', width] } })
    : g.op('Neg', [g.op('Div', [x, length], { output: { shape: ['N', width] } })], { output: { shape: ['N', width] } });
  const ones = g.op('Add', [g.op('Mul', [square, zero], column), one], column);
  const longer = g.op('Concat', isEuclidean ? [scaled, ones, square] : [scaled, ones], {
    attributes: { axis: 1 },
    output: { shape: ['N', width + further] },
  });
  const distances = cast(g, g.op('MatMul', [longer, transposed], { output: { shape } }), 'float32', shape);
  const longest = squares.reduce((most, each) => Math.max(most, each), 0);
  const rounding = isEuclidean
    ? g.op('Mul', [g.op('Add', [square, g.scalar(longest, 'float64')], column), g.scalar(samePlace, 'float64')], column)
    : g.scalar(samePlace, 'float64');
  const isSame = g.op('LessOrEqual', [distances, cast(g, rounding, 'float32', isEuclidean ? ['N', 1] : [])], {
    output: { dtype: 'bool', shape },
  });
  return g.op('Where', [isSame, g.scalar(0), distances], { output: { dtype: 'float32', shape } });
}

function manhattan(g: GraphBuilder, x: Value, transposed: Value, width: number, stored: number): Value {
  const shape = ['N', stored];
  const column = (h: GraphBuilder, source: Value, iteration: Value, axis: number, size: (number | string)[]): Value =>
    h.op('Unsqueeze', [h.op('Gather', [source, iteration], { attributes: { axis } }), h.int64([axis])], { output: { shape: size } });
  const zero = g.op('MatMul', [x, g.float64(new Float64Array(width), [width, 1])], { output: { shape: ['N', 1] } });
  const start = g.op('Add', [g.op('Mul', [zero, g.scalar(0, 'float64')]), g.float64(new Float64Array(stored), [1, stored])], {
    output: { shape },
  });
  const { carried } = g.loop(g.scalar(width, 'int64'), [start], (h, [sum], iteration) => {
    const difference = h.op('Sub', [column(h, x, iteration, 1, ['N', 1]), column(h, transposed, iteration, 0, [1, stored])], {
      output: { shape },
    });
    return { carried: [h.op('Add', [sum!, h.op('Abs', [difference], { output: { shape } })], { output: { shape } })] };
  });
  return carried[0]!;
}

/** 1 / distance; where the nearest is at distance 0, 1 for those that are and 0 for all others. */
function sayOf(g: GraphBuilder, nearest: Value, k: number, metric: Metric): Value {
  const shape = ['N', k];
  const distances = cast(g, nearest, 'float64', shape);
  const lengths = metric === 'euclidean' ? g.op('Sqrt', [distances], { output: { shape } }) : distances;
  const isZero = g.op('Equal', [distances, g.scalar(0, 'float64')], { output: { dtype: 'bool', shape } });
  const one = g.scalar(1, 'float64');
  const inverse = g.op('Div', [one, g.op('Where', [isZero, one, lengths], { output: { dtype: 'float64', shape } })], { output: { shape } });
  const first = g.op('Slice', [isZero, g.int64([0]), g.int64([1]), g.int64([1])], { output: { shape: ['N', 1] } });
  return g.op('Where', [first, cast(g, isZero, 'float64', shape), inverse], { output: { dtype: 'float64', shape } });
}

function cast(g: GraphBuilder, value: Value, dtype: 'float32' | 'float64', shape: (number | string)[]): Value {
  return g.op('Cast', [value], { attributes: { to: dtype === 'float32' ? 1 : 11 }, output: { dtype, shape } });
}
