import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { forInference, parseForward, type Distribution, type InputRoles } from './1-parse/parseForward.ts';
import { typed } from './2-shapes/typedOps.ts';
import { differentiate } from './3-differentiate/differentiate.ts';
import { withinBudget } from './4-fuse/rematerialise/withinBudget.ts';
import type { MemoryPlan } from './4-fuse/rematerialise/rematerialise.ts';
import { lint } from './5-emit/lint.ts';
import { lowerAfter } from './5-emit/lowerAfter.ts';
import { runtimeOrder } from './5-emit/runtimeOrder.ts';
import { formsFor, fuseFor } from './5-emit/providers/byProvider.ts';
import type { Target } from './5-emit/providers/target.ts';
import { emitTraining, trainingNames } from './5-emit/emitTraining.ts';
import { lossOf, type LossSettings } from './losses/index.ts';
import { encodeModel } from './onnx/encode.ts';
import type { Graph, Value } from './onnx/graph.ts';
import { compilePrivateStep, type PrivateStep } from './privacy/privateStep.ts';
import type { PrivacySettings, RowGradientForm } from './privacy/sumInGroups.ts';
import { optimizerOf, type OptimizerSettings } from './optimizers/index.ts';

export interface TrainingSettings extends InputRoles {
  /** Data inputs `[N, …]`, weights and state in; outputs `[N, …]` (and next states) out. Parameters and outputs all float32 (or all float64). */
  readonly forward: Graph;
  readonly loss: LossSettings;
  readonly optimizer: OptimizerSettings;
  /** Rows in one minibatch; a smaller last batch is padded and masked. */
  readonly batchSize: number;
  /** Where the graph will run; default the CPU. */
  readonly target?: Target;
  /** Differential privacy: each row's gradient is clipped, noise is added. Such a network may not mix rows (BatchNormalization in training). */
  readonly privacy?: PrivacySettings;
  /** As for `compileGradients`: the most that computed values of one step may take at once. */
  readonly memoryBudgetBytes?: number;
}

/** A tensor of the training graph by name; `shape` as fed, without the leading rows or batches axis where there is one. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

export type FedType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool';

/** Something that the training data hold one of per row. */
export interface RowSpec extends TensorSpec {
  readonly dtype: FedType;
}

/** What the loss compares with. `name` is the graph's; class numbers lie below `classCount`, or are `ignoreIndex`. */
export interface TargetTensor extends RowSpec {
  readonly classCount?: number | undefined;
  readonly ignoreIndex?: number | undefined;
}

/** A training graph and what is needed to drive it. `Trainer` does. */
export interface CompiledTraining {
  /** The training model for ONNX Runtime. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly graph: Graph;
  /** Forward and backward pass of one batch, before phase 5, to look for what is not finite; with privacy it sees single rows and is left out. */
  readonly stepGraph: Graph | undefined;
  /** The forward model with weights as inputs, as it is served: for validation while training. */
  readonly forwardBytes: Uint8Array<ArrayBuffer>;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly dtype: 'float32' | 'float64';
  readonly batchSize: number;
  /** With privacy: how the gradients of single rows are computed. */
  readonly rowGradients: RowGradientForm | undefined;
  /** What became of `memoryBudgetBytes`; `fits` is false where it cannot be met. Undefined without a budget. */
  readonly memory: MemoryPlan | undefined;
  /** Inputs of the forward graph that are weights or state: what has to be given at the start. */
  readonly weightNames: readonly string[];
  readonly parameterShapes: Readonly<Record<string, readonly number[]>>;
  /** What the optimizer changes: the forward graph's parameters, then those of the loss, which start at 0. */
  readonly parameters: readonly TensorSpec[];
  /** Weights that are given and stay. */
  readonly frozen: readonly TensorSpec[];
  /** Values that a step replaces without the optimizer: running statistics. */
  readonly state: readonly TensorSpec[];
  /** Optimizer state, all zeros at the start; `zeroBelow`: see `OptimizerSlot`. */
  readonly slots: readonly (TensorSpec & { readonly zeroBelow: number })[];
  readonly dataInputs: readonly RowSpec[];
  readonly targets: readonly TargetTensor[];
  /** Dropout masks; `shape` of one batch, `step` the name in the step graph. */
  readonly masks: readonly (TensorSpec & { readonly step: string; readonly rate: number })[];
  /** Random numbers; `shape` of one batch. */
  readonly noises: readonly (TensorSpec & { readonly step: string } & Distribution)[];
  /** What the loss read, without the batch axis. */
  readonly predictions: readonly TensorSpec[];
  /** Inputs that hold one number per batch, in the order of `scalarsAt`. */
  readonly scalars: readonly string[];
  /** Those numbers for step `step`, counted from 1. */
  scalarsAt(step: number, learningRate: number): readonly number[];
}

/**
 * Turns a forward graph, a loss and an optimizer into one plain ONNX graph that trains on any number of minibatches in
 * one run (see README.md for every phase on an example).
 *
 * Throws MK_COMPILER_OPERATOR_UNSUPPORTED when the forward graph holds an operator without a gradient rule, with `privacy` also
 * MK_COMPILER_ROWS_MIXED when rows of a batch see each other.
 *
 * ```ts
 * const network = multilayerPerceptron({ featureCount: 20, hiddenSizes: [64], outputCount: 3 });
 * const compiled = compileTraining({ forward: network.graph, parameters: network.parameters,
 *   loss: { kind: 'softmaxCrossEntropy' }, optimizer: { kind: 'adam' }, batchSize: 128 });
 * ```
 */
