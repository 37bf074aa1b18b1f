import { readInteger } from '../../onnx/attributes.ts';
import type { GraphNode } from '../../onnx/graph.ts';
import { definePattern, near, type PatternContext } from './definePattern.ts';

/** As PyTorch writes nn.LayerNorm before opset 17, and TensorFlow's converter: over the last axis, with a scale and mostly a bias. */
export const layerNormalization = definePattern({
  operator: 'LayerNormalization',
  formula: '(x − mean x) / √(mean (x − mean x)² + ε) · scale + bias',
  ends: ['Add', 'Mul'],
  match(end, context) {
    const [scaled, bias] = end.opType === 'Add' ? besideVector(end, context) : [end, undefined];
    const [normal, scale] = scaled?.opType === 'Mul' ? besideVector(scaled, context) : [];
    const parts = normal && normalised(normal, context);
    if (!parts || scale === undefined) return undefined;
    const width = context.shapeOf(parts.x)?.at(-1);
    if ([scale, bias].some((each) => each !== undefined && context.constant(each)?.shape[0] !== width)) return undefined;
    // A bias comes with the last node, so that both go.
    if (bias !== undefined && !context.readOnce(scaled!.outputs[0]!)) return undefined;
    return {
      inputs: [parts.x, scale, ...(bias === undefined ? [] : [bias])],
      attributes: { axis: { kind: 'int', value: -1 }, epsilon: { kind: 'float', value: parts.epsilon } },
    };
  },
});

/** The node behind the one input that is a weight along the last axis, and the weight. */
function besideVector(node: GraphNode, context: PatternContext): [GraphNode | undefined, string | undefined] {
  const [left, right] = node.inputs as [string, string];
  const [weight, other] = context.constant(right) ? [right, left] : [left, right];
  if (context.constant(weight)?.shape.length !== 1) return [undefined, undefined];
  const made = ['Mul', 'Div'].map((operator) => context.madeBy(other, operator)).find(Boolean);
  return [made, weight];
}

/** (x − mean) divided by the deviation, or times its reciprocal. */
function normalised(node: GraphNode, context: PatternContext): { x: string; epsilon: number } | undefined {
  const [left, right] = node.inputs as [string, string];
  const pairs: [string, string | undefined][] =
    node.opType === 'Div'
      ? [[left, right]]
      : [
          [left, context.madeBy(right, 'Reciprocal')?.inputs[0]],
          [right, context.madeBy(left, 'Reciprocal')?.inputs[0]],
        ];
  for (const [centred, deviation] of pairs) {
    const x = centredOf(centred, context);
    const variance = context.madeBy(context.madeBy(deviation, 'Sqrt')?.inputs[0], 'Add');
    if (x === undefined || !variance) continue;
    const [a, b] = variance.inputs as [string, string];
    const [mean, epsilon] = context.number(b) === undefined ? [b, context.number(a)] : [a, context.number(b)];
    const squares = meanOverLast(mean, context);
    if (epsilon !== undefined && squares !== undefined && isSquareOf(squares, x, context)) return { x, epsilon };
  }
  return undefined;
}

/** x where the value is x − mean x. */
function centredOf(name: string | undefined, context: PatternContext): string | undefined {
  const [x, mean] = context.madeBy(name, 'Sub')?.inputs ?? [];
  return x !== undefined && meanOverLast(mean, context) === x ? x : undefined;
}

/** Some exporters subtract the mean a second time for the variance. */
function isSquareOf(name: string, x: string, context: PatternContext): boolean {
  const pow = context.madeBy(name, 'Pow');
  if (pow) return near(context.number(pow.inputs[1]), 2) && centredOf(pow.inputs[0], context) === x;
  const [left, right] = context.madeBy(name, 'Mul')?.inputs ?? [];
  return centredOf(left, context) === x && centredOf(right, context) === x;
}

function meanOverLast(name: string | undefined, context: PatternContext): string | undefined {
  const mean = context.madeBy(name, 'ReduceMean');
  if (!mean || readInteger(mean.attributes, 'keepdims', 1) !== 1) return undefined;
  const [x, axes] = mean.inputs as [string, string | undefined];
  const listed = context.constant(axes);
  const rank = context.shapeOf(x)?.length;
  const [axis, ...more] = listed ? Array.from(listed.data as Iterable<number | bigint>, Number) : [];
  return more.length === 0 && (axis === -1 || (axis !== undefined && axis + 1 === rank)) ? x : undefined;
}
