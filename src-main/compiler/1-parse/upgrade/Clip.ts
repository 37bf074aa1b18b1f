import { changed, floats, numberOf, trimmed, type OperatorUpgrade } from './defineUpgrade.ts';

/** Limits became inputs in opset 11. */
export const clip = {
  source: 'https://onnx.ai/onnx/operators/onnx__Clip.html',
  changes: [
    {
      since: 11,
      upgrade: (node, c) => {
        const limit = (name: string): string => {
          const value = numberOf(node, name);
          return value === undefined ? '' : floats(c, node, name, [value], []);
        };
        return [changed(node, { without: ['min', 'max'], inputs: trimmed([node.inputs[0]!, limit('min'), limit('max')]) })];
      },
    },
  ],
} satisfies OperatorUpgrade;
