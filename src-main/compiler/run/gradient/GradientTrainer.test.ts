import { afterEach, describe, expect, it } from 'vitest';
import { startGradientThread } from '../../../stages/4-train/worker/threads/startGradientThread.ts';
import {
  compileGradients,
  compileTraining,
  decodeCheckpoint,
  dismiss,
  encodeCheckpoint,
  GradientTrainer,
  GraphBuilder,
  initialWeights,
  minimizeLbfgs,
  multilayerPerceptron,
  Trainer,
  type Graph,
  type GradientTrainerSettings,
  type OptimizerSettings,
  type RowLoader,
  type Runtime,
  type TrainingWorker,
} from '../../index.ts';
import { batchNorm, linear, ModelBuilder, relu } from '../../layers/index.ts';
import { onnxRuntime, referenceRuntime, refusingSharedMemory, testRandom } from '../../tests/runtimes.ts';

const featureCount = 5;
const outputCount = 3;
const open: GradientTrainer[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.release();
});

interface Setup {
  rowCount?: number;
  batchSize?: number;
  microBatch?: number;
  dropoutRate?: number;
  hidden?: number;
  optimizer?: OptimizerSettings;
  overrides?: Partial<GradientTrainerSettings>;
}

function setUp({
  rowCount = 22,
  batchSize = 8,
  microBatch = batchSize,
  dropoutRate = 0,
  hidden = 7,
  optimizer = { kind: 'adam', weightDecay: 0.01 },
  overrides = {},
}: Setup = {}) {
  const network = multilayerPerceptron({ featureCount, hiddenSizes: [hidden], outputCount, dropoutRate });
  const common = { forward: network.graph, parameters: network.parameters, loss: { kind: 'softmaxCrossEntropy' } } as const;
  const compiled = compileGradients({ ...common, batchSize, microBatch });
  const random = testRandom(3);
  const features = Float32Array.from({ length: rowCount * featureCount }, () => random() * 2 - 1);
  const targets = Int32Array.from({ length: rowCount }, () => Math.floor(random() * outputCount));
  const rest = {
    runtime: onnxRuntime,
    data: { rowCount, inputs: { features }, targets },
    weights: initialWeights(network.parameterShapes, 5, network.schemes),
    learningRate: 0.01,
    seed: 11,
    nowMs: () => 0,
  };
  const settings: GradientTrainerSettings = { ...rest, compiled, optimizer, ...overrides };
  const inGraph = () => Trainer.create({ ...rest, compiled: compileTraining({ ...common, optimizer, batchSize }) });
  return { settings, inGraph, features, targets };
}

async function create(settings: GradientTrainerSettings): Promise<GradientTrainer> {
  const trainer = await GradientTrainer.create(settings);
  open.push(trainer);
  return trainer;
}

async function lossesOf(trainer: GradientTrainer | Trainer, epochs: number, perRun?: number): Promise<number[]> {
  const losses: number[] = [];
  while (trainer.epoch < epochs) losses.push(...(await trainer.runOnce(perRun)).losses);
  return losses;
}

function largestDifference(a: Readonly<Record<string, ArrayLike<number>>>, b: Readonly<Record<string, ArrayLike<number>>>): number {
  expect(Object.keys(a).toSorted()).toEqual(Object.keys(b).toSorted());
  return Math.max(...Object.entries(a).flatMap(([name, each]) => Array.from(each, (value, at) => Math.abs(value - b[name]![at]!))));
}

const optimizers: OptimizerSettings[] = [
  { kind: 'sgd' },
  { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.01, decayed: 'all' },
  { kind: 'adam', weightDecay: 0.01, clipNorm: 0.05 },
  { kind: 'adam', average: { kind: 'exponential', decay: 0.9 }, decayed: ['weight1'], weightDecay: 0.1 },
  { kind: 'lion', weightDecay: 0.1 },
  { kind: 'lamb', weightDecay: 0.1 },
  { kind: 'adafactor', weightDecay: 0.1 },
];

