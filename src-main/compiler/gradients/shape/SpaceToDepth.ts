import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** output = squares of pixels as channels (row, column, depth);  d input = DepthToSpace (DCR) of d output, its inverse. */
export const spaceToDepth = defineGradient({
  opType: 'SpaceToDepth',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html',
  formula: 'd input = depthToSpace(d output)',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { blocksize: 1 },
  vjp: (_tensors, { output: dy }, { blocksize }, g) => ({ input: () => g.op('DepthToSpace', [dy], { blocksize }) }),
  samples: [{ inputs: { input: [2, 2, 4, 6] }, attributes: { blocksize: integer(2) } }],
  specialPoints: [],
});
