import { sameShape } from '../../2-shapes/broadcast.ts';
import type { KnownOperator } from '../../2-shapes/shapeRules.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { readInteger } from '../../onnx/attributes.ts';
import type { Shape } from '../../onnx/graph.ts';
import { compute, plus, times } from './affine.ts';
import type { Site } from './site.ts';

/** Elementwise operators that do not care in which order elements lie. */
const elementwise = new Set(
  (
    'Add Sub Mul Div Max Min Neg Abs Exp Log Sqrt Reciprocal Relu LeakyRelu Elu Sigmoid Tanh Erf Gelu Softplus HardSigmoid HardSwish ' +
    'Cast Greater GreaterOrEqual Less LessOrEqual Equal Not And Or Where Pow Clip Identity Sign'
  ).split(' '),
);

/** Y = (X − mean)·scale/√(variance + ε) + B with given statistics, one factor and one summand per channel. */
export function normalisation({ node, values }: Site): boolean {
  const [x, ...channels] = node.inputs as [string, string, string, string, string];
  if (node.opType !== 'BatchNormalization' || readInteger(node.attributes, 'training_mode', 0) !== 0 || !values.isBlocked(x)) return false;
  const { g } = values;
  const epsilon = node.attributes['epsilon']?.kind === 'float' ? node.attributes['epsilon'].value : 1e-5;
  const [scale, shift, mean, variance] = channels.map((name) => values.plain(name)) as [TypedValue, TypedValue, TypedValue, TypedValue];
  const factor = g.mul(scale, g.op('Reciprocal', [g.sqrt(g.add(variance, g.scalar(epsilon, variance)))]));
  const summand = g.sub(shift, g.mul(mean, factor));
  values.setAffine(node.outputs[0]!, plus(g, times(g, values.affine(x), factor), { terms: [], shift: summand }));
  return true;
}

/** Sums, means and sums of squares over batch and space. */
export function channelReduction({ node, values }: Site): boolean {
  const [x, axes] = node.inputs as [string, string | undefined];
  if (!['ReduceSum', 'ReduceMean', 'ReduceSumSquare'].includes(node.opType) || !values.isBlocked(x) || axes === undefined) return false;
  const { g } = values;
  const constant = g.graph.constantValue(values.plain(axes));
  if (constant?.dtype !== 'int64' || Array.from(constant.data, Number).join() !== '0,2,3') return false;
  const source = node.opType === 'ReduceSumSquare' ? values.blocked(x) : values.sameSums(x);
  const whole = values.shapeOf(x)!.map(Number);
  const squared = node.opType === 'ReduceSumSquare' ? g.mul(source, source) : source;
  const [rows, channels, height, width] = source.shape.map(Number) as [number, number, number, number];
  const ofRows = g.tensor(
    [1, rows],
    Array.from({ length: rows }, () => 1),
    source,
  );
  // Over the batch by a product with ones, which is faster than ReduceSum; then over space.
  const overBatch = g.matMul(ofRows, g.reshape(squared, [rows, channels * height * width]));
  const perBlock = g.reduceSum(g.reshape(overBatch, [channels / values.block, height * width, values.block]), [1], false);
  const sums = g.reshape(perBlock, readInteger(node.attributes, 'keepdims', 1) ? [1, channels, 1, 1] : [channels]);
  const count = whole[0]! * whole[2]! * whole[3]!;
  values.setPlain(node.outputs[0]!, node.opType === 'ReduceMean' ? g.mul(sums, g.scalar(1 / count, sums)) : sums);
  return true;
}

/** Products and sums by channel, and sums of such values: see `Affine`. */
export function byChannel({ node, values }: Site): boolean {
  const { opType, inputs } = node;
  if (!['Mul', 'Add', 'Sub'].includes(opType)) return false;
  const [left, right] = inputs as [string, string];
  const { g } = values;
  const images = [left, right].filter((name) => values.isBlocked(name));
  const shape = images[0] === undefined ? undefined : values.shapeOf(images[0]);
  if (!shape) return false;
  const channelOf = (name: string): TypedValue | undefined =>
    isPerChannel(values.shapeOf(name), shape) && !sameShape(values.shapeOf(name)!, shape)
      ? g.reshape(values.plain(name), [Number(shape[1])])
      : undefined;
  const [first, second] = [channelOf(left), channelOf(right)];
  if (first || second) {
    const own = values.affine(first ? right : left);
    const number = (first ?? second)!;
    const minusOne = g.scalar(-1, number);
    if (opType === 'Mul') values.setAffine(node.outputs[0]!, times(g, own, number));
    else if (opType === 'Add' || second)
      values.setAffine(node.outputs[0]!, plus(g, own, { terms: [], shift: opType === 'Add' ? number : g.mul(number, minusOne) }));
    else return false;
    return true;
  }
  const sums = opType === 'Add' && sameShape(values.shapeOf(left)!, values.shapeOf(right)!);
  if (!sums || !(values.isAffine(left) || values.isAffine(right)) || left === right) return false;
  values.setAffine(node.outputs[0]!, plus(g, values.affine(left), values.affine(right)));
  return true;
}

/** ReLU of a value that is still to be computed, and that nothing else reads, in the same pass. */
export function rectified({ node, values, graph }: Site): boolean {
  const [x] = node.inputs as [string];
  if (node.opType !== 'Relu' || !values.isAffine(x) || graph.readers(x).length > 1 || graph.isOutput(x)) return false;
  values.setBlocked(node.outputs[0]!, compute(values.g, values.affine(x), true));
  return true;
}

/** Elementwise operators whose inputs are images in blocks, scalars, or numbers by channel. */
export function anyOrder({ node, values }: Site): boolean {
  if (!elementwise.has(node.opType) || node.outputs.length !== 1 || !node.inputs.some((name) => values.isBlocked(name))) return false;
  const given = node.inputs.map((name) => ({ name, shape: values.shapeOf(name) }));
  const shape = given.find(({ name }) => values.isBlocked(name))!.shape!;
  const isScalar = (each: (typeof given)[number]): boolean => each.shape?.every((dim) => dim === 1) ?? false;
  const isChannel = ({ shape: own }: (typeof given)[number]): boolean => isPerChannel(own, shape);
  if (given.some((each) => !each.shape || !(sameShape(each.shape, shape) || isScalar(each) || isChannel(each)))) return false;
  const { g } = values;
  const spread = given.some((each) => isChannel(each) && !sameShape(each.shape!, shape));
  const inputs = given.map((each) => {
    if (sameShape(each.shape!, shape)) return spread ? values.view(values.blocked(each.name)) : values.blocked(each.name);
    return isScalar(each) ? values.plain(each.name) : values.perChannel(values.plain(each.name));
  });
  const result = g.node(node.opType as KnownOperator, inputs, node.attributes, 1)[0]!;
  values.setBlocked(node.outputs[0]!, g.reshape(result, shape));
  return true;
}

function isPerChannel(own: Shape | undefined, image: Shape): boolean {
  return (
    own !== undefined &&
    own.length >= 3 &&
    own.length <= 4 &&
    own.at(-3) === image[1] &&
    own.every((dim, at) => dim === 1 || at === own.length - 3)
  );
}
