import { readInteger } from '../../onnx/attributes.ts';
import { count, eachIndex, positive, stridesOf, type Evaluator } from './numbers.ts';

/** Sums, products and extremes over axes (opset 18 form: axes are an input), and CumSum. */
export const reduction: Readonly<Record<string, Evaluator>> = {
  ReduceSum: reduce(0, (a, b) => a + b),
  ReduceProd: reduce(1, (a, b) => a * b),
  ReduceMax: reduce(-Infinity, Math.max),
  ReduceMin: reduce(Infinity, Math.min),
  ReduceMean: reduce(0, (a, b) => a + b, true),
  CumSum: ([x, axisInput], { attributes }) => {
    const axis = positive(axisInput!.data[0]!, x!.shape.length);
    const exclusive = readInteger(attributes, 'exclusive', 0) === 1;
    const reverse = readInteger(attributes, 'reverse', 0) === 1;
    const [length, step] = [x!.shape[axis]!, stridesOf(x!.shape)[axis]!];
    const data = new Float64Array(x!.data.length);
    eachIndex(x!.shape.with(axis, 1), (index) => {
      const start = index.reduce((offset, at, each) => offset + at * stridesOf(x!.shape)[each]!, 0);
      let sum = 0;
      for (let at = 0; at < length; at++) {
        const offset = start + step * (reverse ? length - 1 - at : at);
        data[offset] = exclusive ? sum : sum + x!.data[offset]!;
        sum += x!.data[offset]!;
      }
    });
    return { ...x!, data };
  },
};

function reduce(start: number, f: (a: number, b: number) => number, mean = false): Evaluator {
  return ([x, axesInput], { attributes }) => {
    const rank = x!.shape.length;
    const given = axesInput ? Array.from(axesInput.data, (axis) => positive(axis, rank)) : [];
    if (given.length === 0 && readInteger(attributes, 'noop_with_empty_axes', 0) === 1) return x!;
    const axes = new Set(given.length === 0 ? x!.shape.keys() : given);
    const kept = x!.shape.map((dim, axis) => (axes.has(axis) ? 1 : dim));
    const strides = stridesOf(kept);
    const data = new Float64Array(count(kept)).fill(start);
    eachIndex(x!.shape, (index, offset) => {
      const to = index.reduce((sum, at, axis) => sum + (axes.has(axis) ? 0 : strides[axis]! * at), 0);
      data[to] = f(data[to]!, x!.data[offset]!);
    });
    // The mean of integers is cut towards zero; floats are rounded when they are stored.
    const length = x!.data.length / data.length;
    const whole = x!.dtype.includes('int');
    if (mean) for (let at = 0; at < data.length; at++) data[at] = whole ? Math.trunc(data[at]! / length) : data[at]! / length;
    const shape = readInteger(attributes, 'keepdims', 1) === 1 ? kept : kept.filter((_, axis) => !axes.has(axis));
    return { dtype: x!.dtype, shape, data };
  };
}
