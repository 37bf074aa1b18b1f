import { forInference, parseForward, type Distribution, type InputRoles, type ParsedForward } from './1-parse/parseForward.ts';
import { differentiate, stepNames, type DifferentiatedStep } from './3-differentiate/differentiate.ts';
import { withinBudget } from './4-fuse/rematerialise/withinBudget.ts';
import type { MemoryPlan } from './4-fuse/rematerialise/rematerialise.ts';
import { lint } from './5-emit/lint.ts';
import { lowerAfter } from './5-emit/lowerAfter.ts';
import { rowGradients, type RowGradient } from './5-emit/rowGradients.ts';
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
import { compilePrivateStep } from './privacy/privateStep.ts';
import type { PrivacySettings, RowGradientForm } from './privacy/sumInGroups.ts';
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
   * faster, with the same gradients up to rounding. Where rows of a batch see each other (BatchNormalization, losses that
   * contrast rows) a part of the batch is another model: see `whenRowsMix`.
   */
  readonly microBatch?: number;
  /**
   * What becomes of `microBatch` where rows see each other: 'whole' takes all rows of the batch together instead (the result
   * says so by its `microBatch` and `mixesRows`); 'split' lets each micro-batch see only itself. Default 'whole'.
   */
  readonly whenRowsMix?: 'whole' | 'split';
  /**
   * 'mixed': products and convolutions read and write float16, everything else (weights, sums, updates) stays float32, and the
   * trainer scales the loss. For devices with fast float16; the CPU only gets slower. Default 'float32'.
   */
  readonly precision?: 'float32' | 'mixed';
  /**
   * Differential privacy, as for `compileTraining`: each row's gradient is clipped in the graph, `GradientTrainer` adds the noise.
   * Micro-batches are then the rows whose gradients are computed together (`microBatch`, unless `rowsTogether` says otherwise); float32,
   * and one thread with one run a step, because a row's share has to be known when the graph is made.
   */
  readonly privacy?: PrivacySettings;
  /**
   * The most that computed values of a micro-batch may take at once, in each thread, as `estimateMemory` counts its
   * `activationBytes`: cheap values, then whole stretches of the forward pass are computed a second time for the backward pass
   * instead of kept. Same results, more time. The result's `memory` says what was reached. Default: everything is kept.
   */
  readonly memoryBudgetBytes?: number;
  /**
   * Whether the graph may give the rows of a large embedding that a batch meets instead of its whole gradient (`rowTables` of the
   * result). `GradientTrainer` takes both, with the same result. Default true.
   */
  readonly rowGradients?: boolean;
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
  /** As asked for, or `batchSize` where rows see each other and are not to be split. */
  readonly microBatch: number;
  /** The graph holds forms that are right only on one thread of the runtime (`target.threads`). */
  readonly oneThread: boolean;
  /**
   * Where rows of a batch see each other: parts of the batch then make another model. 'unknown' where a node is not understood
   * (such a batch is split as asked), undefined where rows stay apart (and for batches of one row, which cannot tell).
   */
  readonly mixesRows: RowMixing | 'unknown' | undefined;
  readonly precision: 'float32' | 'mixed';
  /** What `GradientTrainer` adds to each gradient: σ C / rows · standard normal numbers. Undefined without privacy. */
  readonly privacy: Pick<PrivacySettings, 'clipNorm' | 'noiseMultiplier'> | undefined;
  /** With privacy: how the gradients of single rows are computed. */
  readonly rowGradients: RowGradientForm | undefined;
  /** What became of `memoryBudgetBytes`; `fits` is false where it cannot be met. Undefined without a budget. */
  readonly memory: MemoryPlan | undefined;
  /** Inputs of the forward graph that are weights or state: what has to be given at the start. */
  readonly weightNames: readonly string[];
  readonly parameters: readonly TensorSpec[];
  /** Parameters whose gradient leaves the graph as rows: `stepNames.gradientRows`, `stepNames.gradientIndices`. */
  readonly rowTables: readonly RowGradient[];
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
 * Throws as `compileTraining` does, and MK_COMPILER_SETTING_INVALID when `microBatch` does not divide `batchSize`, or for mixed
 * precision with privacy.
 */
