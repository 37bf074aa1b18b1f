// Runs tasks on the CPU and on WebGPU: a task per line of JSON in, a finding per line out. `inChild.ts` starts it.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as ort from '../../../src-main/platform/onnxRuntime.ts';
import { formsFor, fuseFor } from '../../../src-main/compiler/5-emit/providers/byProvider.ts';
import { gradients } from '../../../src-main/compiler/gradients/index.ts';
import {
  compileTraining,
  encodeModel,
  initialWeights,
  Trainer,
  type Graph,
  type Runtime,
  type TrainingData,
} from '../../../src-main/compiler/index.ts';
import { differentiateSample, drawInput } from '../../../src-main/compiler/tests/differentiateSample.ts';
import { onnxRuntime, testRandom } from '../../../src-main/compiler/tests/runtimes.ts';
import { comparedModels, type RowData } from '../compiler/models.ts';
import type { Finding, Task } from './tasks.ts';

const trainingSteps = 10;
const learningRate = 1e-3;
type Values = Readonly<Record<string, ArrayLike<number>>>;
type Feeds = Readonly<Record<string, ort.Tensor>>;

const webgpu: Runtime = {
  createSession: (bytes) => ort.InferenceSession.create(bytes, { executionProviders: ['webgpu'], logSeverityLevel: 4 }) as never,
  tensor: onnxRuntime.tensor,
};

for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line) as Task;
  let finding: Finding;
  try {
    finding = task.kind === 'sample' ? await runSample(task.operator, task.sample) : await runTraining(task.model, task.least);
  } catch (error) {
    finding = { error: (error instanceof Error ? error.message : String(error)).slice(0, 300) };
  }
  process.stdout.write(`${JSON.stringify(finding)}\n`);
}

/** The operator and its gradients as the compiler emits them for the device, on both. */
async function runSample(operator: string, at: number): Promise<Finding> {
  const rule = gradients[operator]!;
  const sample = rule.samples[at]!;
  const target = { provider: 'webgpu' } as const;
  const { graph, inputs, cotangents } = differentiateSample(rule, sample, 'float32', formsFor(target));
  const random = testRandom(2000 + at);
  const drawn = Object.fromEntries([
    ...inputs.map((each) => [each.name, drawInput(each, sample, random).data] as const),
    ...cotangents.map((each) => [each.name, drawInput(each, { inputs: {}, domain: [-1, 1] }, random).data] as const),
  ]);
  const feedsOf = ({ inputs: taken }: Graph): Feeds =>
    Object.fromEntries(
      taken.map(({ name, shape }) => [name, new ort.Tensor('float32', Float32Array.from(drawn[name]!), shape as number[])]),
    );
  // The CPU runs the nodes as they are, so what the device gets in their place is compared too.
  const plain = fuseFor(differentiateSample(rule, sample, 'float32').graph, 'float32');
  return compare(fuseFor(graph, 'float32', target), plain, feedsOf(graph));
}

async function compare(graph: Graph, plain: Graph, feeds: Feeds): Promise<Finding> {
  const bytes = encodeModel(graph, { producer: 'test' });
  const onCpu = await ort.InferenceSession.create(encodeModel(plain, { producer: 'test' }), { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const expected = await valuesOf(onCpu, feeds);
  const folder = mkdtempSync(join(tmpdir(), 'modelkeep-webgpu-'));
  try {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: ['webgpu'],
      logSeverityLevel: 4,
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
    });
    const actual = await valuesOf(session, feeds);
    return { difference: largestDifference(actual, expected), ...placesOf(folder) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs once and ends the session, which writes its profile. */
async function valuesOf(session: ort.InferenceSession, feeds: Feeds): Promise<Values> {
  const used = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!]));
  const results = await session.run(used);
  const values = Object.fromEntries(
    Object.entries(results).map(([name, each]) => [name, Float64Array.from(each.data as Float32Array, Number)]),
  );
  session.endProfiling();
  await session.release();
  return values;
}

