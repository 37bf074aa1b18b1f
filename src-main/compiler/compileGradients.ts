import { forInference, parseForward, type Distribution, type InputRoles } from './1-parse/parseForward.ts';
import { differentiate, stepNames } from './3-differentiate/differentiate.ts';
import { lint } from './5-emit/lint.ts';
import { rowMixing, type RowMixing } from './5-emit/rowMixing.ts';
import { formsFor, fuseFor } from './5-emit/providers/byProvider.ts';
import type { Target } from './5-emit/providers/target.ts';
import { emitGradients } from './5-emit/emitGradients.ts';
import { halfProducts } from './5-emit/halfProducts.ts';
import { trainingNames } from './5-emit/emitTraining.ts';
import { fixedSpec, floatTypeOf, rowSpec, withoutFirstAxis, type RowSpec, type TargetTensor, type TensorSpec } from './compileTraining.ts';
import { lossOf, type LossSettings } from './losses/index.ts';
import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { encodeModel } from './onnx/encode.ts';
import type { Graph } from './onnx/graph.ts';

export interface GradientSettings extends InputRoles {
  /** As for `compileTraining`, float32. */
  readonly forward: Graph;
  readonly loss: LossSettings;
  /** Rows that one session takes at a time: the minibatch, or a worker's part of it. */
  readonly batchSize: number;
  /** Where the graph will run; default the CPU. */
  readonly target?: Target;
  /**
   * Rows that go through the network together; divides `batchSize`, default all. Fewer rows need less memory and often run
   * faster, with the same gradients up to rounding, except where rows of a batch see each other (BatchNormalization, losses
   * that contrast rows): those see their micro-batch only.
   */
  readonly microBatch?: number;
  /**
   * 'mixed': products and convolutions read and write float16, everything else (weights, sums, updates) stays float32, and the
   * trainer scales the loss. For devices with fast float16; the CPU only gets slower. Default 'float32'.
   */
  readonly precision?: 'float32' | 'mixed';
}

/** A graph of loss and gradients, and what is needed to drive it. Plain data: it can be sent to a worker. `GradientTrainer` drives it. */
export interface CompiledGradients {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly graph: Graph;
  /** Forward and backward pass of one micro-batch, before phase 5: for the watch and the memory estimate. */
  readonly stepGraph: Graph;
  /** As it is served, with weights as inputs. */
  readonly forwardBytes: Uint8Array<ArrayBuffer>;
  readonly dtype: 'float32';
  readonly batchSize: number;
  readonly microBatch: number;
  /** The graph holds forms that are right only on one thread of the runtime (`target.threads`). */
  readonly oneThread: boolean;
  /**
   * Where rows of a batch see each other: parts of the batch then make another model. 'unknown' where a node is not understood,
   * undefined where rows stay apart (and for micro-batches of one row, which cannot tell).
   */
  readonly mixesRows: RowMixing | 'unknown' | undefined;
  readonly precision: 'float32' | 'mixed';
  /** Inputs of the forward graph that are weights or state: what has to be given at the start. */
  readonly weightNames: readonly string[];
  readonly parameters: readonly TensorSpec[];
  readonly frozen: readonly TensorSpec[];
  readonly state: readonly TensorSpec[];
  readonly dataInputs: readonly RowSpec[];
  readonly targets: readonly TargetTensor[];
  /** `name` is the graph's; `step` that of the step graph; `shape` of one micro-batch. */
  readonly masks: readonly (TensorSpec & { readonly step: string; readonly rate: number })[];
  readonly noises: readonly (TensorSpec & { readonly step: string } & Distribution)[];
  readonly predictions: readonly TensorSpec[];
}

/**
 * Turns a forward graph and a loss into one ONNX graph that gives the loss and the gradients of a batch. For networks whose
 * steps take milliseconds; small ones are faster with `compileTraining`, whose graph makes many steps in one run.
 *
 * Throws as `compileTraining` does, and MK_COMPILER_SETTING_INVALID when `microBatch` does not divide `batchSize`.
 */
export function compileGradients(settings: GradientSettings): CompiledGradients {
  const { forward, loss, batchSize, microBatch = batchSize, precision = 'float32' } = settings;
  const refuse = (setting: string, value: number, expected: string): never => {
    throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', { setting, value, expected });
  };
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) refuse('batchSize', batchSize, 'a whole number from 1');
  if (!Number.isSafeInteger(microBatch) || microBatch < 1 || batchSize % microBatch !== 0)
    refuse('microBatch', microBatch, `a divisor of the batch size ${batchSize}`);
  const parsed = parseForward(forward, settings, microBatch);
  const dtype = floatTypeOf([...parsed.parameters, ...parsed.outputs]);
  if (dtype !== 'float32') throw new Error('Gradients for flat vectors are float32 only; compileTraining takes float64.');
  const mixed = precision === 'mixed';
  const step = differentiate(parsed, lossOf(loss), { scalesLoss: mixed, forms: formsFor(settings.target) });
  const fused = fuseFor(step.graph, dtype, settings.target);
  const stepGraph = mixed ? halfProducts(fused) : fused;
  const graph = emitGradients(parsed, step, stepGraph, batchSize / microBatch);
  lint(graph, settings.target);
  return {
    bytes: encodeModel(graph, { producer: 'modelkeep' }),
    graph,
    stepGraph,
    forwardBytes: encodeModel(forInference(forward, settings.state), { producer: 'modelkeep' }),
    dtype,
    batchSize,
    microBatch,
    oneThread: settings.target?.threads === 1,
    mixesRows: rowMixing(
      step.graph,
      new Set([...parsed.dataInputs, ...step.targets.map((each) => each.value), step.rowShares].map((each) => each.name)),
      stepNames.loss,
    ),
    precision,
    weightNames: [...parsed.parameters, ...parsed.frozen, ...parsed.state.map(({ input }) => input)].map((each) => each.name),
    parameters: step.parameters.map(fixedSpec),
    frozen: parsed.frozen.map(fixedSpec),
    state: parsed.state.map(({ input }) => fixedSpec(input)),
    dataInputs: parsed.dataInputs.map(rowSpec),
    targets: step.targets.map(({ value, classCount, ignoreIndex }) => ({ ...rowSpec(value), classCount, ignoreIndex })),
    masks: step.masks.map(({ name, value, rate }) => ({
      name: trainingNames.keep(name),
      shape: fixedSpec(value).shape,
      step: value.name,
      rate,
    })),
    noises: step.noises.map(({ value, ...distribution }) => ({
      ...distribution,
      name: trainingNames.keep(value.name),
      shape: fixedSpec(value).shape,
      step: value.name,
    })),
    predictions: parsed.outputs.map((each) => withoutFirstAxis(fixedSpec(each))),
  };
}
