import { sumOver } from '../../2-shapes/sumOver.ts';
import { fixed } from '../../2-shapes/rules/shapeRule.ts';
import type { Dim } from '../../onnx/graph.ts';
import { defineGradient } from '../defineGradient.ts';

/** output = input repeated along each axis;  d input = Σ over the repetitions, each repeated axis read as [repeats, size]. */
export const tile = defineGradient({
  opType: 'Tile',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Tile.html',
  formula: 'd input[i] = Σ_r d output[r·size + i], over every repeated axis',
  inputs: ['input', 'repeats'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input, repeats }, { output: dy }, _, g) => ({
    input: () => {
      const opened: Dim[] = [];
      const axes: number[] = [];
      g.constantIntegers(repeats, 'repeats').forEach((count, axis) => {
        if (count !== 1) axes.push(opened.push(count) - 1);
        // An axis of size 1 is its repetitions.
        if (count === 1 || input.shape[axis] !== 1) opened.push(count === 1 ? input.shape[axis]! : fixed(input.shape[axis], 'A size'));
      });
      if (dy.shape.includes(0)) return g.filledLike(input);
      return g.reshape(sumOver(g, g.reshape(dy, opened), axes), input.shape);
    },
  }),
  samples: [
    { inputs: { input: [2, 3] }, constants: { repeats: [2, 2] } },
    { inputs: { input: [2, 1, 3] }, constants: { repeats: [1, 3, 1] } },
    { inputs: { input: [2, 3] }, constants: { repeats: [3, 1] } },
    { inputs: { input: [2, 3] }, constants: { repeats: [1, 1] } },
  ],
  specialPoints: [],
});