/** Operators that read floats, by the provider that ran them. Sizes and axes are worked out on the CPU wherever a graph runs. */
function placesOf(folder: string): { device: string[]; cpu: string[] } {
  const events = readdirSync(folder).flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProfileEvent[]);
  const ran = events.filter(
    ({ cat, name, args }) =>
      cat === 'Node' &&
      name.endsWith('_kernel_time') &&
      !args!.op_name.startsWith('Memcpy') &&
      (args!.input_type_shape ?? []).some((each) => 'float' in each),
  );
  const by = (provider: string): string[] => ran.filter(({ args }) => args!.provider === provider).map(({ args }) => args!.op_name);
  return { device: by('WebGpuExecutionProvider'), cpu: by('CPUExecutionProvider') };
}

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly args?: { readonly op_name: string; readonly provider: string; readonly input_type_shape?: readonly object[] };
}

/**
 * The same weights, rows and order on both. The losses are compared; the weights only to one step's length, because Adam
 * divides a gradient by its own size, rounding included where it is nearly 0.
 */
async function runTraining(name: string, least = false): Promise<Finding> {
  const model = comparedModels.find((each) => each.name === name)!;
  const network = model.network('float32');
  const rows = model.batch * 4;
  const random = testRandom(11);
  const draw = ({ shape, below }: RowData): Float64Array =>
    Float64Array.from({ length: rows * shape.reduce((product, each) => product * each, 1) }, () =>
      below === undefined ? random() : Math.floor(random() * below),
    );
  const inputs = Object.fromEntries(
    Object.entries(model.inputs).map(([input, row]) => {
      const values = draw(row);
      return [input, row.below === undefined ? Float32Array.from(values) : BigInt64Array.from(values, BigInt)];
    }),
  );
  const targets = model.targets === 'features' ? inputs.features : model.targets && Int32Array.from(draw(model.targets));
  const data = { rowCount: rows, inputs, ...(targets && { targets: targets as NonNullable<TrainingData['targets']> }) };
  const shapes = { ...network.parameterShapes, ...network.frozenShapes, ...network.stateShapes };
  const weights = initialWeights(shapes, 5, network.schemes);
  const train = async (runtime: Runtime, provider: 'cpu' | 'webgpu'): Promise<{ losses: Values; weights: Values }> => {
    const compiled = compileTraining({
      ...network,
      forward: network.graph,
      loss: model.loss,
      optimizer: { kind: 'adam' },
      batchSize: model.batch,
      target: { provider },
      // Only the device computes twice: the CPU's are the results that keeping everything gives.
      ...(least && provider === 'webgpu' && { memoryBudgetBytes: 1 }),
    });
    const trainer = await Trainer.create({ runtime, compiled, data, weights, learningRate, seed: 17, nowMs: () => 0 });
    const losses: number[] = [];
    while (trainer.step < trainingSteps) losses.push(...(await trainer.runOnce(5)).losses);
    const after = trainer.weights();
    await trainer.release();
    return { losses: { losses }, weights: after };
  };
  const [actual, expected] = [await train(webgpu, 'webgpu'), await train(onnxRuntime, 'cpu')];
  const ofWeights = largestDifference(actual.weights, expected.weights);
  if (!(ofWeights <= learningRate)) return { error: `weights differ by ${ofWeights}, more than a step` };
  return { difference: largestDifference(actual.losses, expected.losses) };
}

function largestDifference(actual: Values, expected: Values): number {
  let largest = 0;
  for (const [name, values] of Object.entries(expected))
    for (let at = 0; at < values.length; at++) {
      const difference = Math.abs(actual[name]![at]! - values[at]!) / Math.max(1, Math.abs(values[at]!));
      // NaN on one side alone is as far away as can be.
      largest = Math.max(largest, Number.isNaN(difference) && !Number.isNaN(values[at]!) ? Infinity : difference || 0);
    }
  return largest;
}
