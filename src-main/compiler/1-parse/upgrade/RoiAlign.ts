import { changed, type OperatorUpgrade } from './defineUpgrade.ts';

/** Opset 16 made the position of a pixel a choice and chose another default. */
export const roiAlign = {
  source: 'https://onnx.ai/onnx/operators/onnx__RoiAlign.html',
  changes: [
    {
      since: 16,
      upgrade: (node) => [
        changed(node, { attributes: { coordinate_transformation_mode: { kind: 'string', value: 'output_half_pixel' } } }),
      ],
    },
  ],
} satisfies OperatorUpgrade;
