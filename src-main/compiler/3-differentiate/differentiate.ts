import { randomOperators, type Distribution, type KeepMask, type ParsedForward } from '../1-parse/parseForward.ts';
import { replay } from '../2-shapes/replay.ts';
import { TypedOps, typed, type Forms, type TypedValue } from '../2-shapes/typedOps.ts';
import type { LossRule, TargetSpec } from '../losses/defineLoss.ts';
import type { Graph, Value } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import { backpropagate, type Seed } from './backpropagate.ts';
import { decomposer } from './decompose.ts';
import { withoutGradientError } from './withoutGradientError.ts';

/** Names of what one training step takes and gives, beside parameters and data, which keep theirs. */
export const stepNames = {
  /** 'train.targets', or 'train.targets.<name>' where a loss has several. */
  targets: (name: string): string => (name === '' ? 'train.targets' : `train.targets.${name}`),
  /** Share of each row in the loss: weight / number of real rows; 0 for padding. */
  rowShares: 'train.rowShares',
  loss: 'train.loss',
  /** Scalar that all gradients are multiplied by, the loss is not. */
  lossScale: 'train.lossScale',
  gradient: (parameter: string): string => `gradient.${parameter}`,
  /** In place of `gradient`: rows, and where in the parameter they are to be added up. */
  gradientRows: (parameter: string): string => `gradientRows.${parameter}`,
  gradientIndices: (parameter: string): string => `gradientIndices.${parameter}`,
  /** New value of a state. */
  state: (input: string): string => `state.${input}`,
};

/** What a backward pass starts from. */
export interface BackwardStart {
  readonly g: TypedOps;
  readonly seed: Seed;
  readonly loss: TypedValue;
  readonly parameters: readonly TypedValue[];
  /** Data, targets and row shares, [batch, …] each. */
  readonly perRow: readonly TypedValue[];
  /** How many of the first nodes on the tape are the network; the loss follows. */
  readonly forwardLength: number;
}

export type Backward = (start: BackwardStart) => readonly (TypedValue | undefined)[];

const ofLoss: Backward = ({ g, seed, parameters }) => backpropagate(g, [seed], parameters);

export interface DifferentiatedStep {
  /**
   * Inputs: parameters, frozen weights, state, data, targets, row shares, Dropout masks, noises. Outputs: the loss (scalar),
   * one gradient per parameter, the next value of each state.
   */
  readonly graph: Graph;
  /** Those of the forward graph, then those of the loss. */
  readonly parameters: readonly Value[];
  readonly targets: readonly (TargetSpec & { readonly value: Value })[];
  readonly rowShares: Value;
  /** Input that scales the gradients, where it was asked for. */
  readonly lossScale: Value | undefined;
  readonly masks: readonly (KeepMask & { readonly value: Value })[];
  readonly noises: readonly (Distribution & { readonly value: Value })[];
}

/**
 * Phase 3. Forward, loss and backward pass of one minibatch as one graph. `scalesLoss`: gradients are multiplied by an input,
 * so that small ones survive half precision. `forms`: what the provider wants in place of some operators. `backward`: gives
 * other gradients of the parameters than those of the loss; undefined for a parameter that does not influence it.
 */
export function differentiate(
  parsed: ParsedForward,
  loss: LossRule,
  { scalesLoss = false, forms = {}, backward = ofLoss }: { scalesLoss?: boolean; forms?: Forms; backward?: Backward } = {},
): DifferentiatedStep {
  const builder = new GraphBuilder('step');
  const g = new TypedOps(builder, forms);
  const inputs = new Map(parsed.graph.inputs.map((each) => [each.name, builder.input(each.name, each.dtype, each.shape)]));
  const masks: (KeepMask & { value: Value })[] = [];
  const noises: (Distribution & { value: Value })[] = [];
  const decompose = decomposer(g);
  const forward = replay(g, parsed.graph, inputs, {
    fold: true,
    inlineControl: true,
    missing: (name, _node, partner) => {
      const mask = parsed.keepMasks.find((each) => each.name === name);
      if (!mask) throw new Error(`"${parsed.graph.name}" uses "${name}", which nothing makes.`);
      const value = builder.input(name, partner.dtype, partner.shape);
      masks.push({ ...mask, value });
      return value;
    },
    decompose: (operator, given, attributes, outputCount) => {
      const distribution = randomOperators[operator]?.(attributes);
      if (!distribution) return decompose(operator, given, attributes, outputCount);
      const value = typed(builder.input(builder.uniqueName('noise'), given[0]!.dtype, given[0]!.shape));
      noises.push({ ...distribution, value });
      return [value];
    },
  });
  const forwardLength = g.tape.length;
  const valueOf = (name: string): TypedValue => {
    const value = forward.get(name);
    if (!value) throw new Error(`"${parsed.graph.name}" has no value "${name}".`);
    return value;
  };

  const outputs = parsed.outputs.map((each) => valueOf(each.name));
  const prediction = outputs[0]!;
  const targets: (TargetSpec & { value: Value })[] = [];
  const lossParameters: TypedValue[] = [];
  const rowShares = typed(builder.input(stepNames.rowShares, prediction.dtype, prediction.shape.slice(0, 1)));
  const { value, gradient } = loss.emit(g, {
    prediction,
    outputs: new Map(parsed.outputs.map((each, at) => [each.name, outputs[at]!])),
    value: valueOf,
    rowShares,
    targets: (spec) => {
      const taken = builder.input(stepNames.targets(spec.name), spec.dtype, spec.shape);
      targets.push({ ...spec, value: taken });
      return typed(taken);
    },
    parameter: (name, shape) => {
      const added = typed(builder.input(name, prediction.dtype, shape));
      lossParameters.push(added);
      return added;
    },
  });
  const parameters = [...parsed.parameters.map((each) => valueOf(each.name)), ...lossParameters];
  const lossScale = scalesLoss ? builder.input(stepNames.lossScale, prediction.dtype, []) : undefined;
  const seed = gradient ? { value: prediction, gradient } : { value, gradient: g.filledLike(value, 1) };
  const gradients = backward({
    g,
    seed: lossScale ? { ...seed, gradient: g.mul(seed.gradient, lossScale) } : seed,
    loss: value,
    parameters,
    perRow: [...parsed.dataInputs.map((each) => valueOf(each.name)), ...targets.map((each) => typed(each.value)), rowShares],
    forwardLength,
  });
  builder.output(value, stepNames.loss);
  parameters.forEach((each, at) => {
    const result = gradients[at];
    if (!result) throw withoutGradientError(g.tape, each, value);
    builder.output(result, stepNames.gradient(each.name));
  });
  for (const { input, output } of parsed.state) builder.output(valueOf(output), stepNames.state(input.name));
  return { graph: builder.build(), parameters, targets, rowShares, lossScale, masks, noises };
}
