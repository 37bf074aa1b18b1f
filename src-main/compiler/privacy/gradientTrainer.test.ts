import { describe, expect, it } from 'vitest';
import {
  compileGradients,
  compileTraining,
  GradientTrainer,
  initialWeights,
  multilayerPerceptron,
  sequenceTagger,
  Trainer,
  transformerEncoder,
  type GradientTrainerSettings,
  type Network,
  type PrivacySettings,
  type TrainingData,
} from '../index.ts';
import { onnxRuntime, testRandom } from '../tests/runtimes.ts';

const [rowCount, batchSize] = [10, 4];
const random = testRandom(4);
const floats = (count: number): Float32Array => Float32Array.from({ length: count }, () => random() * 2 - 1);
const below = (count: number, end: number): Int32Array => Int32Array.from({ length: count }, () => Math.floor(random() * end));

const perceptron = multilayerPerceptron({ featureCount: 5, hiddenSizes: [6], outputCount: 3, dropoutRate: 0.3 });
const cases: Readonly<Record<string, { network: Network; data: Omit<TrainingData, 'rowCount'>; rowsTogether: number }>> = {
  // Ten rows in batches of four: the last is short.
  'a perceptron with Dropout and row weights': {
    network: perceptron,
    data: {
      inputs: { features: floats(rowCount * 5) },
      targets: below(rowCount, 3),
      rowWeights: Float32Array.from({ length: rowCount }, (_, row) => (row % 2 === 0 ? 0.5 : 1.5)),
    },
    rowsTogether: 4,
  },
  'a transformer, whose embedding takes gradients by row elsewhere': {
    network: transformerEncoder({ vocabulary: 7, length: 5, width: 4, heads: 2, layers: 1, feedForward: 6, outputCount: 3 }),
    data: { inputs: { tokens: BigInt64Array.from(below(rowCount * 5, 7), BigInt) }, targets: below(rowCount, 3) },
    rowsTogether: 4,
  },
  'a recurrent network, row by row': {
    network: sequenceTagger({ vocabulary: 6, length: 4, width: 3, units: 3, tagCount: 3 }),
    data: { inputs: { tokens: BigInt64Array.from(below(rowCount * 4, 6), BigInt) }, targets: below(rowCount * 4, 3) },
    rowsTogether: 1,
  },
};

const common = { optimizer: { kind: 'adam' }, learningRate: 0.05, seed: 3, nowMs: () => 0, runtime: onnxRuntime } as const;
const loss = { kind: 'softmaxCrossEntropy' } as const;

async function gradientTrainer(
  network: Network,
  data: Omit<TrainingData, 'rowCount'>,
  privacy: PrivacySettings | undefined,
  more: { microBatch?: number } & Partial<GradientTrainerSettings> = {},
): Promise<GradientTrainer> {
  const { microBatch, ...settings } = more;
  const compiled = compileGradients({
    ...network,
    forward: network.graph,
    loss,
    batchSize,
    ...(privacy && { privacy }),
    ...(microBatch !== undefined && { microBatch }),
  });
  const weights = initialWeights({ ...network.parameterShapes, ...network.stateShapes }, 1, network.schemes);
  return GradientTrainer.create({ ...common, compiled, data: { rowCount, ...data }, weights, ...settings });
}

async function finished(trainer: Trainer | GradientTrainer): Promise<{ losses: number[]; weights: Record<string, ArrayLike<number>> }> {
  const losses: number[] = [];
  while (trainer.epoch < 4) losses.push(...(await trainer.runOnce()).losses);
  const weights = trainer.weights();
  await trainer.release();
  return { losses, weights };
}

describe.each(Object.entries(cases))('%s', (_, { network, data, rowsTogether }) => {
  it.each([0, 0.7])('is what Trainer makes of it with clipping and noise of %f', async (noiseMultiplier) => {
    const privacy = { clipNorm: 0.3, noiseMultiplier };
    const compiled = compileTraining({ ...network, forward: network.graph, loss, optimizer: common.optimizer, batchSize, privacy });
    const weights = initialWeights({ ...network.parameterShapes, ...network.stateShapes }, 1, network.schemes);
    const expected = await finished(await Trainer.create({ ...common, compiled, data: { rowCount, ...data }, weights }));
    const actual = await finished(await gradientTrainer(network, data, privacy));
    const free = await finished(await gradientTrainer(network, data, undefined));
    expect(compiled.rowGradients!.rowsTogether).toBe(rowsTogether);
    expect(actual.losses).toHaveLength(12);
    expected.losses.forEach((each, step) => expect(actual.losses[step]).toBeCloseTo(each, 4));
    let moved = 0;
    for (const [name, values] of Object.entries(expected.weights))
      Array.from(values).forEach((each, at) => {
        expect(actual.weights[name]![at]).toBeCloseTo(each, 3);
        moved = Math.max(moved, Math.abs(free.weights[name]![at]! - each));
      });
    expect(moved).toBeGreaterThan(0.01);
  });
});

const { network, data } = cases['a perceptron with Dropout and row weights']!;
const privacy = { clipNorm: 0.3, noiseMultiplier: 0.7 };

it('micro-batches are the rows that are clipped together, with the same result up to rounding', async () => {
  // Without Dropout, which draws by micro-batch.
  const plain = multilayerPerceptron({ featureCount: 5, hiddenSizes: [6], outputCount: 3 });
  const [whole, halves] = [await finished(await gradientTrainer(plain, data, privacy)), await finished(await gradientTrainer(plain, data, privacy, { microBatch: 2 }))]; // prettier-ignore
  whole.losses.forEach((each, step) => expect(halves.losses[step]).toBeCloseTo(each, 4));
});

it('goes on from a checkpoint with the same bits, noise included', async () => {
  const whole = await finished(await gradientTrainer(network, data, privacy));
  const first = await gradientTrainer(network, data, privacy);
  await first.runOnce(2);
  await first.runOnce(1);
  const second = await gradientTrainer(network, data, privacy);
  second.restore(first.checkpoint());
  await first.release();
  expect((await finished(second)).weights).toEqual(whole.weights);
});

it('refuses what would make another promise', async () => {
  const refused = { code: 'MK_COMPILER_SETTING_INVALID' };
  await expect(gradientTrainer(network, data, privacy, { accumulate: 2 })).rejects.toMatchObject({
    ...refused,
    params: { setting: 'accumulate' },
  });
  await expect(gradientTrainer(network, data, { ...privacy, clipNorm: 0 })).rejects.toMatchObject(refused);
  const settings = { ...network, forward: network.graph, loss, batchSize, privacy };
  expect(() => compileGradients({ ...settings, precision: 'mixed' })).toThrow(expect.objectContaining(refused) as Error);
  const trainer = await gradientTrainer(network, data, privacy);
  await expect(trainer.lossAndGradient(trainer.parametersInOrder())).rejects.toThrow('not private');
  await trainer.release();
});