describe('GradientTrainer', () => {
  it.each(optimizers)('trains as the training graph does: %j', async (optimizer) => {
    const { settings, inGraph } = setUp({ optimizer, dropoutRate: 0.2 });
    const [flat, graph] = [await create(settings), await inGraph()];
    const [ours, theirs] = [await lossesOf(flat, 5), await lossesOf(graph, 5)];
    expect(ours).toHaveLength(15);
    ours.forEach((each, at) => expect(each).toBeCloseTo(theirs[at]!, 5));
    expect(largestDifference(flat.checkpoint().tensors, graph.checkpoint().tensors)).toBeLessThan(2e-5);
    await graph.release();
  });

  it.each([1, 2, 4])('micro-batches of %d change rounding only', async (microBatch) => {
    const [whole, parts] = [
      await create(setUp({ dropoutRate: 0.2 }).settings),
      await create(setUp({ dropoutRate: 0.2, microBatch }).settings),
    ];
    const [expected, losses] = [await lossesOf(whole, 4), await lossesOf(parts, 4)];
    losses.forEach((each, at) => expect(each).toBeCloseTo(expected[at]!, 5));
    expect(largestDifference(parts.weights(), whole.weights())).toBeLessThan(1e-5);
  });

  it('accumulating two batches is one batch of twice the size', async () => {
    // 22 rows: the last step has 6, the last batch 2.
    const whole = await create(setUp({ batchSize: 8, optimizer: { kind: 'sgd', clipNorm: 0.2 } }).settings);
    const halves = await create(setUp({ batchSize: 4, optimizer: { kind: 'sgd', clipNorm: 0.2 }, overrides: { accumulate: 2 } }).settings);
    const [expected, losses] = [await lossesOf(whole, 3), await lossesOf(halves, 3)];
    expect(losses).toHaveLength(9);
    losses.forEach((each, at) => expect(each).toBeCloseTo(expected[at]!, 5));
    expect(largestDifference(halves.weights(), whole.weights())).toBeLessThan(1e-5);
  });

  it('batches in one run, stopping and resuming change no bit', async () => {
    const { settings } = setUp({ dropoutRate: 0.3, overrides: { learningRate: (step) => 0.05 / step } });
    const straight = await create(settings);
    const losses = await lossesOf(straight, 4);
    const first = await create(settings);
    const start = [...(await first.runOnce(2)).losses, ...(await first.runOnce(1)).losses, ...(await first.runOnce(1)).losses];
    const bytes = encodeCheckpoint(first.checkpoint());
    await first.runOnce(2);
    const second = await create(settings);
    // As a file comes: a Buffer somewhere in a larger one.
    second.restore(decodeCheckpoint(Buffer.concat([Buffer.alloc(4), bytes]).subarray(4)));
    expect([...start, ...(await lossesOf(second, 4, 1))]).toEqual(losses);
    expect(second.checkpoint()).toEqual(straight.checkpoint());
    // Also back in the same trainer.
    first.restore(decodeCheckpoint(bytes));
    await lossesOf(first, 4);
    expect(first.checkpoint()).toEqual(straight.checkpoint());
  });

  it('goes on from a checkpoint of the training graph', async () => {
    const { settings, inGraph } = setUp();
    const graph = await inGraph();
    await graph.runOnce(2);
    const flat = await create(settings);
    flat.restore(graph.checkpoint());
    const [ours, theirs] = [await lossesOf(flat, 3), await lossesOf(graph, 3)];
    ours.forEach((each, at) => expect(each).toBeCloseTo(theirs[at]!, 5));
    await graph.release();
  });

  it('refuses checkpoints of another seed, row count or network', async () => {
    const trainer = await create(setUp().settings);
    const checkpoint = trainer.checkpoint();
    for (const wrong of [{ seed: 1 }, { rowCount: 3 }, { tensors: {} }, { batchInEpoch: 3 }])
      expect(() => trainer.restore({ ...checkpoint, ...wrong })).toThrow(
        expect.objectContaining({ code: 'MK_COMPILER_CHECKPOINT_INVALID' }),
      );
  });

  it('ends a run by time and at the end of an epoch, and asks between runs', async () => {
    let now = 0;
    const trainer = await create(setUp({ rowCount: 72, overrides: { nowMs: () => (now += 60), runMs: 250 } }).settings);
    const run = await trainer.runOnce();
    expect(run).toMatchObject({ epoch: 0, step: 5, batchInEpoch: 5, batchesPerEpoch: 9, epochDone: false });
    expect(run.gradientNorms).toHaveLength(5);
    expect(await trainer.runOnce(2)).toMatchObject({ step: 7, batchInEpoch: 7 });
    expect(await trainer.runOnce(100)).toMatchObject({ step: 9, batchInEpoch: 9, epochDone: true });
    let asked = 0;
    const runs = [];
    for await (const each of trainer.train({ epochs: 5, shouldStop: () => asked++ > 2 })) runs.push(each.step);
    expect(runs).toEqual([14, 18, 23]);
  });

  it('loads the next batch while one is trained on, and random choices of a loader follow epoch and row', async () => {
    const { settings, features, targets } = setUp();
    const calls: { rows: number[]; key: number }[] = [];
    const loader: RowLoader = {
      rowCount: 22,
      async load(rows, into, key) {
        calls.push({ rows: [...rows], key });
        await new Promise((resolve) => setTimeout(resolve, 1));
        rows.forEach((row, at) => {
          (into['features'] as Float32Array).set(features.subarray(row * featureCount, (row + 1) * featureCount), at * featureCount);
          into['train.targets']![at] = targets[row]!;
        });
      },
    };
    const [loaded, memory] = [await create({ ...settings, data: loader }), await create(settings)];
    await loaded.runOnce(1);
    await memory.runOnce(1);
    expect(calls).toHaveLength(2);
    expect(await lossesOf(loaded, 3)).toEqual(await lossesOf(memory, 3));
    expect(new Set(calls.slice(0, 9).map(({ key }) => key)).size).toBe(3);
    // The last batch of an epoch has 6 rows; the first rows of the epoch fill it up.
    expect(calls[2]!.rows.slice(6)).toEqual(calls[0]!.rows.slice(0, 2));
  });

  it('the average of the weights can be used in their place', async () => {
    const trainer = await create(setUp({ optimizer: { kind: 'sgd', average: { kind: 'stochastic' } } }).settings);
    const seen: number[] = [];
    while (trainer.step < 6) {
      await trainer.runOnce(1);
      seen.push(trainer.weights()['weight1']![0]!);
    }
    const averaged = trainer.averagedWeights();
    expect(averaged['weight1']![0]).toBeCloseTo(seen.reduce((a, b) => a + b, 0) / 6, 6);
    const { features } = setUp();
    const [plain, smooth] = [await trainer.predict({ features }, 22), await trainer.predict({ features }, 22, { weights: averaged })];
    expect(plain).not.toEqual(smooth);
  });

  it('L-BFGS over all rows reaches a point without gradient', async () => {
    const network = multilayerPerceptron({ featureCount, hiddenSizes: [], outputCount });
    const compiled = compileGradients({
      forward: network.graph,
      parameters: network.parameters,
      loss: { kind: 'softmaxCrossEntropy' },
      batchSize: 8,
    });
    const { settings } = setUp();
    const trainer = await create({ ...settings, compiled, weights: initialWeights(network.parameterShapes, 5, network.schemes) });
    const start = trainer.parametersInOrder();
    const before = await trainer.lossAndGradient(start);
    const result = await minimizeLbfgs((each) => trainer.lossAndGradient(each), start, { gradientTolerance: 1e-5 });
    expect(result.loss).toBeLessThan(before.loss);
    expect(Math.max(...(await trainer.lossAndGradient(result.weights)).gradient.map(Math.abs))).toBeLessThan(1e-4);
    expect(Float32Array.from(result.weights)).toEqual(Float32Array.from(trainer.parametersInOrder()));
  });
});