export function compileGradients(settings: GradientSettings): CompiledGradients {
  const { forward, loss, batchSize, microBatch: asked = batchSize, precision = 'float32', whenRowsMix = 'whole', privacy } = settings;
  const refuse = (setting: string, value: number | string, expected: string): never => {
    throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', { setting, value, expected });
  };
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) refuse('batchSize', batchSize, 'a whole number from 1');
  if (!Number.isSafeInteger(asked) || asked < 1 || batchSize % asked !== 0)
    refuse('microBatch', asked, `a divisor of the batch size ${batchSize}`);
  const mixed = precision === 'mixed';
  if (mixed && privacy) refuse('precision', precision, 'float32 with privacy: a scaled loss would be clipped');
  const stepOf = (rows: number): { parsed: ParsedForward; step: DifferentiatedStep } => {
    const parsed = parseForward(forward, settings, rows);
    const dtype = floatTypeOf([...parsed.parameters, ...parsed.outputs]);
    if (dtype !== 'float32') throw new Error('Gradients for flat vectors are float32 only; compileTraining takes float64.');
    return { parsed, step: differentiate(parsed, lossOf(loss), { scalesLoss: mixed, forms: formsFor(settings.target) }) };
  };
  const { parsed, step, microBatch, mixesRows, rowGradients: form } = privacy ? privateStep() : plainStep();
  const dtype = 'float32';
  const fused = fuseFor(step.graph, dtype, settings.target);
  const { graph: stepGraph, plan: memory } = withinBudget(mixed ? halfProducts(fused) : fused, settings.memoryBudgetBytes, parsed, step);
  const trips = batchSize / microBatch;
  const { graph: emitted, tables } =
    privacy || settings.rowGradients === false ? { graph: stepGraph, tables: [] } : rowGradients(stepGraph, step.parameters, trips);
  const graph = lowerAfter(emitGradients(parsed, step, emitted, trips));
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
    mixesRows,
    precision,
    privacy: privacy && { clipNorm: privacy.clipNorm, noiseMultiplier: privacy.noiseMultiplier },
    rowGradients: form,
    memory,
    weightNames: [...parsed.parameters, ...parsed.frozen, ...parsed.state.map(({ input }) => input)].map((each) => each.name),
    parameters: step.parameters.map(fixedSpec),
    rowTables: tables,
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

  function plainStep(): GradientStep {
    // One row alone cannot tell whether it would see others: two can.
    const tried = asked === 1 && batchSize > 1 ? 2 : asked;
    const trial = stepOf(tried);
    const mixing = mixingOf(trial);
    const splits = whenRowsMix === 'split' || typeof mixing !== 'object';
    const rows = splits ? asked : batchSize;
    return { ...(rows === tried ? trial : stepOf(rows)), microBatch: rows, mixesRows: mixing, rowGradients: undefined };
  }

  /** Row i's gradient comes with its share of the batch, 1 / rows: clipped at C / rows it is the clipped gradient's share. */
  function privateStep(): GradientStep {
    const rowsTogether = privacy!.rowsTogether ?? settings.microBatch;
    const shared = { ...privacy!, ...(rowsTogether !== undefined && { rowsTogether }) };
    const made = compilePrivateStep(forward, settings, lossOf(loss), batchSize, shared, formsFor(settings.target), 1 / batchSize);
    floatTypeOf([...made.parsed.parameters, ...made.parsed.outputs]);
    return {
      parsed: made.parsed,
      step: made.step,
      microBatch: made.rowGradients!.rowsTogether,
      mixesRows: undefined,
      rowGradients: made.rowGradients,
    };
  }
}

interface GradientStep {
  readonly parsed: ParsedForward;
  readonly step: DifferentiatedStep;
  readonly microBatch: number;
  readonly mixesRows: CompiledGradients['mixesRows'];
  readonly rowGradients: RowGradientForm | undefined;
}

function mixingOf({ parsed, step }: { parsed: ParsedForward; step: DifferentiatedStep }): RowMixing | 'unknown' | undefined {
  const perRow = [...parsed.dataInputs, ...step.targets.map((each) => each.value), step.rowShares].map((each) => each.name);
  return rowMixing(step.graph, new Set(perRow), stepNames.loss);
}
