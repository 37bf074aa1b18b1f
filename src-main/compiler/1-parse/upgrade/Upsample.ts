import type { GraphNode } from '../../onnx/graph.ts';
import { changed, floats, type OperatorUpgrade } from './defineUpgrade.ts';

/** Positions as Upsample and Resize-10 had them: x_original = x / scale, rounded down. */
export const oldPositions: GraphNode['attributes'] = {
  coordinate_transformation_mode: { kind: 'string', value: 'asymmetric' },
  nearest_mode: { kind: 'string', value: 'floor' },
};

/** Scales became an input in opset 9; Resize took the operator's place in 10. */
export const upsample = {
  source: 'https://onnx.ai/onnx/operators/onnx__Upsample.html',
  changes: [
    {
      since: 9,
      upgrade: (node, c) => {
        const scales = node.attributes['scales'];
        if (scales?.kind !== 'floats') return c.refuse('it has no "scales".');
        return [changed(node, { without: ['scales'], inputs: [node.inputs[0]!, floats(c, node, 'scales', scales.value)] })];
      },
    },
    { since: 10, upgrade: (node) => [changed(node, { opType: 'Resize' })] },
  ],
} satisfies OperatorUpgrade;
