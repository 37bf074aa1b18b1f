import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import { asColumn, weightedSum, type LossContext, type LossRule } from './defineLoss.ts';

export interface SoftmaxCrossEntropySettings {
  readonly kind: 'softmaxCrossEntropy';
  /** Share of each target's probability that is spread evenly over all classes, 0 to below 1. Default 0. */
  readonly labelSmoothing?: number;
  /** Factor on the loss by true class; should average 1 over the rows. */
  readonly classWeights?: readonly number[];
  /** Class number that does not count: padding of sequences, missing labels. Then the loss is the mean over what counts; 0 if nothing does. */
  readonly ignoreIndex?: number;
}

/**
 * Softmax cross entropy: the negative log likelihood of the true class under p = softmax(prediction) over the last axis.
 * Prediction [batch, …, classes], targets [batch, …] int32. Two classes are two outputs; a single logit z is the pair (0, z).
 * With smoothing ε and class weights w: q_c = (1 − ε) w_y [c = y] + ε w_c / C,  loss = −Σ k Σ_c q_c ln p_c,
 * d prediction = k · (p Σ_c q_c − q), where k is the share of the row over its elements.
 *
 * Sources: Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.108 and 4.109;
 * label smoothing: Szegedy et al. (2016), https://arxiv.org/abs/1512.00567 §7.
 */
export function softmaxCrossEntropy(settings: SoftmaxCrossEntropySettings): LossRule {
  const { labelSmoothing = 0, classWeights, ignoreIndex } = settings;
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new Error(`Label smoothing must be at least 0 and below 1, not ${labelSmoothing}.`);
  const plain = labelSmoothing === 0 && !classWeights && ignoreIndex === undefined;
  return {
    kind: 'softmaxCrossEntropy',
    source: 'Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.108, 4.109; https://arxiv.org/abs/1512.00567 §7',
    formula: 'loss = −Σ share · ln p[class], d prediction = share · (p − onehot(class))',
    emit(g, context) {
      const { prediction } = context;
      const classCount = Number(prediction.shape.at(-1));
      if (classWeights && classWeights.length !== classCount)
        throw new Error(`${classWeights.length} class weights do not fit ${classCount} classes.`);
      const targets = context.targets({
        name: '',
        dtype: 'int32',
        shape: prediction.shape.slice(0, -1),
        classCount,
        ...(ignoreIndex !== undefined && { ignoreIndex }),
      });
      return plain && prediction.shape.length === 2
        ? plainLoss(g, context, targets)
        : generalLoss(g, context, targets, {
            labelSmoothing,
            ...(classWeights && { classWeights }),
            ...(ignoreIndex !== undefined && { ignoreIndex }),
          });
    },
  };
}

function plainLoss(g: TypedOps, { prediction, rowShares }: LossContext, targets: TypedValue): { value: TypedValue; gradient: TypedValue } {
  const index = asColumn(g, targets);
  // LogSoftmax, not Log(Softmax): a probability that underflows to 0 would give an infinite loss.
  const logProbabilities = g.op('LogSoftmax', [prediction], { axis: -1 });
  const ofTrueClass = g.op('GatherElements', [logProbabilities, index], { axis: 1 });
  const value = weightedSum(g, g.neg(ofTrueClass), rowShares);
  // Each row names one class, so no two additions meet in one place and the sum has one order.
  const minusOne = g.op('Expand', [g.scalar(-1, prediction), g.graph.int64(index.shape.map(Number))]);
  const difference = g.op('ScatterElements', [g.exp(logProbabilities), index, minusOne], { axis: 1, reduction: 'add' });
  return { value, gradient: g.mul(difference, asColumn(g, rowShares)) };
}

function generalLoss(
  g: TypedOps,
  { prediction, rowShares }: LossContext,
  targets: TypedValue,
  { labelSmoothing = 0, classWeights, ignoreIndex }: Omit<SoftmaxCrossEntropySettings, 'kind'>,
): { value: TypedValue; gradient: TypedValue } {
  const rank = prediction.shape.length;
  const classCount = Number(prediction.shape.at(-1));
  const { shares, index } = elementShares(g, targets, rowShares, ignoreIndex);
  const [column, k] = [g.reshape(index, [...index.shape, 1]), g.reshape(shares, [...shares.shape, 1])];
  const logProbabilities = g.op('LogSoftmax', [prediction], { axis: -1 });
  const weights = classWeights && g.tensor([classCount], classWeights, prediction);
  const ofTrueClass = weights ? g.gather(weights, column) : g.filledLike(k, 1);
  const sharp = g.mul(g.mul(ofTrueClass, g.scalar(1 - labelSmoothing, prediction)), k);
  const picked = g.op('GatherElements', [logProbabilities, column], { axis: rank - 1 });
  let total = g.mul(sharp, picked);
  let [flat, mass] = [undefined as TypedValue | undefined, sharp];
  if (labelSmoothing > 0) {
    const spread = g.tensor(
      [classCount],
      Array.from({ length: classCount }, (_, at) => (labelSmoothing / classCount) * (classWeights?.[at] ?? 1)),
      prediction,
    );
    flat = g.mul(k, spread);
    total = g.add(total, g.reduceSum(g.mul(flat, logProbabilities), [rank - 1]));
    mass = g.add(sharp, g.reduceSum(flat, [rank - 1]));
  }
  const value = g.neg(g.reduceSum(total, [...total.shape.keys()], false));
  const pulled = g.mul(g.exp(logProbabilities), mass);
  const smoothed = flat ? g.sub(pulled, flat) : pulled;
  const gradient = g.op('ScatterElements', [smoothed, column, g.neg(sharp)], { axis: rank - 1, reduction: 'add' });
  return { value, gradient };
}

/**
 * The share of every element of `targets` [batch, …] in the loss, and class numbers that can be looked up (0 where ignored).
 * Without an ignored class a row's share is divided evenly; with one, the shares of what counts keep their sum.
 */
export function elementShares(
  g: TypedOps,
  targets: TypedValue,
  rowShares: TypedValue,
  ignoreIndex: number | undefined,
): { shares: TypedValue; index: TypedValue } {
  const rows = asColumn(g, rowShares, targets.shape.length);
  const perRow = targets.shape.slice(1).reduce<number>((count, dim) => count * Number(dim), 1);
  if (ignoreIndex === undefined) return { shares: g.expand(g.mul(rows, g.scalar(1 / perRow, rowShares)), targets.shape), index: targets };
  const counts = g.op('Not', [g.op('Equal', [targets, g.constant({ dtype: 'int32', shape: [], data: Int32Array.of(ignoreIndex) })])]);
  const masked = g.mul(rows, g.cast(counts, rowShares.dtype));
  const axes = [...targets.shape.keys()];
  // The smallest normal number: nothing counts, and 0 / tiny = 0.
  const total = g.op('Max', [g.reduceSum(masked, axes, false), g.scalar(1.2e-38, rowShares)]);
  const scale = g.div(g.reduceSum(rowShares, [0], false), total);
  return { shares: g.mul(masked, scale), index: g.mul(targets, g.cast(counts, 'int32')) };
}