describe('running statistics', () => {
  it('move on with the steps, also through micro-batches, and are part of a checkpoint', async () => {
    const m = new ModelBuilder('normalised');
    const x = m.input('features', ['N', featureCount]);
    m.output(
      linear(m, relu(m, batchNorm(m, linear(m, x, { name: 'first', units: 4 }), { name: 'norm' })), { name: 'head', units: outputCount }),
      'output',
    );
    const network = m.build();
    const { settings } = setUp();
    const compile = (microBatch: number) =>
      compileGradients({
        forward: network.graph,
        parameters: network.parameters,
        state: network.state,
        loss: { kind: 'softmaxCrossEntropy' },
        batchSize: 8,
        microBatch,
        whenRowsMix: 'split',
      });
    const weights = initialWeights({ ...network.parameterShapes, ...network.stateShapes }, 5, network.schemes);
    const [whole, halves] = [
      await create({ ...settings, compiled: compile(8), weights }),
      await create({ ...settings, compiled: compile(4), weights }),
    ];
    for (const trainer of [whole, halves]) {
      await lossesOf(trainer, 3);
      for (const name of Object.keys(network.state)) {
        expect(trainer.weights()[name]).not.toEqual(weights[name]);
        expect(trainer.checkpoint().tensors[name]).toEqual(trainer.weights()[name]);
      }
    }
  });
});