export function compileTraining(settings: TrainingSettings): CompiledTraining {
  const { forward, optimizer, batchSize, privacy } = settings;
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) throw new Error(`Batch size ${batchSize} is not a positive integer.`);
  const { parsed, step, rowGradients } = compileStep(settings);
  const dtype = floatTypeOf([...parsed.parameters, ...parsed.outputs]);
  const fused = fuseFor(step.graph, dtype, settings.target);
  const { graph: stepGraph, plan: memory } = withinBudget(fused, settings.memoryBudgetBytes, parsed, step);
  const rule = optimizerOf(optimizer);
  const emitted = emitTraining(parsed, step, stepGraph, { ...optimizer, rule }, batchSize, privacy && { ...privacy, ...rowGradients! });
  const graph = memory ? lowerAfter(runtimeOrder(emitted)) : emitted;
  lint(graph, settings.target);
  const parameters = step.parameters.map(fixedSpec);
  // Shape of what is drawn for a step: with privacy, for each group of rows apart.
  const perStep = (value: Value): readonly number[] =>
    rowGradients ? [batchSize / rowGradients.rowsTogether, ...fixedSpec(value).shape] : fixedSpec(value).shape;
  return {
    bytes: encodeModel(graph, { producer: 'modelkeep' }),
    graph,
    stepGraph: privacy ? undefined : stepGraph,
    forwardBytes: encodeModel(forInference(forward, settings.state), { producer: 'modelkeep' }),
    inputs: graph.inputs,
    outputs: graph.outputs,
    dtype,
    batchSize,
    rowGradients,
    memory,
    weightNames: [...parsed.parameters, ...parsed.frozen, ...parsed.state.map(({ input }) => input)].map((each) => each.name),
    parameterShapes: Object.fromEntries(parameters.map(({ name, shape }) => [name, shape])),
    parameters,
    frozen: parsed.frozen.map(fixedSpec),
    state: parsed.state.map(({ input }) => fixedSpec(input)),
    slots: parameters.flatMap(({ name, shape }) =>
      rule.slots(shape).map((slot) => ({ ...slot, name: trainingNames.slot(slot.name, name) })),
    ),
    dataInputs: parsed.dataInputs.map(rowSpec),
    targets: step.targets.map(({ value, classCount, ignoreIndex }) => ({ ...rowSpec(value), classCount, ignoreIndex })),
    masks: step.masks.map(({ name, value, rate }) => ({ name: trainingNames.keep(name), step: value.name, shape: perStep(value), rate })),
    noises: [
      ...step.noises.map(({ value, ...distribution }) => ({
        ...distribution,
        name: trainingNames.keep(value.name),
        step: value.name,
        shape: perStep(value),
      })),
      ...(privacy ? parameters : []).map(({ name, shape }) => ({
        name: trainingNames.keep(trainingNames.privacyNoise(name)),
        step: '',
        shape,
        distribution: 'normal' as const,
        offset: 0,
        scale: 1,
      })),
    ],
    predictions: parsed.outputs.map((each) => withoutFirstAxis(fixedSpec(each))),
    scalars: rule.scalars.map(trainingNames.scalar),
    scalarsAt: (at, learningRate) => rule.scalarsAt(at, learningRate),
  };
}

/** Phases 1 to 3: loss and gradients of a batch, or of a group of its rows, clipped. */
export function compileStep(settings: TrainingSettings): PrivateStep {
  const { forward, loss, batchSize, privacy, target } = settings;
  const forms = formsFor(target);
  if (privacy) return compilePrivateStep(forward, settings, lossOf(loss), batchSize, privacy, forms);
  const parsed = parseForward(forward, settings, batchSize);
  return { parsed, step: differentiate(parsed, lossOf(loss), { forms }), rowGradients: undefined };
}

/** Throws MK_COMPILER_PARAMETER_UNTRAINABLE for a weight that holds no float numbers: whole numbers have no gradient. */
export function floatTypeOf(values: readonly Value[]): 'float32' | 'float64' {
  const whole = values.find(({ dtype }) => dtype !== 'float32' && dtype !== 'float64');
  if (whole)
    throw new ModelkeepError('MK_COMPILER_PARAMETER_UNTRAINABLE', {
      parameter: whole.name,
      reason: `it is ${whole.dtype} [${(whole.shape ?? []).join(', ')}]; only float32 and float64 can be trained.`,
    });
  const types = new Set(values.map((each) => each.dtype));
  const [dtype] = types;
  if (types.size !== 1 || (dtype !== 'float32' && dtype !== 'float64'))
    throw new Error(`Parameters and output must all be float32 or all float64, not ${[...types].join(', ')}.`);
  return dtype;
}

export function fixedSpec(value: Value): TensorSpec {
  return {
    name: value.name,
    shape: typed(value).shape.map((dim) => {
      if (typeof dim !== 'number') throw new Error(`"${value.name}": the size "${dim}" must be a number.`);
      return dim;
    }),
  };
}

export function withoutFirstAxis({ name, shape }: TensorSpec): TensorSpec {
  return { name, shape: shape.slice(1) };
}

export function rowSpec(value: Value): RowSpec {
  const { dtype } = value;
  if (dtype !== 'float32' && dtype !== 'float64' && dtype !== 'int32' && dtype !== 'int64' && dtype !== 'uint8' && dtype !== 'bool')
    throw new Error(`"${value.name}": ${dtype} cannot be fed from training data.`);
  return { ...withoutFirstAxis(fixedSpec(value)), dtype };
}
