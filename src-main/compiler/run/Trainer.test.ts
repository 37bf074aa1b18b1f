import { describe, expect, it } from 'vitest';
import {
  balancedClassWeights,
  compileInference,
  compileTraining,
  decodeCheckpoint,
  encodeCheckpoint,
  encodeModel,
  initialWeights,
  multilayerPerceptron,
  Trainer,
  weightRows,
  type FloatArray,
  type LossSettings,
  type OptimizerSettings,
  type Runtime,
  type TrainerSettings,
} from '../index.ts';
import { trainReference, type ReferenceSettings } from '../tests/referenceTraining.ts';
import { onnxRuntime, referenceRuntime, testRandom } from '../tests/runtimes.ts';
import { minibatches } from './epochOrder.ts';

interface Setup {
  hiddenSizes?: number[];
  outputCount?: number;
  rowCount?: number;
  batchSize?: number;
  dropoutRate?: number;
  loss?: LossSettings;
  optimizer?: OptimizerSettings;
  dtype?: 'float32' | 'float64';
  rowWeights?: Float64Array;
  runtime?: Runtime;
  overrides?: Partial<TrainerSettings>;
}
const featureCount = 5;

function setUp({
  hiddenSizes = [7],
  outputCount = 3,
  rowCount = 22,
  batchSize = 8,
  dropoutRate = 0,
  loss = { kind: 'softmaxCrossEntropy' },
  optimizer = { kind: 'adam' },
  dtype = 'float32',
  rowWeights,
  runtime = onnxRuntime,
  overrides,
}: Setup = {}) {
  const network = multilayerPerceptron({ featureCount, hiddenSizes, outputCount, dropoutRate, dtype });
  const compiled = compileTraining({ forward: network.graph, parameters: network.parameters, loss, optimizer, batchSize });
  const random = testRandom(3);
  const array = dtype === 'float32' ? Float32Array : Float64Array;
  const features = array.from(Array.from({ length: rowCount * featureCount }, () => random() * 2 - 1));
  const classes = Int32Array.from({ length: rowCount }, () => Math.floor(random() * outputCount));
  const values = array.from(Array.from({ length: rowCount * outputCount }, () => random() * 2 - 1));
  const targets = loss.kind === 'softmaxCrossEntropy' ? classes : values;
  const weights = initialWeights(network.parameterShapes, 5, network.schemes, dtype);
  const settings: TrainerSettings = {
    runtime,
    compiled,
    data: { rowCount, inputs: { features }, targets, ...(rowWeights && { rowWeights: array.from(rowWeights) }) },
    weights,
    learningRate: 0.01,
    seed: 11,
    nowMs: () => 0,
    ...overrides,
  };
  return { network, compiled, settings, features, targets, weights };
}

async function losses(trainer: Trainer, epochs: number, batchesPerRun?: number): Promise<number[]> {
  const all: number[] = [];
  while (trainer.epoch < epochs) all.push(...(await trainer.runOnce(batchesPerRun)).losses);
  return all;
}

