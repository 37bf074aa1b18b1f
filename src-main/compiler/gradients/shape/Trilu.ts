import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** output = the upper (or lower) triangle of the last two axes from diagonal k on, 0 elsewhere;  d input = the same of d output. */
export const trilu = defineGradient({
  opType: 'Trilu',
  sinceVersion: 14,
  source: 'https://onnx.ai/onnx/operators/onnx__Trilu.html',
  formula: 'd input = trilu(d output, k)',
  inputs: ['input', 'k'],
  outputs: ['output'],
  attributes: { upper: 1 },
  vjp: ({ k }, { output: dy }, { upper }, g) => ({ input: () => g.op('Trilu', [dy, k], { upper }) }),
  samples: [
    { inputs: { input: [3, 4] } },
    { inputs: { input: [2, 3, 3] }, constants: { k: { dtype: 'int64', shape: [], data: BigInt64Array.of(1n) } } },
    {
      inputs: { input: [4, 3] },
      constants: { k: { dtype: 'int64', shape: [], data: BigInt64Array.of(-1n) } },
      attributes: { upper: integer(0) },
    },
  ],
  specialPoints: [],
});
