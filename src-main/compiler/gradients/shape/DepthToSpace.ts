import { integer, toAttribute } from '../../onnx/attributes.ts';
import { imageSizes } from '../../2-shapes/rules/slicing.ts';
import { defineGradient } from '../defineGradient.ts';

/**
 * output = blocks of channels as squares of pixels, the channel being (row, column, depth) for DCR and (depth, row, column) for
 * CRD. A permutation, so d input = its inverse of d output: SpaceToDepth for DCR, and axes exchanged for CRD.
 */
export const depthToSpace = defineGradient({
  opType: 'DepthToSpace',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__DepthToSpace.html',
  formula: 'd input = the inverse permutation of d output',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { blocksize: 1, mode: 'DCR' },
  vjp: ({ input }, { output: dy }, { blocksize: block, mode }, g) => ({
    input: () => {
      if (mode === 'DCR') return g.op('SpaceToDepth', [dy], { blocksize: block });
      const [batch, channels, height, width] = imageSizes(input.shape, 'DepthToSpace');
      const opened = g.reshape(dy, [batch, channels / block ** 2, height, block, width, block]);
      return g.reshape(g.transpose(opened, [0, 1, 3, 5, 2, 4]), input.shape);
    },
  }),
  samples: [
    { inputs: { input: [2, 8, 2, 3] }, attributes: { blocksize: integer(2) } },
    { inputs: { input: [2, 8, 2, 3] }, attributes: { blocksize: integer(2), mode: toAttribute('mode', 'CRD') } },
  ],
  specialPoints: [],
});
