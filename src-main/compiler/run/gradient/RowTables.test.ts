import { afterEach, describe, expect, it } from 'vitest';
import { startGradientThread } from '../../../stages/4-train/worker/threads/startGradientThread.ts';
import {
  compileGradients,
  GradientTrainer,
  initialWeights,
  transformerEncoder,
  type Checkpoint,
  type OptimizerSettings,
  type Runtime,
  type Target,
} from '../../index.ts';
import { onnxRuntime, refusingSharedMemory, testRandom } from '../../tests/runtimes.ts';

const open: GradientTrainer[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.release();
});

const [vocabulary, length, rowCount] = [4200, 4, 22];
const network = transformerEncoder({ vocabulary, length, width: 16, heads: 2, layers: 1, feedForward: 8, outputCount: 3 });
const random = testRandom(3);
const data = {
  rowCount,
  // Few words, so that rows meet in a batch, and some from the end of the table.
  inputs: {
    tokens: BigInt64Array.from({ length: rowCount * length }, (_, at) => BigInt(at % 5 ? Math.floor(random() * 9) : vocabulary - 1)),
  },
  targets: Int32Array.from({ length: rowCount }, () => Math.floor(random() * 3)),
};

interface Setup {
  readonly rowGradients?: boolean;
  readonly microBatch?: number;
  readonly accumulate?: number;
  readonly workers?: number;
  readonly optimizer?: OptimizerSettings;
  readonly target?: Target;
  readonly runtime?: Runtime;
}

async function train(setup: Setup): Promise<Checkpoint> {
  const trainer = await start(setup);
  while (trainer.epoch < 3) await trainer.runOnce();
  return trainer.checkpoint();
}

async function start({
  rowGradients = true,
  workers = 0,
  microBatch = 8 / (workers + 1),
  accumulate = 1,
  optimizer = { kind: 'adam', weightDecay: 0.01 },
  target,
  runtime = onnxRuntime,
}: Setup): Promise<GradientTrainer> {
  const compiled = compileGradients({
    ...network,
    forward: network.graph,
    loss: { kind: 'softmaxCrossEntropy' },
    batchSize: 8 / (workers + 1),
    microBatch,
    rowGradients,
    ...(target && { target }),
  });
  expect(compiled.rowTables.map((each) => each.parameter)).toEqual(rowGradients ? ['tokenEmbedding.weight'] : []);
  const trainer = await GradientTrainer.create({
    runtime,
    compiled,
    optimizer,
    accumulate,
    data,
    weights: initialWeights(network.parameterShapes, 5, network.schemes),
    learningRate: 0.01,
    seed: 11,
    nowMs: () => 0,
    workers: Array.from({ length: workers }, startGradientThread),
  });
  open.push(trainer);
  return trainer;
}

const optimizers: OptimizerSettings[] = [
  { kind: 'adam', weightDecay: 0.01, clipNorm: 0.05 },
  { kind: 'adam', average: { kind: 'exponential', decay: 0.9 } },
  { kind: 'sgd', momentum: 0.9, nesterov: true },
  { kind: 'lion', weightDecay: 0.1 },
  { kind: 'lamb', weightDecay: 0.1 },
  { kind: 'adafactor', weightDecay: 0.1 },
];

describe('gradients of embeddings as rows', () => {
  it.each(optimizers)('train as the whole gradient does, bit for bit: %j', async (optimizer) => {
    expect(await train({ optimizer })).toEqual(await train({ optimizer, rowGradients: false }));
    expect(await train({ optimizer, accumulate: 2 })).toEqual(await train({ optimizer, accumulate: 2, rowGradients: false }));
  });

  it.each([
    { microBatch: 2 },
    { target: { provider: 'cpu', threads: 1 } },
    { microBatch: 2, target: { provider: 'cpu', threads: 1 } },
  ] as const)('with micro-batches, and rows added up in another form: %j', async (setup) => {
    expect(await train(setup)).toEqual(await train({ ...setup, rowGradients: false }));
  });

  it('resume with the same bits: rows that have state go on without a gradient', async () => {
    const straight = await train({});
    const first = await start({});
    await first.runOnce(4);
    const second = await start({});
    await second.runOnce(1);
    second.restore(first.checkpoint());
    while (second.epoch < 3) await second.runOnce();
    expect(second.checkpoint()).toEqual(straight);
  });

  it('of two threads give the same bits each time, also where the runtime refuses shared memory', async () => {
    const [first, again] = [await train({ workers: 1 }), await train({ workers: 1 })];
    expect(again).toEqual(first);
    expect(await train({ workers: 1, runtime: refusingSharedMemory(onnxRuntime) })).toEqual(first);
    // The order of additions is another than that of two whole gradients.
    const whole = await train({ workers: 1, rowGradients: false });
    for (const [name, each] of Object.entries(whole.tensors))
      each.forEach((value, at) => expect(first.tensors[name]![at]).toBeCloseTo(value, 4));
  });
});
