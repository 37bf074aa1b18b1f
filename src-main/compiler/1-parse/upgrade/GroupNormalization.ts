import type { GraphNode } from '../../onnx/graph.ts';
import { added, changed, integers, numberOf, type OperatorUpgrade } from './defineUpgrade.ts';

/** Opset 18 had scale and bias per group, `[groups]`; since 21 they are per channel. */
export const groupNormalization = {
  source: 'https://onnx.ai/onnx/operators/onnx__GroupNormalization.html',
  changes: [
    {
      since: 21,
      upgrade: (node, c) => {
        const groups = numberOf(node, 'num_groups') ?? c.refuse('it has no "num_groups".');
        const channels = c.shapeOf(node.inputs[0]!)?.[1];
        if (typeof channels !== 'number') return c.refuse('the number of channels is not known.');
        const column = integers(c, node, 'column', [groups, 1]);
        const grid = integers(c, node, 'grid', [groups, channels / groups]);
        const flat = integers(c, node, 'channels', [channels]);
        const perChannel = (name: string): GraphNode[] => {
          const reshaped = added(c, node, 'Reshape', [name, column]);
          const repeated = added(c, node, 'Expand', [reshaped.outputs[0]!, grid]);
          return [reshaped, repeated, added(c, node, 'Reshape', [repeated.outputs[0]!, flat])];
        };
        const [scale, bias] = [perChannel(node.inputs[1]!), perChannel(node.inputs[2]!)];
        const inputs = [node.inputs[0]!, scale.at(-1)!.outputs[0]!, bias.at(-1)!.outputs[0]!];
        return [...scale, ...bias, changed(node, { inputs })];
      },
    },
  ],
} satisfies OperatorUpgrade;
