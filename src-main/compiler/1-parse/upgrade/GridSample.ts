import { changed, textOf, type OperatorUpgrade } from './defineUpgrade.ts';

const modes: Readonly<Record<string, string>> = { bilinear: 'linear', bicubic: 'cubic' };

/** Opset 20 renamed the modes, as it takes volumes too. */
export const gridSample = {
  source: 'https://onnx.ai/onnx/operators/onnx__GridSample.html',
  changes: [
    {
      since: 20,
      upgrade: (node) => {
        const mode = textOf(node, 'mode') ?? 'bilinear';
        return [changed(node, { attributes: { mode: { kind: 'string', value: modes[mode] ?? mode } } })];
      },
    },
  ],
} satisfies OperatorUpgrade;