describe('Trainer against the float64 reference', () => {
  const cases: [string, Setup, Pick<ReferenceSettings, 'loss' | 'optimizer'>][] = [
    ['softmax regression, Adam', { hiddenSizes: [] }, { loss: 'softmaxCrossEntropy', optimizer: { kind: 'adam' } }],
    ['perceptron with two hidden layers, Adam', { hiddenSizes: [7, 4] }, { loss: 'softmaxCrossEntropy', optimizer: { kind: 'adam' } }],
    [
      'binary as two classes, weight decay',
      { outputCount: 2, optimizer: { kind: 'adam', weightDecay: 0.5 } },
      { loss: 'softmaxCrossEntropy', optimizer: { kind: 'adam', weightDecay: 0.5 } },
    ],
    [
      'linear regression, momentum',
      { hiddenSizes: [], outputCount: 1, loss: { kind: 'meanSquaredError' }, optimizer: { kind: 'sgd', momentum: 0.8 } },
      { loss: 'meanSquaredError', optimizer: { kind: 'sgd', momentum: 0.8 } },
    ],
    [
      'regression with two outputs, Adam',
      { outputCount: 2, loss: { kind: 'meanSquaredError' } },
      { loss: 'meanSquaredError', optimizer: { kind: 'adam' } },
    ],
    [
      'weighted rows',
      { rowWeights: Float64Array.from({ length: 22 }, (_, row) => (row % 4) / 1.5) },
      { loss: 'softmaxCrossEntropy', optimizer: { kind: 'adam' } },
    ],
  ];

  // 22 rows in batches of 8 leave a last batch of 6: padded and masked here, cut short in the reference.
  it.each(cases)('%s: weights and losses agree after 60 steps', async (_, setup, referenceSettings) => {
    for (const dtype of ['float64', 'float32'] as const) {
      const { settings, features, targets, weights, network } = setUp({ ...setup, dtype });
      const reference = Object.fromEntries(Object.entries(weights).map(([name, each]) => [name, Float64Array.from(each)]));
      const sizes = [
        featureCount,
        ...Object.entries(network.parameterShapes).flatMap(([name, shape]) => (name.startsWith('weight') ? [shape[1]!] : [])),
      ];
      const expected = trainReference({
        sizes,
        weights: reference,
        features: Float64Array.from(features),
        targets: Float64Array.from(targets),
        ...(setup.rowWeights && { rowWeights: setup.rowWeights }),
        ...referenceSettings,
        learningRate: 0.01,
        batches: minibatches(22, 8, 11, 20),
      });
      const trainer = await Trainer.create(settings);
      const actual = await losses(trainer, 20);
      // Adam divides by the root of tiny second moments, which enlarges float32's rounding; 60 steps of 0.01 could move a weight by 0.6.
      const tolerance = dtype === 'float64' ? 1e-11 : 2e-3;
      expect(trainer.step).toBe(60);
      expect(distance(actual, expected)).toBeLessThan(tolerance);
      for (const [name, weight] of Object.entries(trainer.weights()))
        expect(distance(weight, reference[name]!), name).toBeLessThan(tolerance);
      await trainer.release();
    }
  });

  it('with Dropout and Huber loss, ONNX Runtime and the reference interpreter agree on the whole training graph', async () => {
    const setup: Setup = { dropoutRate: 0.3, outputCount: 2, loss: { kind: 'huber', delta: 0.5 }, dtype: 'float64' };
    const [real, reference] = [
      await Trainer.create(setUp(setup).settings),
      await Trainer.create(setUp({ ...setup, runtime: referenceRuntime }).settings),
    ];
    expect(distance(await losses(real, 3), await losses(reference, 3))).toBeLessThan(1e-12);
    for (const [name, weight] of Object.entries(real.weights()))
      expect(distance(weight, reference.weights()[name]!), name).toBeLessThan(1e-12);
    await real.release();
  });
});

