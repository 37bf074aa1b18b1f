import {
  activate,
  dropout,
  fanInUniform,
  float,
  linear,
  ModelBuilder,
  periodicEmbedding,
  piecewiseLinearEmbedding,
  type Network,
  type TypedValue,
} from '../../../../compiler/index.ts';
import { outputsOf, type LearnerTask } from '../learner.ts';
import type { ColumnScales } from './columnScales.ts';
import type { NetworkSettings } from './networkSettings.ts';
import { hasLogLink, type TargetScale } from './networkTask.ts';

export interface NetworkShape {
  task: LearnerTask;
  width: number;
  columns: ColumnScales;
  target: TargetScale;
  settings: NetworkSettings;
}

/** `training`: raw outputs of each member, as the loss takes them. `serving`: `outputs` as a learner answers. */
export type NetworkUse = 'training' | 'serving';

/** Factors on the learning rate. */
const rates = { scale: 6, bias: 0.1, embedding: 0.1, bend: 0.1 };
const periodic = { frequencies: 16, deviation: 0.1 };

/**
 * `realmlp`: scaled columns beside waves of them, a factor a column, dense layers in the neural-tangent parametrisation (weights start
 * at N(0, 1) and are divided by √inputs), biases slow, the head at 0 — Holzmüller et al. 2024, https://arxiv.org/abs/2407.04491.
 * `tabm`: `members` networks of one set of weights, each reads the columns by factors of its own and has its own head; answers are
 * means of probabilities — Gorishniy et al. 2024, https://arxiv.org/abs/2410.24210 (TabM-mini).
 * Input `features [N, width]`.
 */
export function buildNetwork(shape: NetworkShape, use: NetworkUse): Network {
  const m = new ModelBuilder('network');
  const features = m.input('features', ['N', use === 'training' ? trainingWidth(shape) : shape.width]);
  const columns = shape.width === 0 ? zeroColumn(m, features) : scaledColumns(m, features, shape.columns);
  const inputs = withEmbeddings(m, columns, shape);
  const raw = shape.settings.family === 'realmlp' ? realMlp(m, inputs, shape) : tabM(m, inputs, shape);
  m.output(use === 'training' ? forLoss(m, raw, shape) : answers(m, raw, shape), use === 'training' ? 'raw' : 'outputs');
  return m.build();
}

/** A table without columns is trained with one that is 0: the network learns what answers are without knowing anything. */
export function trainingWidth({ width }: Pick<NetworkShape, 'width'>): number {
  return Math.max(1, width);
}

function zeroColumn(m: ModelBuilder, features: TypedValue): TypedValue {
  return m.g.mul(m.g.reduceSum(features, [1]), m.g.scalar(0, features));
}

function scaledColumns(m: ModelBuilder, features: TypedValue, { centers, scales }: ColumnScales): TypedValue {
  const { g } = m;
  const row = (values: Float32Array): TypedValue => g.tensor([1, values.length], [...values], features);
  const x = g.mul(g.sub(features, row(centers)), row(scales));
  const third = g.mul(x, g.scalar(1 / 3, x));
  return g.div(x, g.sqrt(g.add(g.mul(third, third), g.scalar(1, x))));
}

function withEmbeddings(m: ModelBuilder, x: TypedValue, { columns: { numbers, edges }, settings }: NetworkShape): TypedValue {
  const { embedding, embeddingUnits: units } = settings;
  if (embedding === 'none' || numbers.length === 0) return x;
  const { g } = m;
  const own = g.gather(x, g.graph.int64(numbers), 1);
  const made =
    embedding === 'periodic'
      ? periodicEmbedding(m, own, { name: 'waves', ...periodic, units, rate: rates.embedding })
      : piecewiseLinearEmbedding(m, own, { name: 'pieces', edges, units });
  return g.op('Concat', [x, made], { axis: 1 });
}

/** [N, outputs]. */
function realMlp(m: ModelBuilder, inputs: TypedValue, { task, settings }: NetworkShape): TypedValue {
  let x = m.g.mul(inputs, aroundOne(m, 'factors', [1, channels(inputs)], rates.scale));
  settings.hidden.forEach((units, at) => {
    x = tangentLinear(m, x, `layer${at + 1}`, units);
    const bent = activate(m, x, task.kind === 'number' ? 'Silu' : 'Selu');
    // How much of the bend: x + α (σ(x) − x), a slope a unit.
    x = m.g.add(x, m.g.mul(m.g.sub(bent, x), aroundOne(m, `layer${at + 1}.bend`, [1, units], rates.bend)));
    x = dropout(m, x, settings.dropout);
  });
  return tangentLinear(m, x, 'head', outputsOf(task), true);
}

