import { fixed } from '../../2-shapes/rules/shapeRule.ts';
import { slicesOf, type AxisSlice } from '../../2-shapes/rules/slicing.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { defineGradient } from '../defineGradient.ts';
import { contextOf, pad, reverse } from './placing.ts';

/**
 * output = every step-th element of some axes;  d data = d output set into zeros where its elements came from: turned back
 * where the step is negative, spread by |step| − 1 zeros after each element, then padded (or cut, after the last) to size.
 */
export const slice = defineGradient({
  opType: 'Slice',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Slice.html',
  formula: 'd data[start + i·step] = d output[i], 0 elsewhere',
  inputs: ['data', 'starts', 'ends', 'axes', 'steps'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ data }, { output: dy }, _, g, node) => ({
    data: () => {
      const slices = slicesOf(contextOf(g, node));
      if (dy.shape.includes(0)) return g.filledLike(data);
      const turned = reverse(
        g,
        dy,
        slices.filter(({ step }) => step < 0).map(({ axis }) => axis),
      );
      const spread = slices.reduce((value, each) => spreadAxis(g, value, each), turned);
      const [before, after] = [data.shape.map(() => 0), data.shape.map(() => 0)];
      for (const { axis, start, step, count } of slices) {
        if (typeof count === 'string') continue; // A whole axis back to front.
        const lowest = step > 0 ? start : start + step * (count - 1);
        before[axis] = lowest;
        after[axis] = fixed(data.shape[axis], 'A size to slice') - lowest - fixed(spread.shape[axis], 'A size to slice');
      }
      return pad(g, spread, before, after);
    },
  }),
  samples: [
    { inputs: { data: [4, 5] }, constants: { starts: [1, 0], ends: [3, 4] } },
    { inputs: { data: [2, 6, 3] }, constants: { starts: [-5], ends: [100], axes: [1] } },
    { inputs: { data: [7, 5] }, constants: { starts: [1, 0], ends: [7, 5], axes: [0, -1], steps: [3, 2] } },
    { inputs: { data: [7, 5] }, constants: { starts: [-1, 100], ends: [-100, 0], axes: [0, 1], steps: [-1, -2] } },
    { inputs: { data: [3, 2] }, constants: { starts: [0], ends: [9], axes: [0], steps: [2] } },
    { inputs: { data: [3, 8] }, constants: { starts: [6], ends: [1], axes: [1], steps: [-3] } },
  ],
  specialPoints: [],
});

/** |step| − 1 zeros after each element: a new axis behind, padded, and the two joined. */
function spreadAxis(g: TypedOps, data: TypedValue, { axis, step, count }: AxisSlice): TypedValue {
  const gap = Math.abs(step);
  if (gap === 1) return data;
  const size = fixed(count, 'The number of elements that a step takes');
  const opened = g.reshape(data, data.shape.toSpliced(axis + 1, 0, 1));
  const zeros = opened.shape.map(() => 0);
  const padded = pad(g, opened, zeros, zeros.with(axis + 1, gap - 1));
  return g.reshape(padded, data.shape.with(axis, size * gap));
}