describe('Trainer', () => {
  it('gives bit-identical weights however many minibatches a run holds', async () => {
    const results: [number[], Record<string, FloatArray>][] = [];
    for (const batchesPerRun of [1, 2, 3]) {
      const trainer = await Trainer.create(setUp({ dropoutRate: 0.2 }).settings);
      results.push([await losses(trainer, 4, batchesPerRun), trainer.weights()]);
      await trainer.release();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('repeats bit for bit with the same seed and differs with another', async () => {
    const trained = async (seed: number): Promise<Record<string, FloatArray>> => {
      const trainer = await Trainer.create(setUp({ overrides: { seed } }).settings);
      await losses(trainer, 3);
      await trainer.release();
      return trainer.weights();
    };
    const first = await trained(1);
    expect(await trained(1)).toEqual(first);
    expect(await trained(2)).not.toEqual(first);
    expect(await trained(2 ** 32 + 1)).not.toEqual(first);
  });

  it('goes on from a stored checkpoint as if it had never stopped, in the middle of an epoch and with Dropout', async () => {
    const { settings } = setUp({ dropoutRate: 0.4, optimizer: { kind: 'adam', weightDecay: 0.1 } });
    const whole = await Trainer.create(settings);
    await losses(whole, 5, 1);
    const before = await Trainer.create(settings);
    for (let run = 0; run < 7; run++) await before.runOnce(1);
    const stored = encodeCheckpoint(before.checkpoint());
    await before.release();
    const after = await Trainer.create(settings);
    after.restore(decodeCheckpoint(stored));
    expect([after.step, after.epoch]).toEqual([7, 2]);
    await losses(after, 5, 2);
    expect(after.weights()).toEqual(whole.weights());
    await whole.release();
    await after.release();
  });

  it('trains on a padded last batch as on the same rows unpadded', async () => {
    // Three rows in one batch of 8 against the same three in one of 3.
    const [padded, exact] = [
      await Trainer.create(setUp({ rowCount: 3, batchSize: 8, dtype: 'float64' }).settings),
      await Trainer.create(setUp({ rowCount: 3, batchSize: 3, dtype: 'float64' }).settings),
    ];
    expect(distance(await losses(padded, 10), await losses(exact, 10))).toBeLessThan(1e-13);
    for (const [name, weight] of Object.entries(padded.weights())) expect(distance(weight, exact.weights()[name]!)).toBeLessThan(1e-13);
    await padded.release();
    await exact.release();
  });

  it('learns: the loss of a separable problem falls near zero', async () => {
    const { settings, compiled } = setUp({ outputCount: 2, rowCount: 200, batchSize: 16, overrides: { learningRate: 0.02 } });
    const features = settings.data.inputs['features']!;
    const targets = Int32Array.from({ length: 200 }, (_, row) =>
      Number(Number(features[row * featureCount]!) + Number(features[row * featureCount + 1]!) > 0),
    );
    const trainer = await Trainer.create({ ...settings, compiled, data: { ...settings.data, targets } });
    const all = await losses(trainer, 60);
    expect(mean(all.slice(-13))).toBeLessThan(0.05);
    await trainer.release();
  });

  it('stops between runs when asked, and reports where it is', async () => {
    let clock = 0;
    const trainer = await Trainer.create(setUp({ overrides: { nowMs: () => (clock += 50), runMs: 100 } }).settings);
    const reports = [];
    for await (const report of trainer.train({ epochs: 100, shouldStop: () => trainer.step >= 4 })) reports.push(report);
    // The clock makes each run last 50 ms: 1 batch, then the 2 that fit 100 ms, then a new epoch.
    expect(reports.map(({ epoch, step, batchInEpoch, epochDone }) => [epoch, step, batchInEpoch, epochDone])).toEqual([
      [0, 1, 1, false],
      [0, 3, 3, true],
      [1, 6, 3, true],
    ]);
    await trainer.release();
  });

  it('asks a schedule for the rate of each step', async () => {
    const asked: number[] = [];
    const trainer = await Trainer.create(
      setUp({ overrides: { learningRate: (step) => (asked.push(step), step > 3 ? 0 : 0.01) } }).settings,
    );
    await trainer.runOnce(3);
    const weights = trainer.weights();
    await trainer.runOnce(3);
    expect(asked).toEqual([1, 2, 3, 4, 5, 6]);
    expect(trainer.weights()).toEqual(weights);
    await trainer.release();
  });

  it('predicts what the exported inference graph predicts, Dropout off, for any number of rows', async () => {
    const { settings, network, features } = setUp({ dropoutRate: 0.5 });
    const trainer = await Trainer.create(settings);
    await losses(trainer, 3);
    const graph = compileInference(network.graph, trainer.weights(), { activation: 'softmax', outputName: 'probabilities' });
    expect(graph.inputs.map((each) => each.name)).toEqual(['features']);
    const session = await onnxRuntime.createSession(encodeModel(graph, { producer: 'test' }));
    const logits = await trainer.predict({ features }, 22);
    const out = await session.run({ features: onnxRuntime.tensor('float32', features, [22, featureCount]) }, { probabilities: null });
    const probabilities = out['probabilities']!.data as Float32Array;
    for (let row = 0; row < 22; row++) {
      const powers = [0, 1, 2].map((at) => Math.exp(logits[row * 3 + at]!));
      const sum = powers.reduce((partial, each) => partial + each, 0);
      powers.forEach((each, at) => expect(probabilities[row * 3 + at]).toBeCloseTo(each / sum, 6));
    }
    expect((await trainer.predict({ features: features.slice(0, featureCount) }, 1)).length).toBe(3);
    await session.release();
    await trainer.release();
  });

  it('refuses a second run while one is under way', async () => {
    const trainer = await Trainer.create(setUp().settings);
    const first = trainer.runOnce();
    await expect(trainer.runOnce()).rejects.toThrow('under way');
    await first;
    await trainer.release();
  });
});

describe('Trainer and weights that no row touches', () => {
  it('lets their state become 0 instead of subnormal, at steps that do not depend on the length of runs', async () => {
    const { settings } = setUp({ hiddenSizes: [], rowCount: 16, batchSize: 8 });
    const features = settings.data.inputs['features']!.slice();
    // A column that only row 0 has, and that row counts only in the first epochs: its weight is then never touched again.
    for (let row = 0; row < 16; row++) features[row * featureCount] = row === 0 ? 1 : 0;
    const trainedFor = async (batchesPerRun: number): Promise<Trainer> => {
      const trainer = await Trainer.create({ ...settings, data: { ...settings.data, inputs: { features } } });
      await losses(trainer, 5, batchesPerRun);
      const { tensors, ...rest } = trainer.checkpoint();
      features[0] = 0;
      trainer.restore({ ...rest, tensors });
      await losses(trainer, 600, batchesPerRun);
      features[0] = 1;
      return trainer;
    };
    const [single, many] = [await trainedFor(1), await trainedFor(1000)];
    const moments = many.checkpoint().tensors['firstMoment.weight1']!;
    expect(Array.from(moments.subarray(0, 3))).toEqual([0, 0, 0]);
    for (const moment of moments) expect(moment === 0 || Math.abs(moment) > 1e-37).toBe(true);
    expect(many.checkpoint()).toEqual(single.checkpoint());
    await single.release();
    await many.release();
  });
});

describe('Trainer and bad input', () => {
  it('stops with a code when the loss is no longer finite, and keeps the weights from before that run', async () => {
    const { settings } = setUp({ loss: { kind: 'meanSquaredError' }, optimizer: { kind: 'sgd' }, overrides: { learningRate: 1e30 } });
    const trainer = await Trainer.create(settings);
    const weights = trainer.weights();
    // The first step makes the weights huge, the second overflows.
    const failure = { code: 'MK_COMPILER_VALUE_NOT_FINITE', params: { step: 2 } };
    await expect(trainer.runOnce(3)).rejects.toMatchObject(failure);
    expect(trainer.weights()).toEqual(weights);
    expect(trainer.step).toBe(0);
    // However long runs are; the weights are then those before the last run.
    await trainer.runOnce(1);
    await expect(trainer.runOnce(1)).rejects.toMatchObject(failure);
    expect(trainer.step).toBe(1);
    await trainer.release();
  });

  it.each([
    ['features', { inputs: { features: new Float32Array(9) } }],
    ['features', { inputs: {} }],
    ['features', { inputs: { features: new Float64Array(22 * featureCount) } }],
    ['targets', { targets: new Int32Array(21) }],
    ['targets', { targets: new Int32Array(22).fill(3) }],
    ['targets', { targets: new Int32Array(22).fill(-1) }],
    ['rowWeights', { rowWeights: new Float32Array(1) }],
    ['rowCount', { rowCount: 0 }],
  ])('refuses data whose %s does not fit, naming it', async (field, change) => {
    const { settings } = setUp();
    await expect(Trainer.create({ ...settings, data: { ...settings.data, ...change } })).rejects.toMatchObject({
      code: 'MK_COMPILER_TRAINING_DATA_INVALID',
      params: { field },
    });
  });

  it('refuses a checkpoint of another seed, other rows or another network, and one that is cut or garbled', async () => {
    const trainer = await Trainer.create(setUp().settings);
    const checkpoint = trainer.checkpoint();
    const invalid = expect.objectContaining({ code: 'MK_COMPILER_CHECKPOINT_INVALID' });
    expect(() => trainer.restore({ ...checkpoint, seed: 99 })).toThrow(invalid);
    expect(() => trainer.restore({ ...checkpoint, rowCount: 23 })).toThrow(invalid);
    expect(() => trainer.restore({ ...checkpoint, tensors: { ...checkpoint.tensors, weight1: new Float32Array(2) } })).toThrow(invalid);
    const bytes = encodeCheckpoint(checkpoint);
    expect(decodeCheckpoint(bytes)).toEqual(checkpoint);
    for (const broken of [bytes.slice(0, -1), bytes.slice(0, 20), new Uint8Array(0), new Uint8Array(64).fill(7)])
      expect(() => decodeCheckpoint(broken)).toThrow(invalid);
    await trainer.release();
  });
});

describe('weightRows and balancedClassWeights', () => {
  it('count each class the same and average 1', () => {
    const classes = Int32Array.of(0, 0, 0, 1);
    const weights = weightRows(classes, balancedClassWeights(classes, 3));
    expect(weights.reduce((sum, each) => sum + each, 0)).toBeCloseTo(4, 6);
    expect(weights[3]! / weights[0]!).toBeCloseTo(3, 6);
    expect(weightRows(classes, [1, 1], Float64Array.of(1, 1, 2, 0))).toEqual(Float32Array.of(1, 1, 2, 0));
    expect(() => weightRows(classes, [0, 0])).toThrow('positive');
  });
});

function distance(left: ArrayLike<number>, right: ArrayLike<number>): number {
  expect(left.length).toBe(right.length);
  return Array.from(left, (each, at) => Math.abs(each - right[at]!)).reduce((largest, each) => Math.max(largest, each), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