/** [N, members, outputs]. */
function tabM(m: ModelBuilder, inputs: TypedValue, { task, settings }: NetworkShape): TypedValue {
  const { members, hidden } = settings;
  const [width, outputs] = [channels(inputs), outputsOf(task)];
  let x = m.g.mul(
    m.g.op('Unsqueeze', [inputs, m.g.graph.int64([0])]),
    m.parameter('readers', [members, 1, width], { distribution: 'normal', scale: 1 }),
  );
  hidden.forEach((units, at) => {
    x = linear(m, x, { name: `layer${at + 1}`, units });
    x = dropout(m, activate(m, x, 'Relu'), settings.dropout);
  });
  const last = channels(x);
  const weight = m.parameter('head.weight', [members, last, outputs], fanInUniform(last));
  const head = m.g.add(m.g.matMul(x, weight), m.parameter('head.bias', [members, 1, outputs], fanInUniform(last)));
  return m.g.transpose(head, [1, 0, 2]);
}

/** x·W/√inputs + rate · b: the learning rate of a weight is that of a standard layer times √inputs. */
function tangentLinear(m: ModelBuilder, x: TypedValue, name: string, units: number, zero = false): TypedValue {
  const inputs = channels(x);
  const weight = m.parameter(`${name}.weight`, [inputs, units], zero ? 'zeros' : { distribution: 'normal', scale: 1 });
  const bias = m.parameter(`${name}.bias`, [units], zero ? 'zeros' : { distribution: 'normal', scale: 1 / rates.bias });
  return m.g.op('Gemm', [x, weight, bias], { alpha: float(1 / Math.sqrt(inputs)), beta: float(rates.bias) });
}

/** 1 + rate · θ. Adam's steps do not depend on the size of a gradient, so this is another learning rate. */
function aroundOne(m: ModelBuilder, name: string, shape: readonly number[], rate: number): TypedValue {
  const theta = m.parameter(name, shape, 'zeros');
  return m.g.add(m.g.mul(theta, m.g.scalar(rate, theta)), m.g.scalar(1, theta));
}

function forLoss(m: ModelBuilder, raw: TypedValue, { task, settings: { members } }: NetworkShape): TypedValue {
  if (members === 1 || task.kind === 'class') return raw;
  return m.g.reshape(raw, ['N', members * outputsOf(task)]);
}

/** What a learner answers, from raw outputs of all members. */
function answers(m: ModelBuilder, raw: TypedValue, { task, target, settings: { members } }: NetworkShape): TypedValue {
  const { g } = m;
  const meanOfLogs = (logs: TypedValue): TypedValue =>
    g.sub(g.op('ReduceLogSumExp', [logs, g.graph.int64([1])], { keepdims: 0 }), g.scalar(Math.log(members), logs));
  const mean = (values: TypedValue): TypedValue =>
    members === 1 ? values : g.op('ReduceMean', [values, g.graph.int64([1])], { keepdims: 0 });
  if (task.kind === 'class') return members === 1 ? raw : meanOfLogs(g.op('LogSoftmax', [raw], { axis: -1 }));
  if (task.kind === 'labels') {
    if (members === 1) return raw;
    // ln σ(z) = −softplus(−z), ln(1 − σ(z)) = −softplus(z): the logit of the mean probability.
    const [yes, no] = [g.neg(g.op('Softplus', [g.neg(raw)])), g.neg(g.op('Softplus', [raw]))];
    return g.sub(meanOfLogs(yes), meanOfLogs(no));
  }
  const { shift, scale, least, largest } = target;
  if (hasLogLink(task)) {
    const most = Math.log(Math.max(largest, 1)) + 1;
    return g.mul(mean(g.exp(g.op('Clip', [raw, g.scalar(-30, raw), g.scalar(most, raw)]))), g.scalar(scale, raw));
  }
  const inRange = g.op('Clip', [mean(raw), g.scalar(least, raw), g.scalar(largest, raw)]);
  const levels = outputsOf(task);
  // Quantiles that cross are put in order: Chernozhukov et al. 2010, Econometrica 78, 1093–1125.
  const sorted = levels === 1 ? inRange : g.node('TopK', [inRange, g.graph.int64([levels])], { axis: -1, largest: 0, sorted: 1 }, 2)[0]!;
  return g.add(g.mul(sorted, g.scalar(scale, raw)), g.scalar(shift, raw));
}

function channels(x: TypedValue): number {
  return Number(x.shape.at(-1));
}
