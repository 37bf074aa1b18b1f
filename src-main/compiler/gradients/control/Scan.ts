import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { integer, ints } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { backwardScan } from './backwardScan.ts';
import { scanSampleBody } from './scanSample.ts';

/**
 * s₊, y = body(s, x, w), step by step;  from the last step to the first: ds, dx, Δw = bodyᵀ(ds₊, dy), dw = Σ Δw.
 *
 * The gradient is a Scan again, whose body is the gradient of the body. What the forward Scan hands out is read instead of
 * being computed once more; everything else is recomputed from the states, so a body that hands out what its gradient
 * needs (as ours for LSTM, GRU and RNN do) is never run twice.
 *
 * Source: Werbos, Backpropagation through time (1990), https://doi.org/10.1109/5.58337.
 */
export const scan = defineGradient({
  opType: 'Scan',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__Scan.html',
  formula: 'ds, dx, Δw = bodyᵀ(ds₊, dy) from the last step to the first; dw = Σ Δw',
  inputs: ['initial_state_and_scan_inputs'],
  variadicInputs: true,
  outputs: ['final_state_and_scan_outputs'],
  variadicOutputs: true,
  attributes: {},
  vjp: (_tensors, _gradients, _attributes, g, node) => {
    let made: readonly (TypedValue | undefined)[] | undefined;
    return node.inputs.map((input, at) =>
      node.wanted[at] ? () => (made ??= backwardScan(g, node))[at] ?? g.filledLike(input!) : undefined,
    );
  },
  samples: [
    {
      inputs: { 'initial_state_and_scan_inputs.0': [2, 3], 'initial_state_and_scan_inputs.1': [4, 2, 3] },
      attributes: { body: scanSampleBody({ hidesState: false }), num_scan_inputs: integer(1) },
      outputCount: 2,
    },
    {
      inputs: { 'initial_state_and_scan_inputs.0': [2, 3], 'initial_state_and_scan_inputs.1': [4, 2, 3] },
      attributes: {
        body: scanSampleBody({ hidesState: true }),
        num_scan_inputs: integer(1),
        scan_input_directions: ints([1]),
      },
      outputCount: 2,
    },
  ],
  specialPoints: [],
});