describe('threads that share a batch', () => {
  it('give the gradients of the whole batch, the same bits each time', async () => {
    const whole = await create(setUp({ batchSize: 8 }).settings);
    const expected = await lossesOf(whole, 3);
    const runs = [];
    for (let run = 0; run < 2; run++) {
      const shared = await create(setUp({ batchSize: 4, overrides: { workers: [startGradientThread()] } }).settings);
      expect(shared.batchRows).toBe(8);
      const losses = await lossesOf(shared, 3);
      losses.forEach((each, at) => expect(each).toBeCloseTo(expected[at]!, 5));
      expect(largestDifference(shared.weights(), whole.weights())).toBeLessThan(1e-5);
      runs.push({ losses, checkpoint: shared.checkpoint() });
    }
    expect(runs[1]).toEqual(runs[0]);
  });

  // With 36,003 parameters the passes over them are shared out too, which they are not where threads copy.
  it.each([
    { hidden: 7, accumulate: 1, optimizer: { kind: 'adam', weightDecay: 0.01 } },
    { hidden: 4000, accumulate: 1, optimizer: { kind: 'adam', weightDecay: 0.01, average: { kind: 'exponential' } } },
    { hidden: 4000, accumulate: 2, optimizer: { kind: 'lamb', weightDecay: 0.01, clipNorm: 0.1 } },
    { hidden: 4000, accumulate: 2, optimizer: { kind: 'adafactor' } },
  ] as const)('copy what they share where the runtime refuses shared memory, with the same bits: %j', async (sizes) => {
    const { hidden, accumulate, optimizer } = sizes;
    const train = async (runtime: Runtime) => {
      const overrides = { runtime, accumulate, workers: [startGradientThread()] };
      const trainer = await create(setUp({ batchSize: 4, hidden, optimizer, overrides }).settings);
      await lossesOf(trainer, 3);
      return trainer.checkpoint();
    };
    expect(await train(refusingSharedMemory(onnxRuntime))).toEqual(await train(onnxRuntime));
  });

  it('that only help in the passes over the parameters change no bit, and may be lost', async () => {
    // 1,080,003 parameters.
    const train = async (helpers: TrainingWorker[], midway: () => void = () => undefined) => {
      const trainer = await create(setUp({ hidden: 120_000, overrides: { helpers } }).settings);
      await trainer.runOnce(3);
      midway();
      await lossesOf(trainer, 3);
      return trainer.checkpoint();
    };
    const alone = await train([]);
    expect(await train([startGradientThread(), startGradientThread()])).toEqual(alone);
    const lost = startGradientThread();
    expect(await train([lost], () => dismiss(lost))).toEqual(alone);
  });

  it('resume with the same bits, Dropout included', async () => {
    const settings = () => setUp({ batchSize: 4, dropoutRate: 0.3, overrides: { workers: [startGradientThread()] } }).settings;
    const straight = await create(settings());
    await lossesOf(straight, 3);
    const first = await create(settings());
    await first.runOnce(2);
    const second = await create(settings());
    second.restore(first.checkpoint());
    await lossesOf(second, 3);
    expect(second.checkpoint()).toEqual(straight.checkpoint());
  });
});

