import { describe, expect, it } from 'vitest';
import { compileGradients, GradientTrainer, initialWeights, multilayerPerceptron } from '../../index.ts';
import { onnxRuntime, testRandom } from '../../tests/runtimes.ts';

// The short form of `npm run campaign -- long-training`.
const [rowCount, featureCount] = [512, 32];

async function open(): Promise<GradientTrainer> {
  const network = multilayerPerceptron({ featureCount, hiddenSizes: [64], outputCount: 4, dropoutRate: 0.2 });
  const random = testRandom(5);
  const features = Float32Array.from({ length: rowCount * featureCount }, () => random() * 2 - 1);
  return GradientTrainer.create({
    runtime: onnxRuntime,
    compiled: compileGradients({
      forward: network.graph,
      parameters: network.parameters,
      loss: { kind: 'softmaxCrossEntropy' },
      batchSize: 32,
      microBatch: 16,
    }),
    optimizer: { kind: 'adam', clipNorm: 1, average: { kind: 'exponential' } },
    data: {
      rowCount,
      inputs: { features },
      targets: Int32Array.from({ length: rowCount }, (_, row) => (features[row * featureCount]! > 0 ? 1 : 0)),
    },
    weights: initialWeights(network.parameterShapes, 1, network.schemes),
    learningRate: 1e-3,
    seed: 3,
    nowMs: () => 0,
  });
}

async function stepsUntil(trainer: GradientTrainer, step: number, perRun: number): Promise<void> {
  while (trainer.step < step) await trainer.runOnce(Math.min(perRun, step - trainer.step));
}

describe('a long training', () => {
  it('gives the same bits again, and when it was resumed at any step', async () => {
    const [first, again, resumed] = [await open(), await open(), await open()];
    await stepsUntil(first, 700, 100);
    await stepsUntil(again, 700, 37);
    expect(again.checkpoint()).toEqual(first.checkpoint());
    // Before, at and after the steps at which tiny state becomes 0 (multiples of 128).
    const other = await open();
    for (const stop of [1, 127, 128, 129, 500]) {
      await stepsUntil(other, stop, 50);
      resumed.restore(other.checkpoint());
      await stepsUntil(resumed, 700, 64);
      expect(resumed.checkpoint()).toEqual(first.checkpoint());
    }
    for (const each of [first, again, resumed, other]) await each.release();
  });

  it('does not take more memory as it goes on', async () => {
    const trainer = await open();
    await stepsUntil(trainer, 1000, 128);
    const before = process.memoryUsage();
    await stepsUntil(trainer, 4000, 128);
    const after = process.memoryUsage();
    await trainer.release();
    // A step has 25 tensors and 5 KB of masks: kept, they would be 15 MB of buffers and more of the rest.
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * 2 ** 20);
    expect(after.rss - before.rss).toBeLessThan(64 * 2 ** 20);
  });
});
