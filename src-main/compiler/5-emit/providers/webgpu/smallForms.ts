import { fromEnd } from '../../../2-shapes/rules/shapeRule.ts';
import { slicesOf } from '../../../2-shapes/rules/slicing.ts';
import type { PlannedNode, TypedOps, TypedValue } from '../../../2-shapes/typedOps.ts';
import { readInteger } from '../../../onnx/attributes.ts';

/** Y = X·r·scale, r = 1/√(mean X² + ε) over the axes from `axis` on; gives Y and r. */
export function rootMeanSquare(g: TypedOps, { inputs: [x, scale], attributes }: PlannedNode): readonly TypedValue[] {
  const first = fromEnd(readInteger(attributes, 'axis', -1), x!.shape.length);
  const axes = x!.shape.map((_, axis) => axis).slice(first);
  const epsilon = attributes['epsilon']?.kind === 'float' ? attributes['epsilon'].value : 1e-5;
  const mean = g.op('ReduceMean', [g.mul(x!, x!), g.graph.int64(axes)], { keepdims: 1 });
  const r = g.op('Reciprocal', [g.sqrt(g.add(mean, g.scalar(epsilon, x!)))]);
  return [g.mul(g.mul(x!, r), scale!), r];
}

/** x − max x − ln Σ exp(x − max x) over one axis: nothing overflows, and the logarithm is of a number from 1. */
export function logarithmOfSoftmax(g: TypedOps, { inputs: [x], attributes }: PlannedNode): readonly TypedValue[] {
  const axes = g.graph.int64([readInteger(attributes, 'axis', -1)]);
  const below = g.sub(x!, g.op('ReduceMax', [x!, axes], { keepdims: 1 }));
  const sum = g.op('ReduceSum', [g.op('Exp', [below]), axes], { keepdims: 1 });
  return [g.sub(below, g.op('Log', [sum]))];
}

/** A reduction over no axes, which leaves each element alone: |x|, √x², log x, x². */
export function withoutReduction(
  operator: 'ReduceL1' | 'ReduceL2' | 'ReduceLogSum' | 'ReduceSumSquare',
): (g: TypedOps, node: PlannedNode) => readonly TypedValue[] | undefined {
  return (g, { inputs: [x, axes], attributes }) => {
    if (readInteger(attributes, 'noop_with_empty_axes', 0) === 0 || (axes && axes.shape[0] !== 0)) return undefined;
    if (operator === 'ReduceLogSum') return [g.op('Log', [x!])];
    return [operator === 'ReduceSumSquare' ? g.mul(x!, x!) : g.op('Abs', [x!])];
  };
}

/** A Slice with steps below −1 as one forwards, and its result turned back to front. */
export function slicedForwards(g: TypedOps, { inputs, attributes, outputCount }: PlannedNode): readonly TypedValue[] | undefined {
  const slices = slicesOf({ inputs, attributes, constant: (at) => g.graph.constantValue(inputs[at]), outputCount });
  const turned = slices.filter(({ step }) => step < -1);
  if (turned.length === 0 || slices.some(({ count }) => typeof count === 'string' || count === 0)) return undefined;
  const forwards = slices.map(({ axis, start, step, count }) => {
    const from = step < -1 ? start + step * (Number(count) - 1) : start;
    const by = step < -1 ? -step : step;
    const end = from + by * (Number(count) - 1) + Math.sign(by);
    // Back to front, −1 would be the last element: before the first is written as far below.
    return { axis, from, by, end: end < 0 ? -(2 ** 31) : end };
  });
  const slice = (data: TypedValue, parts: typeof forwards): TypedValue =>
    g.op('Slice', [
      data,
      g.graph.int64(parts.map((each) => each.from)),
      g.graph.int64(parts.map((each) => each.end)),
      g.graph.int64(parts.map((each) => each.axis)),
      g.graph.int64(parts.map((each) => each.by)),
    ]);
  const back = turned.map(({ axis, count }) => ({ axis, from: Number(count) - 1, by: -1, end: -(2 ** 31) }));
  return [slice(slice(inputs[0]!, forwards), back)];
}