// ONNX Runtime's CPU provider takes pairs of casts away again; the interpreter rounds as a device does.
describe('mixed precision', () => {
  const compile = (precision: 'float32' | 'mixed', microBatch = 8) => {
    const network = multilayerPerceptron({ featureCount, hiddenSizes: [7], outputCount });
    return compileGradients({
      forward: network.graph,
      parameters: network.parameters,
      loss: { kind: 'meanSquaredError' },
      batchSize: 8,
      microBatch,
      precision,
    });
  };
  /** Targets of `size` and weights that nearly give them: gradients are about `size`. */
  const settingsFor = (compiled: ReturnType<typeof compile>, size: number) => {
    const { settings, features } = setUp({ optimizer: { kind: 'adam' } });
    const random = testRandom(9);
    const targets = Float32Array.from({ length: 22 * outputCount }, () => size * (random() * 2 - 1));
    const weights = Object.fromEntries(
      Object.entries(settings.weights).map(([name, each]) => [name, name.endsWith('2') ? each.map((value) => value * size) : each]),
    );
    return {
      ...settings,
      runtime: referenceRuntime,
      compiled,
      weights,
      data: { rowCount: 22, inputs: { features }, targets },
      learningRate: size / 100,
    };
  };

  it.each([8, 2])('trains nearly as float32 does (micro-batch %d)', async (microBatch) => {
    const [whole, half] = [await create(settingsFor(compile('float32'), 1)), await create(settingsFor(compile('mixed', microBatch), 1))];
    const [expected, losses] = [await lossesOf(whole, 5), await lossesOf(half, 5)];
    losses.forEach((each, at) => expect(Math.abs(each - expected[at]!)).toBeLessThan(2e-3 * expected[0]!));
    expect(losses).not.toEqual(expected);
  });

  it('keeps gradients that float16 cannot hold', async () => {
    // Below 6e-8 float16 is 0: rows that count 1e-8 have such gradients.
    const rowWeights = new Float32Array(22).fill(1e-8);
    const settingsOf = (precision: 'float32' | 'mixed') => {
      const settings = settingsFor(compile(precision), 1);
      return { ...settings, data: { ...settings.data, rowWeights } };
    };
    const [whole, half] = [await create(settingsOf('float32')), await create(settingsOf('mixed'))];
    const [expected, actual] = [await whole.runOnce(1), await half.runOnce(1)];
    expect(expected.gradientNorms[0]!).toBeLessThan(6e-8);
    expect(actual.gradientNorms[0]! / expected.gradientNorms[0]!).toBeCloseTo(1, 2);
  });

  it('halves the scale until gradients fit, without leaving a batch out, and remembers it', async () => {
    const trainer = await create(settingsFor(compile('mixed'), 100));
    const run = await trainer.runOnce(1);
    expect(run).toMatchObject({ step: 1, batchInEpoch: 1 });
    const [scale, good] = trainer.checkpoint().tensors['train.lossScale']!;
    expect(scale).toBeLessThan(2 ** 16);
    expect(Math.log2(scale!) % 1).toBe(0);
    expect(good).toBe(1);
    const straight = await create(settingsFor(compile('float32'), 100));
    expect(run.losses[0]! / (await straight.runOnce(1)).losses[0]!).toBeCloseTo(1, 2);
    const resumed = await create(settingsFor(compile('mixed'), 100));
    resumed.restore(trainer.checkpoint());
    await resumed.runOnce(3);
    await trainer.runOnce(3);
    expect(resumed.checkpoint()).toEqual(trainer.checkpoint());
  });
});

