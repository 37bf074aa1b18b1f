import { replay } from '../2-shapes/replay.ts';
import { TypedOps, typed } from '../2-shapes/typedOps.ts';
import { backpropagate } from '../3-differentiate/backpropagate.ts';
import type { GradientRule, GradientSample } from '../gradients/defineGradient.ts';
import { GraphBuilder, type Graph, type Value } from '../index.ts';
import { size, tensor, type ReferenceTensor } from './referenceInterpreter.ts';

/** One node as a forward graph, and with its gradients: inputs of the node and `cotangent` in, the node's output and `gradient.<input>` out. */
export function differentiateSample(
  rule: GradientRule,
  sample: GradientSample,
  dtype: 'float32' | 'float64',
): { forward: Graph; graph: Graph; inputs: readonly Value[]; output: Value } {
  const forward = new GraphBuilder('forward');
  const inputs: Value[] = [];
  const nodeInputs = rule.inputs.map((name) => {
    const [shape, constant] = [sample.inputs[name], sample.constants?.[name]];
    if (constant) return forward.int64(constant);
    if (!shape) return undefined;
    inputs.push(forward.input(name, dtype, shape));
    return inputs.at(-1);
  });
  forward.output(forward.op(rule.opType, nodeInputs, { attributes: sample.attributes ?? {} }), 'result');

  const builder = new GraphBuilder('backward');
  const g = new TypedOps(builder);
  const replayed = replay(g, forward.build(), new Map(inputs.map((each) => [each.name, builder.input(each.name, each.dtype, each.shape)])));
  const output = replayed.values.get('result')!;
  const cotangent = typed(builder.input('cotangent', dtype, output.shape));
  const results = backpropagate(
    g,
    replayed,
    output,
    cotangent,
    inputs.map((each) => replayed.values.get(each.name)!),
  );
  const given = builder.output(output);
  inputs.forEach((each, at) => builder.output(results[at]!, `gradient.${each.name}`));
  return { forward: forward.build(), graph: builder.build(), inputs, output: given };
}

/** Values for an input, from the sample's domain. */
export function drawInput(
  input: Value,
  { domain: [low, high] = [-2, 2], awayFromZero = 0 }: GradientSample,
  random: () => number,
): ReferenceTensor {
  const draw = (): number => {
    for (;;) {
      const value = low + (high - low) * random();
      if (Math.abs(value) >= awayFromZero) return value;
    }
  };
  const shape = input.shape as readonly number[];
  return tensor(shape, Array.from({ length: size(shape) }, draw));
}
