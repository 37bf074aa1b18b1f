import { changed, floats, integers, intsOf, numberOf, type OperatorUpgrade } from './defineUpgrade.ts';

/** Widths and the filling value became inputs in opset 11. */
export const pad = {
  source: 'https://onnx.ai/onnx/operators/onnx__Pad.html',
  changes: [
    {
      since: 11,
      upgrade: (node, c) => {
        const pads = integers(c, node, 'pads', intsOf(node, 'pads') ?? c.refuse('it has no "pads".'));
        const value = numberOf(node, 'value') ?? 0;
        const filling = value === 0 ? [] : [floats(c, node, 'value', [value], [])];
        return [changed(node, { without: ['pads', 'value'], inputs: [node.inputs[0]!, pads, ...filling] })];
      },
    },
  ],
} satisfies OperatorUpgrade;