describe('what goes wrong', () => {
  it('missing numbers in the data are named with their row', async () => {
    const { settings, features } = setUp({ rowCount: 8 });
    features[3 * featureCount] = Number.NaN;
    const trainer = await create(settings);
    const before = trainer.checkpoint();
    await expect(trainer.runOnce()).rejects.toMatchObject({
      code: 'MK_COMPILER_DATA_NOT_FINITE',
      params: { tensor: 'features', value: 'NaN', row: 3, step: 1 },
    });
    expect(trainer.checkpoint()).toEqual(before);
  });

  it.each([8, 2])('the first node that overflows is named (micro-batch %d)', async (microBatch) => {
    const compiled = compileGradients({
      forward: overflowing(),
      parameters: ['weight'],
      loss: { kind: 'meanSquaredError' },
      batchSize: 8,
      microBatch,
    });
    const { settings, features } = setUp({ rowCount: 8 });
    const values = new Float32Array(8 * 2);
    const weights = { weight: new Float32Array(featureCount * 2).fill(1) };
    features.fill(1, 5 * featureCount, 6 * featureCount);
    features.fill(40, 6 * featureCount, 7 * featureCount);
    const trainer = await create({ ...settings, compiled, weights, data: { rowCount: 8, inputs: { features }, targets: values } });
    await expect(trainer.runOnce()).rejects.toMatchObject({
      code: 'MK_COMPILER_VALUE_NOT_FINITE',
      params: { operator: 'Exp', value: 'Infinity', inputs: '"masked"', step: 1 },
    });
    expect(trainer.weights()['weight']).toEqual(weights.weight);
  });

  it('a runtime that gives up is reported with the step', async () => {
    const { settings } = setUp();
    let runs = 0;
    const failing: GradientTrainerSettings['runtime'] = {
      ...onnxRuntime,
      async createSession(bytes, options) {
        const session = await onnxRuntime.createSession(bytes, options);
        return {
          run: (feeds, fetches) => (++runs === 3 ? Promise.reject(new Error('device removed')) : session.run(feeds, fetches)),
          release: () => session.release(),
        };
      },
    };
    const trainer = await create({ ...settings, runtime: failing });
    await trainer.runOnce(2);
    const before = trainer.checkpoint();
    await expect(trainer.runOnce(1)).rejects.toMatchObject({
      code: 'MK_COMPILER_RUN_FAILED',
      params: { step: 3, reason: 'device removed' },
    });
    expect(trainer.checkpoint()).toEqual(before);
    // The device is back: the same step, the same bits.
    await trainer.runOnce(1);
    const straight = await create(settings);
    await straight.runOnce(3);
    expect(trainer.checkpoint()).toEqual(straight.checkpoint());
  });

  it('a class that the network does not have is refused when it is loaded', async () => {
    const { settings } = setUp();
    const loader: RowLoader = { rowCount: 22, load: (_rows, into) => void (into['train.targets'] as Int32Array).fill(3) };
    const trainer = await create({ ...settings, data: loader });
    await expect(trainer.runOnce()).rejects.toMatchObject({ code: 'MK_COMPILER_TRAINING_DATA_INVALID', params: { field: 'targets' } });
  });

  it('settings out of range are refused', async () => {
    const { settings } = setUp();
    const code = 'MK_COMPILER_SETTING_INVALID';
    await expect(GradientTrainer.create({ ...settings, accumulate: 0 })).rejects.toMatchObject({ code, params: { setting: 'accumulate' } });
    expect(() => setUp({ microBatch: 3 })).toThrow(
      expect.objectContaining({ code, params: expect.objectContaining({ setting: 'microBatch' }) }),
    );
  });
});

/** exp of a product whose first column is hidden behind −∞, as attention hides what lies ahead. */
function overflowing(): Graph {
  const g = new GraphBuilder('overflowing');
  const [x, weight] = [g.input('features', 'float32', ['N', featureCount]), g.input('weight', 'float32', [featureCount, 2])];
  const product = g.op('MatMul', [x, weight], { output: { name: 'product', shape: ['N', 2] } });
  const hidden = g.constant({ dtype: 'float32', shape: [2], data: Float32Array.of(-Infinity, 0) });
  const masked = g.op('Add', [product, hidden], { output: { name: 'masked', shape: ['N', 2] } });
  g.output(g.op('Exp', [masked], { output: { name: 'large', shape: ['N', 2] } }));
  return g.build();
}
