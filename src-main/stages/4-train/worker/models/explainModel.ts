// What the training compiler made of a finished candidate's network, and where the time of one of its steps goes on this machine.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelSignature } from '../../../../../src-shared/domain/features.ts';
import type { OperatorTime, TrainingGraph } from '../../../../../src-shared/domain/trainingGraph.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import {
  compileTraining,
  explainTraining,
  initialWeights,
  multilayerPerceptron,
  readModel,
  Trainer,
  viewGraph,
  type CompiledTraining,
  type Network,
  type Runtime,
  type RuntimeSession,
  type TrainingSettings,
} from '../../../../compiler/index.ts';
import { InferenceSession } from '../../../../platform/onnxRuntime.ts';
import { signatureKey } from '../../exportModel.ts';
import { ortRuntime } from '../threads/ortRuntime.ts';

export interface ExplainOrder {
  modelFile: string;
  /** As the candidate has them: `batchSize`, `dropout`, `weightDecay`. */
  settings: Readonly<Record<string, unknown>>;
}

/** Rows of the profile, in batches: enough for a steady figure, done within about a second. */
const profiledBatches = 40;
/** Operators that only hold others: their time is that of their bodies. */
const containers = new Set(['Loop', 'If', 'Scan']);

/** Errors: MK_MODEL_UNREADABLE, MK_TRAIN_NO_NETWORK for a model without one. */
export async function explainModel({ modelFile, settings }: ExplainOrder): Promise<TrainingGraph> {
  const { graph, metadata } = readModel(await readFile(modelFile));
  const signature = modelSignature.parse(JSON.parse(metadata[signatureKey] ?? 'null'));
  const shapes = weightShapes(graph.initializers);
  if (shapes.length === 0) throw new ModelkeepError('MK_TRAIN_NO_NETWORK');
  const number = (name: string, otherwise: number): number => (typeof settings[name] === 'number' ? settings[name] : otherwise);
  const network = multilayerPerceptron({
    featureCount: shapes[0]![0]!,
    hiddenSizes: shapes.slice(0, -1).map((shape) => shape[1]!),
    outputCount: shapes.at(-1)![1]!,
    dropoutRate: number('dropout', 0),
  });
  const training: TrainingSettings = {
    forward: network.graph,
    parameters: network.parameters,
    loss: { kind: signature.task === 'regression' ? 'meanSquaredError' : 'softmaxCrossEntropy' },
    optimizer: { kind: 'adam', weightDecay: number('weightDecay', 0) },
    batchSize: number('batchSize', 32),
  };
  const compiled = compileTraining(training);
  const bytesOf = (specs: readonly { shape: readonly number[] }[]): number =>
    4 * specs.reduce((sum, { shape }) => sum + shape.reduce((count, dim) => count * dim, 1), 0);
  const measured = await profile(network, compiled);
  return {
    batchSize: compiled.batchSize,
    parameterCount: bytesOf(compiled.parameters) / 4,
    phases: explainTraining(training).map(({ phase, graph: each, types }) => ({ phase, graph: viewGraph(each, types) })),
    profile: { ...measured, weightBytes: bytesOf(compiled.parameters), stateBytes: bytesOf(compiled.slots) },
  };
}

/** Shapes of the first network's weights in order: those that the export named member0_0_…weight1, weight2, … (earlier: network_…). */
function weightShapes(initializers: ReadonlyMap<string, { dtype: string; shape: readonly number[] }>): (readonly number[])[] {
  const found = [...initializers].flatMap(([name, { shape }]) => {
    const layer = /^(?:member_*0_0|network)_+(?:network\.)?weight(\d+)$/.exec(name)?.[1];
    return layer && shape.length === 2 ? [{ layer: Number(layer), shape }] : [];
  });
  return found.toSorted((left, right) => left.layer - right.layer).map(({ shape }) => shape);
}

async function profile(
  network: Network,
  compiled: CompiledTraining,
): Promise<Omit<TrainingGraph['profile'], 'weightBytes' | 'stateBytes'>> {
  const folder = await mkdtemp(join(tmpdir(), 'modelkeep-profile-'));
  try {
    // By the clock first: profiling itself costs time.
    const stepMs = await timeSteps(network, compiled, ortRuntime);
    let session: InferenceSession | undefined;
    const profiling: Runtime = {
      ...ortRuntime,
      createSession: async (bytes) => {
        session = await InferenceSession.create(bytes, {
          executionProviders: ['cpu'],
          intraOpNumThreads: 1,
          interOpNumThreads: 1,
          logSeverityLevel: 3,
          enableProfiling: true,
          profileFilePrefix: join(folder, 'step'),
        });
        return session as unknown as RuntimeSession;
      },
    };
    await timeSteps(network, compiled, profiling, () => session?.endProfiling());
    const [file] = await readdir(folder);
    const events = JSON.parse(await readFile(join(folder, file!), 'utf8')) as ProfileEvent[];
    return { stepMs, steps: 2 * profiledBatches, ...summarize(events, 2 * profiledBatches) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds a step, the first run left out. */
async function timeSteps(network: Network, compiled: CompiledTraining, runtime: Runtime, before?: () => void): Promise<number> {
  const rowCount = profiledBatches * compiled.batchSize;
  const [features, outputs] = [compiled.dataInputs[0]!.shape[0]!, compiled.predictions[0]!.shape[0]!];
  const isClass = compiled.targets[0]!.dtype === 'int32';
  const trainer = await Trainer.create({
    runtime,
    compiled,
    data: {
      rowCount,
      inputs: { features: Float32Array.from({ length: rowCount * features }, (_, at) => Math.sin(at)) },
      targets: isClass
        ? Int32Array.from({ length: rowCount }, (_, row) => row % outputs)
        : Float32Array.from({ length: rowCount * outputs }, (_, at) => Math.cos(at)),
    },
    weights: initialWeights(network.parameterShapes, 1, network.schemes),
    learningRate: 1e-4,
    seed: 1,
    nowMs: () => performance.now(),
  });
  try {
    await trainer.runOnce(profiledBatches);
    const { elapsedMs } = await trainer.runOnce(profiledBatches);
    before?.();
    return elapsedMs / profiledBatches;
  } finally {
    await trainer.release();
  }
}

interface ProfileEvent {
  cat: string;
  /** Microseconds. */
  dur: number;
  name: string;
  args?: { op_name?: string; mem_in_use_peak?: string };
}

function summarize(events: readonly ProfileEvent[], steps: number): { operators: OperatorTime[]; activationBytes: number } {
  const byOperator = new Map<string, { calls: number; us: number }>();
  let activationBytes = 0;
  for (const { cat, dur, name, args } of events) {
    const operator = args?.op_name;
    if (cat !== 'Node' || !operator || !name.endsWith('_kernel_time')) continue;
    activationBytes = Math.max(activationBytes, Number(args.mem_in_use_peak ?? 0));
    if (containers.has(operator)) continue;
    const sum = byOperator.get(operator) ?? { calls: 0, us: 0 };
    byOperator.set(operator, { calls: sum.calls + 1, us: sum.us + dur });
  }
  const total = [...byOperator.values()].reduce((sum, { us }) => sum + us, 0);
  const operators = [...byOperator].map(([operator, { calls, us }]) => ({
    operator,
    calls: calls / steps,
    ms: us / 1000 / steps,
    share: total === 0 ? 0 : us / total,
  }));
  return { operators: operators.toSorted((left, right) => right.ms - left.ms), activationBytes };
}
