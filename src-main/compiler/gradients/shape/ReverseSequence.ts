import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** Y = input with the first sequence_lens steps of each sequence back to front;  d input = the same of dY, its own inverse. */
export const reverseSequence = defineGradient({
  opType: 'ReverseSequence',
  sinceVersion: 10,
  source: 'https://onnx.ai/onnx/operators/onnx__ReverseSequence.html',
  formula: 'd input = reverseSequence(dY, sequence_lens)',
  inputs: ['input', 'sequence_lens'],
  outputs: ['Y'],
  attributes: { batch_axis: 1, time_axis: 0 },
  vjp: ({ sequence_lens: lengths }, { Y: dy }, { batch_axis, time_axis }, g) => ({
    input: () => g.op('ReverseSequence', [dy, lengths], { batch_axis, time_axis }),
  }),
  samples: [
    { inputs: { input: [4, 3, 2] }, constants: { sequence_lens: [4, 1, 3] } },
    { inputs: { input: [2, 4] }, constants: { sequence_lens: [3, 2] }, attributes: { batch_axis: integer(0), time_axis: integer(1) } },
  ],
  specialPoints: [],
});
