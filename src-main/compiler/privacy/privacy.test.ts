import { describe, expect, it } from 'vitest';
import { compileTraining, initialWeights, multilayerPerceptron, noiseFor, privacySpent, Trainer, type FloatArray } from '../index.ts';
import { onnxRuntime, referenceRuntime, testRandom } from '../tests/runtimes.ts';

describe('privacySpent', () => {
  it.each([
    { samplingRate: 0.01, noiseMultiplier: 1.1, steps: 10_000, delta: 1e-5 },
    { samplingRate: 256 / 60_000, noiseMultiplier: 1.3, steps: 15 * 234, delta: 1e-5 },
    { samplingRate: 1, noiseMultiplier: 10, steps: 10, delta: 1e-6 },
  ])('agrees with a sum in plain numbers: $samplingRate, $noiseMultiplier, $steps', (use) => {
    const { epsilon, order } = privacySpent(use);
    const { samplingRate: q, noiseMultiplier: sigma } = use;
    // Order by order, by the definition E_z[(1 − q + q e^{(2z−1)/(2σ²)})^α] under z ~ N(0, σ²), integrated numerically.
    let moment = 0;
    const [low, high, cells] = [-12 * sigma - 1, 12 * sigma + order + 1, 200_000];
    for (let cell = 0; cell < cells; cell++) {
      const z = low + ((high - low) * (cell + 0.5)) / cells;
      const density = Math.exp((-z * z) / (2 * sigma ** 2)) / (sigma * Math.sqrt(2 * Math.PI));
      moment += (density * (1 - q + q * Math.exp((2 * z - 1) / (2 * sigma ** 2))) ** order * (high - low)) / cells;
    }
    const renyi = (use.steps * Math.log(moment)) / (order - 1);
    const expected = renyi + Math.log((order - 1) / order) - (Math.log(use.delta) + Math.log(order)) / (order - 1);
    expect(epsilon).toBeCloseTo(expected, 5);
  });

  it('rises with steps, falls with noise, and noiseFor inverts it', () => {
    const use = { samplingRate: 0.02, steps: 1000, delta: 1e-5 };
    expect(privacySpent({ ...use, noiseMultiplier: 1 }).epsilon).toBeGreaterThan(privacySpent({ ...use, noiseMultiplier: 2 }).epsilon);
    expect(privacySpent({ ...use, noiseMultiplier: 1, steps: 0 }).epsilon).toBe(0);
    const noise = noiseFor(3, use);
    expect(privacySpent({ ...use, noiseMultiplier: noise }).epsilon).toBeLessThanOrEqual(3);
    expect(privacySpent({ ...use, noiseMultiplier: noise * 0.99 }).epsilon).toBeGreaterThan(3);
  });

  it('refuses figures that have no meaning', () => {
    const use = { samplingRate: 0.1, noiseMultiplier: 1, steps: 1, delta: 1e-5 };
    expect(() => privacySpent({ ...use, samplingRate: 0 })).toThrow('sampling rate');
    expect(() => privacySpent({ ...use, noiseMultiplier: 0 })).toThrow('noise');
    expect(() => privacySpent({ ...use, steps: -1 })).toThrow('steps');
    expect(() => privacySpent({ ...use, delta: 1 })).toThrow('Delta');
  });
});

