import { fixed } from '../../2-shapes/rules/shapeRule.ts';
import { toAttribute } from '../../onnx/attributes.ts';
import { padsOf } from '../../2-shapes/rules/slicing.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { defineGradient } from '../defineGradient.ts';
import { runsOf, sumCopies } from './copies.ts';
import { contextOf, pad as padZeros } from './placing.ts';

/**
 * output = data with a margin: a constant, or elements of data (mirrored, the edge repeated, wrapped around).
 * Constant: d data = d output without the margin; where Pad cut (negative amounts), zeros.
 * Otherwise every output element is a copy of one element of data, axis by axis, so d data is the sum over the copies. The
 * copies lie in runs (the margin before, data itself, the margin after), and each run is one Slice, turned or summed, and Pad.
 */
export const pad = defineGradient({
  opType: 'Pad',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__Pad.html',
  formula: 'd data[i] = Σ_{j copied from i} d output[j];  d constant_value = Σ_margin d output',
  inputs: ['data', 'pads', 'constant_value', 'axes'],
  outputs: ['output'],
  attributes: { mode: 'constant' },
  vjp: ({ data }, { output: dy }, { mode }, g, node) => {
    const { before, after } = padsOf(contextOf(g, node));
    return {
      data: () => {
        if (mode === 'constant') return padZeros(g, dy, before.map((by) => -by), after.map((by) => -by)); // prettier-ignore
        return data.shape.reduce<TypedValue>((gradient, dim, axis) => {
          if (before[axis] === 0 && after[axis] === 0) return gradient;
          return sumMargin(g, gradient, axis, fixed(dim, 'A padded size'), { before: before[axis]!, after: after[axis]!, mode });
        }, dy);
      },
      constant_value: () => {
        const margin = g.op('Pad', [g.filledLike(data), g.graph.int64([...before, ...after]), g.scalar(1, data)]);
        return g.reduceSum(g.mul(dy, margin), [...dy.shape.keys()], false);
      },
    };
  },
  samples: [
    { inputs: { data: [2, 3] }, constants: { pads: [1, 0, 0, 2] } },
    { inputs: { data: [2, 3], constant_value: [] }, constants: { pads: [1, 2], axes: [-1] } },
    { inputs: { data: [4, 5], constant_value: [] }, constants: { pads: [-1, 2, 1, -2] } },
    { inputs: { data: [2, 4, 3] }, constants: { pads: [0, 2, 1, 0, 3, 2] }, attributes: { mode: toAttribute('mode', 'reflect') } },
    { inputs: { data: [2, 3] }, constants: { pads: [2, 0, 1, 4] }, attributes: { mode: toAttribute('mode', 'edge') } },
    { inputs: { data: [2, 4] }, constants: { pads: [2, 4, 1, 3] }, attributes: { mode: toAttribute('mode', 'wrap') } },
    { inputs: { data: [5, 4] }, constants: { pads: [-1, 2, 2, -1] }, attributes: { mode: toAttribute('mode', 'reflect') } },
    { inputs: { data: [5, 4] }, constants: { pads: [-2, 1, 0, 2] }, attributes: { mode: toAttribute('mode', 'edge') } },
  ],
  specialPoints: [
    // A mirrored neighbour counts twice, the edge once.
    {
      inputs: { data: { shape: [3], values: [1, 2, 3] } },
      constants: { pads: [1, 1] },
      attributes: { mode: toAttribute('mode', 'reflect') },
      gradients: { data: [1, 3, 1] },
    },
  ],
});

interface Margin {
  readonly before: number;
  readonly after: number;
  readonly mode: string;
}

/** Margin before, what lies between, margin after: each in its own runs, so that the middle stays one. */
function sumMargin(g: TypedOps, gradient: TypedValue, axis: number, size: number, margin: Margin): TypedValue {
  const from = copiedFrom(size, margin);
  const bounds = [0, Math.max(0, margin.before), from.length - Math.max(0, margin.after), from.length];
  const runs = bounds.slice(1).flatMap((end, at) => runsOf(from, bounds[at]!, end));
  return sumCopies(g, gradient, axis, size, runs);
}

/**
 * Which element of data each output element is a copy of. Negative amounts cut data first, so that a margin on the other side
 * mirrors or repeats what is left.
 */
function copiedFrom(size: number, { before, after, mode }: Margin): number[] {
  const first = Math.max(0, -before);
  const count = size - first - Math.max(0, -after);
  const source = (at: number): number => {
    if (mode === 'edge') return Math.min(count - 1, Math.max(0, at));
    if (mode === 'wrap') return ((at % count) + count) % count;
    const period = Math.max(1, 2 * (count - 1));
    const phase = ((at % period) + period) % period;
    return phase < count ? phase : period - phase;
  };
  return Array.from({ length: size + before + after }, (_, at) => first + source(at - Math.max(0, before)));
}
