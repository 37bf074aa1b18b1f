import { GraphBuilder, type Graph, type Value } from '../../../../compiler/index.ts';
import { fittedFrom, type Told } from '../fitted.ts';
import type { FittedLearner, LearnerState } from '../learner.ts';
import type { Matrix } from '../matrix.ts';
import type { LinearFit } from './fitPenalised.ts';

/**
 * From η to the outputs. `exp`: of the logarithm of the mean. `sorted`: quantiles fitted one by one may cross, so they are put in
 * order, which never makes them worse (Chernozhukov, Fernández-Val & Galichon, Econometrica 78, 2010).
 */
export type Link = 'identity' | 'exp' | 'sorted';

export interface LinearState extends LearnerState {
  /** Several members: the mean of what each of them answers. */
  json: Told & { width: number; outputs: number; members: number; link: Link };
  arrays: {
    /** [members, outputs, width] */
    weights: Float64Array;
    /** [members, outputs] */
    intercepts: Float64Array;
    /** With the link `exp`, [members, outputs] each: η is not believed beyond. */
    lowest?: Float64Array;
    highest?: Float64Array;
  };
}

/** e^±87 is the end of float32. */
const furthest = 87;
/** Of the answers to the rows of training: a row far from them is answered by at most so many times the largest, at least that part of the smallest. */
const mostTimes = 2;

/** Everything is float64 inside: correlated columns may have large weights that nearly cancel. */
export function linearModel(state: LinearState): FittedLearner {
  return fittedFrom(state, { predict: (features) => predict(state, features), graph: () => linearGraph(state) });
}

export function stateOf(fits: readonly LinearFit[], link: Link, told: Told): LinearState {
  const width = fits[0]!.weights.length;
  const weights = new Float64Array(fits.length * width);
  fits.forEach((fit, output) => weights.set(fit.weights, output * width));
  return {
    json: { ...told, width, outputs: fits.length, members: 1, link },
    arrays: { weights, intercepts: Float64Array.from(fits, ({ intercept }) => intercept) },
  };
}

/**
 * With the link `exp` a row that lies a little beyond those of training would be answered by many times what was ever seen: answers stay near
 * those to `features`, the rows of training. Other links stay as they are.
 */
export function bounded(state: LinearState, features: Matrix): LinearState {
  const { outputs, link } = state.json;
  if (link !== 'exp') return state;
  const answers = predict(state, features);
  const [lowest, highest] = [new Float64Array(outputs).fill(furthest), new Float64Array(outputs).fill(-furthest)];
  answers.forEach((answer, at) => {
    const eta = Math.log(answer);
    lowest[at % outputs] = Math.min(lowest[at % outputs]!, eta);
    highest[at % outputs] = Math.max(highest[at % outputs]!, eta);
  });
  const within = (eta: number): number => Math.min(furthest, Math.max(-furthest, eta));
  return {
    ...state,
    arrays: {
      ...state.arrays,
      lowest: lowest.map((eta) => within(eta - Math.log(mostTimes))),
      highest: highest.map((eta) => within(eta + Math.log(mostTimes))),
    },
  };
}

/** Where outputs are sums, the mean of the weights says the same as all members. */
export function mergeLinear(fitted: readonly FittedLearner[]): FittedLearner {
  const states = fitted.map((each) => each.state() as LinearState);
  const { json } = states[0]!;
  const joined = (pick: (state: LinearState) => Float64Array<ArrayBufferLike>): Float64Array => {
    const all = states.map(pick);
    const length = all.reduce((sum, { length: one }) => sum + one, 0);
    const whole = new Float64Array(length);
    let at = 0;
    for (const each of all) {
      whole.set(each, at);
      at += each.length;
    }
    return whole;
  };
  const members = states.reduce((sum, each) => sum + each.json.members, 0);
  const [weights, intercepts] = [joined((each) => each.arrays.weights), joined((each) => each.arrays.intercepts)];
  const bounds = json.link === 'exp' ? { lowest: joined(lowestOf), highest: joined(highestOf) } : {};
  if (json.link !== 'identity') return linearModel({ json: { ...json, members }, arrays: { weights, intercepts, ...bounds } });
  return linearModel({
    json: { ...json, members: 1 },
    arrays: { weights: meanOfParts(weights, members), intercepts: meanOfParts(intercepts, members) },
  });
}