describe('training with clipped gradients', () => {
  const [rowCount, featureCount, batchSize] = [7, 3, 4];
  const network = multilayerPerceptron({ featureCount, hiddenSizes: [], outputCount: 1, dtype: 'float64' });
  const random = testRandom(9);
  const features = Float64Array.from({ length: rowCount * featureCount }, () => random() * 4 - 2);
  const targets = Float64Array.from({ length: rowCount }, () => random() * 4 - 2);
  const create = (clipNorm: number, noiseMultiplier: number, runtime = referenceRuntime): Promise<Trainer> =>
    Trainer.create({
      runtime,
      compiled: compileTraining({
        forward: network.graph,
        parameters: network.parameters,
        loss: { kind: 'meanSquaredError' },
        optimizer: { kind: 'sgd' },
        batchSize,
        privacy: { clipNorm, noiseMultiplier },
      }),
      data: { rowCount, inputs: { features }, targets },
      weights: initialWeights(network.parameterShapes, 3, network.schemes, 'float64'),
      learningRate: 1,
      seed: 2,
      nowMs: () => 0,
    });

  it('moves the weights by the sum of clipped row gradients over the batch size', async () => {
    const clipNorm = 0.8;
    const trainer = await create(clipNorm, 0);
    const before = trainer.weights();
    const { losses } = await trainer.runOnce(1);
    const after = trainer.weights();
    // The first batch is found by trying every set of four rows: each gives another step.
    const moved = Array.from({ length: featureCount }, (_, at) => before['weight1']![at]! - after['weight1']![at]!);
    const candidates = rowSets(rowCount, batchSize).map((rows) => {
      const total = new Float64Array(featureCount);
      let loss = 0;
      for (const row of rows) {
        const x = features.subarray(row * featureCount, (row + 1) * featureCount);
        const residual = x.reduce((sum, each, at) => sum + each * before['weight1']![at]!, before['bias1']![0]!) - targets[row]!;
        const gradient = [...x, 1].map((each) => 2 * residual * each);
        const factor = Math.min(1, clipNorm / Math.hypot(...gradient));
        gradient.slice(0, featureCount).forEach((each, at) => (total[at]! += (each * factor) / batchSize));
        loss += residual ** 2 / batchSize;
      }
      return { total, loss };
    });
    const fitting = candidates.filter(({ loss }) => Math.abs(loss - losses[0]!) < 1e-12);
    expect(fitting).toHaveLength(1);
    fitting[0]!.total.forEach((each, at) => expect(moved[at]).toBeCloseTo(each, 12));
    await trainer.release();
  });

  it('adds noise of the stated size, the same for the same seed, and ONNX Runtime agrees', async () => {
    const runs: Record<string, FloatArray>[] = [];
    for (const [noise, runtime] of [
      [0, referenceRuntime],
      [50, referenceRuntime],
      [50, onnxRuntime],
    ] as const) {
      const trainer = await create(1, noise, runtime);
      await trainer.runOnce(2);
      runs.push(trainer.weights());
      await trainer.release();
    }
    const [quiet, noisy, real] = runs as [(typeof runs)[0], (typeof runs)[0], (typeof runs)[0]];
    // Two steps of σ C / batch = 12.5 each; three weights.
    const distance = Math.hypot(...Array.from(noisy['weight1']!, (each, at) => each - quiet['weight1']![at]!));
    expect(distance).toBeGreaterThan(5);
    expect(distance).toBeLessThan(100);
    real['weight1']!.forEach((each, at) => expect(each).toBeCloseTo(noisy['weight1']![at]!, 9));
  });

  it('draws Dropout for every row, and ONNX Runtime agrees with the reference', async () => {
    const deep = multilayerPerceptron({ featureCount, hiddenSizes: [8], outputCount: 1, dropoutRate: 0.5, dtype: 'float64' });
    const losses: number[][] = [];
    for (const runtime of [referenceRuntime, onnxRuntime]) {
      const trainer = await Trainer.create({
        runtime,
        compiled: compileTraining({
          forward: deep.graph,
          parameters: deep.parameters,
          loss: { kind: 'meanSquaredError' },
          optimizer: { kind: 'adam' },
          batchSize,
          privacy: { clipNorm: 1, noiseMultiplier: 0.1 },
        }),
        data: { rowCount, inputs: { features }, targets },
        weights: initialWeights(deep.parameterShapes, 3, deep.schemes, 'float64'),
        learningRate: 0.1,
        seed: 2,
        nowMs: () => 0,
      });
      const own: number[] = [];
      while (trainer.epoch < 3) own.push(...(await trainer.runOnce()).losses);
      losses.push(own);
      await trainer.release();
    }
    losses[0]!.forEach((each, at) => expect(losses[1]![at]).toBeCloseTo(each, 9));
  });
});

function rowSets(count: number, length: number, from = 0): number[][] {
  if (length === 0) return [[]];
  return Array.from({ length: count - from }, (_, at) => from + at).flatMap((first) =>
    rowSets(count, length - 1, first + 1).map((rest) => [first, ...rest]),
  );
}
