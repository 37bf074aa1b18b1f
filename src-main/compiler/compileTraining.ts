import { parseForward, withoutDropout } from './1-parse/parseForward.ts';
import { typed } from './2-shapes/typedOps.ts';
import { differentiate } from './3-differentiate/differentiate.ts';
import { fuse } from './4-fuse/fuse.ts';
import { emitTraining, trainingNames } from './5-emit/emitTraining.ts';
import { lossOf, type LossSettings } from './losses/index.ts';
import { encodeModel } from './onnx/encode.ts';
import type { Graph, Value } from './onnx/graph.ts';
import { optimizerOf, type OptimizerSettings } from './optimizers/index.ts';

export interface TrainingSettings {
  /** Data inputs `[N, …]` and parameters in, one output `[N, outputs]` out; all float32 (or all float64). */
  readonly forward: Graph;
  /** Names of the inputs of `forward` that are weights. */
  readonly parameters: readonly string[];
  readonly loss: LossSettings;
  readonly optimizer: OptimizerSettings;
  /** Rows in one minibatch; a smaller last batch is padded and masked. */
  readonly batchSize: number;
}

/** A tensor of the training graph by name; `shape` as fed, without the leading rows or batches axis where there is one. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A training graph and what is needed to drive it. `Trainer` does. */
export interface CompiledTraining {
  /** The training model for ONNX Runtime. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly graph: Graph;
  /** The forward model with weights as inputs, Dropout off: for validation while training. */
  readonly forwardBytes: Uint8Array<ArrayBuffer>;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly dtype: 'float32' | 'float64';
  readonly batchSize: number;
  readonly parameterShapes: Readonly<Record<string, readonly number[]>>;
  readonly parameters: readonly TensorSpec[];
  /** Optimizer state, all zeros at the start; `zeroBelow`: see `OptimizerSlot`. */
  readonly slots: readonly (TensorSpec & { readonly zeroBelow: number })[];
  readonly dataInputs: readonly TensorSpec[];
  readonly targets: TensorSpec & { readonly dtype: 'int32' | 'float32' | 'float64' };
  /** Dropout masks; `shape` of one batch. */
  readonly masks: readonly (TensorSpec & { readonly rate: number })[];
  readonly output: TensorSpec;
  /** Inputs that hold one number per batch, in the order of `scalarsAt`. */
  readonly scalars: readonly string[];
  /** Those numbers for step `step`, counted from 1. */
  scalarsAt(step: number, learningRate: number): readonly number[];
}

/**
 * Turns a forward graph, a loss and an optimizer into one plain ONNX graph that trains on any number of minibatches in
 * one run (see README.md for every phase on an example).
 *
 * Throws MK_COMPILER_OPERATOR_UNSUPPORTED when the forward graph holds an operator without a gradient rule.
 *
 * ```ts
 * const network = multilayerPerceptron({ featureCount: 20, hiddenSizes: [64], outputCount: 3 });
 * const compiled = compileTraining({ forward: network.graph, parameters: network.parameters,
 *   loss: { kind: 'softmaxCrossEntropy' }, optimizer: { kind: 'adam' }, batchSize: 128 });
 * ```
 */
export function compileTraining({ forward, parameters, loss, optimizer, batchSize }: TrainingSettings): CompiledTraining {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) throw new Error(`Batch size ${batchSize} is not a positive integer.`);
  const parsed = parseForward(forward, parameters, batchSize);
  const dtype = floatTypeOf([...parsed.parameters, parsed.output]);
  const step = differentiate(parsed, loss);
  const stepGraph = fuse(step.graph);
  const rule = optimizerOf(optimizer);
  const graph = emitTraining(parsed, step, stepGraph, rule, batchSize);
  const output = stepOutputSpec(parsed.output);
  const parameterSpecs = parsed.parameters.map(fixedSpec);
  return {
    bytes: encodeModel(graph, { producer: 'modelkeep' }),
    graph,
    forwardBytes: encodeModel(withoutDropout(forward), { producer: 'modelkeep' }),
    inputs: graph.inputs,
    outputs: graph.outputs,
    dtype,
    batchSize,
    parameterShapes: Object.fromEntries(parameterSpecs.map(({ name, shape }) => [name, shape])),
    parameters: parameterSpecs,
    slots: parameterSpecs.flatMap(({ name, shape }) =>
      rule.slots.map((slot) => ({ name: trainingNames.slot(slot.name, name), shape, zeroBelow: slot.zeroBelow })),
    ),
    dataInputs: parsed.dataInputs.map((each) => withoutFirstAxis(fixedSpec(each))),
    targets: {
      ...withoutFirstAxis(fixedSpec(step.targets)),
      name: trainingNames.targets,
      dtype: lossOf(loss).targetType === 'classes' ? 'int32' : dtype,
    },
    masks: step.masks.map((mask) => ({ name: trainingNames.keep(mask.name), shape: fixedSpec(mask.value).shape, rate: mask.rate })),
    output,
    scalars: rule.scalars.map(trainingNames.scalar),
    scalarsAt: (at, learningRate) => rule.scalarsAt(at, learningRate),
  };
}

function floatTypeOf(values: readonly Value[]): 'float32' | 'float64' {
  const types = new Set(values.map((each) => each.dtype));
  const [dtype] = types;
  if (types.size !== 1 || (dtype !== 'float32' && dtype !== 'float64'))
    throw new Error(`Parameters and output must all be float32 or all float64, not ${[...types].join(', ')}.`);
  return dtype;
}

function fixedSpec(value: Value): TensorSpec {
  return {
    name: value.name,
    shape: typed(value).shape.map((dim) => {
      if (typeof dim !== 'number') throw new Error(`"${value.name}": the size "${dim}" must be a number.`);
      return dim;
    }),
  };
}

function withoutFirstAxis({ name, shape }: TensorSpec): TensorSpec {
  return { name, shape: shape.slice(1) };
}

/** The output's sizes as the graph declares them, checked: losses need `[N, outputs]`. */
function stepOutputSpec(output: Value): TensorSpec {
  const spec = withoutFirstAxis(fixedSpec(output));
  if (spec.shape.length !== 1) throw new Error(`The output "${output.name}" must be [N, outputs].`);
  return spec;
}
