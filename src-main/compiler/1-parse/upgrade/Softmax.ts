import { added, changed, numberOf, type OperatorUpgrade } from './defineUpgrade.ts';

/**
 * Softmax, LogSoftmax and Hardmax: before opset 13 the input was taken as a matrix split at `axis` (default 1), and each
 * row normalised as a whole; since then only the one axis (default −1) is. They agree where that is the last axis.
 */
const flattening: OperatorUpgrade['changes'] = [
  {
    since: 13,
    upgrade: (node, c) => {
      const axis = numberOf(node, 'axis') ?? 1;
      const rank = c.shapeOf(node.inputs[0]!)?.length;
      const last = { axis: { kind: 'int', value: -1 } } as const;
      if (axis === -1 || axis + 1 === rank) return [changed(node, { attributes: last })];
      const rows = added(c, node, 'Flatten', [node.inputs[0]!], { axis: { kind: 'int', value: axis } });
      const sizes = added(c, node, 'Shape', [node.inputs[0]!]);
      const inner = added(c, node, node.opType, rows.outputs, last);
      return [rows, sizes, inner, changed(node, { opType: 'Reshape', inputs: [inner.outputs[0]!, sizes.outputs[0]!], without: ['axis'] })];
    },
  },
];

export const softmax: OperatorUpgrade = { source: 'https://onnx.ai/onnx/operators/onnx__Softmax.html', changes: flattening };
export const logSoftmax: OperatorUpgrade = { source: 'https://onnx.ai/onnx/operators/onnx__LogSoftmax.html', changes: flattening };
export const hardmax: OperatorUpgrade = { source: 'https://onnx.ai/onnx/operators/onnx__Hardmax.html', changes: flattening };