function lowestOf({ arrays: { lowest, intercepts } }: LinearState): Float64Array<ArrayBufferLike> {
  return lowest ?? intercepts.map(() => -furthest);
}

function highestOf({ arrays: { highest, intercepts } }: LinearState): Float64Array<ArrayBufferLike> {
  return highest ?? intercepts.map(() => furthest);
}

function meanOfParts(whole: Float64Array, parts: number): Float64Array {
  const mean = new Float64Array(whole.length / parts);
  whole.forEach((each, at) => (mean[at % mean.length]! += each / parts));
  return mean;
}

function predict(state: LinearState, { rows, width, data }: Matrix): Float32Array {
  const { weights, intercepts } = state.arrays;
  const { outputs, members, link } = state.json;
  const [lowest, highest] = [lowestOf(state), highestOf(state)];
  const all = new Float32Array(rows * outputs);
  const eta = new Float64Array(outputs);
  const sums = new Float64Array(outputs);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let member = 0; member < members; member++) {
      for (let output = 0; output < outputs; output++) {
        const model = member * outputs + output;
        let sum = intercepts[model]!;
        for (let j = 0; j < width; j++) sum += weights[model * width + j]! * data[row * width + j]!;
        eta[output] = link === 'exp' ? Math.exp(Math.min(Math.max(sum, lowest[model]!), highest[model]!)) : sum;
      }
      if (link === 'sorted') eta.sort();
      for (let output = 0; output < outputs; output++) sums[output]! += eta[output]!;
    }
    for (let output = 0; output < outputs; output++) all[row * outputs + output] = sums[output]! / members;
  }
  return all;
}

function linearGraph(state: LinearState): Graph {
  const { weights, intercepts } = state.arrays;
  const { json } = state;
  const { width, outputs, members, link } = json;
  const models = members * outputs;
  const g = new GraphBuilder('linear');
  const features = g.input('features', 'float32', ['N', width]);
  const x = g.op('Cast', [features], { attributes: { to: 11 }, output: { dtype: 'float64', shape: ['N', width] } });
  const columns = new Float64Array(width * models);
  for (let model = 0; model < models; model++) for (let j = 0; j < width; j++) columns[j * models + model] = weights[model * width + j]!;
  const shape = ['N', models];
  const product = g.op('MatMul', [x, g.float64(columns, [width, models])], { output: { shape } });
  let eta = g.op('Add', [product, g.float64(intercepts, [1, models])], { output: { shape } });
  if (link === 'exp') {
    const above = g.op('Max', [eta, g.float64(Float64Array.from(lowestOf(state)), [1, models])], { output: { shape } });
    const within = g.op('Min', [above, g.float64(Float64Array.from(highestOf(state)), [1, models])], { output: { shape } });
    eta = g.op('Exp', [within], { output: { shape } });
  }
  const answer = members > 1 || link === 'sorted' ? meanOfMembers(g, eta, json) : eta;
  g.output(g.op('Cast', [answer], { attributes: { to: 1 }, output: { dtype: 'float32', shape: ['N', outputs] } }), 'outputs');
  return g.build();
}

function meanOfMembers(g: GraphBuilder, eta: Value, { outputs, members, link }: LinearState['json']): Value {
  const shape = ['N', members, outputs];
  let answers = g.op('Reshape', [eta, g.int64([-1, members, outputs])], { output: { shape } });
  if (link === 'sorted')
    [answers] = g.node('TopK', [answers, g.int64([outputs])], {
      attributes: { axis: -1, largest: 0, sorted: 1 },
      outputs: [{ shape }, { dtype: 'int64', shape }],
    }) as [Value, Value];
  const sum = g.op('ReduceSum', [answers, g.int64([1])], { attributes: { keepdims: 0 }, output: { shape: ['N', outputs] } });
  return g.op('Mul', [sum, g.scalar(1 / members, 'float64')], { output: { shape: ['N', outputs] } });
}
