import type { KeepMask, ParsedForward } from '../1-parse/parseForward.ts';
import { replay } from '../2-shapes/replay.ts';
import { TypedOps, typed, type TypedValue } from '../2-shapes/typedOps.ts';
import { lossOf, type LossSettings } from '../losses/index.ts';
import type { Graph, Value } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import { backpropagate } from './backpropagate.ts';
import { decomposer } from './decompose.ts';

/** Names of what one training step takes and gives, beside parameters and data, which keep theirs. */
export const stepNames = {
  targets: 'train.targets',
  /** Share of each row in the loss: weight / number of real rows; 0 for padding. */
  rowShares: 'train.rowShares',
  loss: 'train.loss',
  gradient: (parameter: string): string => `gradient.${parameter}`,
};

export interface DifferentiatedStep {
  /** Inputs: parameters, data, targets, row shares, Dropout masks. Outputs: the loss (scalar) and one gradient per parameter. */
  readonly graph: Graph;
  readonly targets: Value;
  readonly rowShares: Value;
  readonly masks: readonly (KeepMask & { value: Value })[];
}

/** Phase 3. Forward, loss and backward pass of one minibatch as one graph. */
export function differentiate(parsed: ParsedForward, loss: LossSettings): DifferentiatedStep {
  const builder = new GraphBuilder('step');
  const g = new TypedOps(builder);
  const inputs = new Map(parsed.graph.inputs.map((each) => [each.name, builder.input(each.name, each.dtype, each.shape)]));
  const masks: (KeepMask & { value: Value })[] = [];
  const missing = (name: string, _node: unknown, partner: TypedValue): Value => {
    const mask = parsed.keepMasks.find((each) => each.name === name);
    if (!mask) throw new Error(`"${parsed.graph.name}" uses "${name}", which nothing makes.`);
    const value = builder.input(name, partner.dtype, partner.shape);
    masks.push({ ...mask, value });
    return value;
  };
  const forward = replay(g, parsed.graph, inputs, { missing, decompose: decomposer(g) });
  const output = forward.get(parsed.output.name);
  if (!output) throw new Error(`"${parsed.graph.name}" never makes its output "${parsed.output.name}".`);

  const rule = lossOf(loss);
  const targets = builder.input(
    stepNames.targets,
    rule.targetType === 'classes' ? 'int32' : output.dtype,
    rule.targetType === 'classes' ? output.shape.slice(0, 1) : output.shape,
  );
  const rowShares = builder.input(stepNames.rowShares, output.dtype, output.shape.slice(0, 1));
  const { value, gradient } = rule.emit(g, { prediction: output, targets: typed(targets), rowShares: typed(rowShares) });
  const parameters = parsed.parameters.map((each) => forward.get(each.name)!);
  const gradients = backpropagate(g, [{ value: gradient ? output : value, gradient: gradient ?? g.filledLike(value, 1) }], parameters);
  builder.output(value, stepNames.loss);
  parameters.forEach((each, at) => {
    const result = gradients[at];
    if (!result) throw new Error(`"${each.name}" does not influence "${output.name}": it cannot be trained.`);
    builder.output(result, stepNames.gradient(each.name));
  });
  return { graph: builder.build(), targets, rowShares, masks };
}
