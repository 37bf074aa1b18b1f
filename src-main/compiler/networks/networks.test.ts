import { describe, expect, it } from 'vitest';
import {
  compileTraining,
  convolutionalNetwork,
  criticOutputs,
  criticTraining,
  generatorTraining,
  initialWeights,
  multilayerPerceptron,
  resNet,
  sequenceTagger,
  Trainer,
  transformerEncoder,
  variationalAutoencoder,
  type FloatArray,
  type LossSettings,
  type Network,
  type TrainingData,
} from '../index.ts';
import { onnxRuntime, testRandom } from '../tests/runtimes.ts';

const [rows, batch] = [32, 8];
const classes = (count: number, below = 3): Int32Array => Int32Array.from({ length: count }, draw(below));
const floats = (count: number): Float32Array => Float32Array.from({ length: count }, testRandom(3));
const tokens = (count: number, below: number): BigInt64Array => {
  const random = testRandom(5);
  return BigInt64Array.from({ length: count }, () => BigInt(Math.floor(random() * below)));
};
const crossEntropy: LossSettings = { kind: 'softmaxCrossEntropy' };
const gan = { featureCount: 6, latentSize: 3, generatorSizes: [8], criticSizes: [8, 8] };

interface NetworkCase {
  network: Network;
  loss: LossSettings;
  data: Omit<TrainingData, 'rowCount'>;
  /** The loss after 60 steps, as a share of the first. */
  falls: number;
}

const cases: Record<string, () => NetworkCase> = {
  multilayerPerceptron: () => ({
    network: multilayerPerceptron({ featureCount: 6, hiddenSizes: [16], outputCount: 3, dropoutRate: 0.1 }),
    loss: crossEntropy,
    data: { inputs: { features: floats(rows * 6) }, targets: classes(rows) },
    falls: 0.95,
  }),
  convolutionalNetwork: () => ({
    network: convolutionalNetwork({ imageShape: [1, 8, 8], channels: [4, 8], outputCount: 3, batchNorm: true, dropoutRate: 0.1 }),
    loss: crossEntropy,
    data: { inputs: { images: floats(rows * 64) }, targets: classes(rows) },
    falls: 0.5,
  }),
  resNet: () => ({
    network: resNet({ imageShape: [3, 16, 16], widths: [4, 8], blocks: [1, 1], outputCount: 3 }),
    loss: crossEntropy,
    data: { inputs: { images: floats(rows * 768) }, targets: classes(rows) },
    falls: 0.5,
  }),
  'transformerEncoder with padding': () => ({
    network: transformerEncoder({
      vocabulary: 20,
      length: 6,
      width: 8,
      heads: 2,
      layers: 2,
      feedForward: 16,
      outputCount: 3,
      masked: true,
      dropoutRate: 0.05,
    }),
    loss: crossEntropy,
    data: {
      inputs: { tokens: tokens(rows * 6, 20), mask: Float32Array.from({ length: rows * 6 }, (_, at) => Number(at % 6 < 4)) },
      targets: classes(rows),
    },
    falls: 0.7,
  }),
  'transformerEncoder as a language model': () => ({
    network: transformerEncoder({
      vocabulary: 20,
      length: 6,
      width: 8,
      heads: 2,
      layers: 1,
      feedForward: 16,
      outputCount: 20,
      head: 'tokens',
      causal: true,
    }),
    loss: crossEntropy,
    data: { inputs: { tokens: tokens(rows * 6, 20) }, targets: classes(rows * 6) },
    falls: 0.5,
  }),
  'sequenceTagger with a conditional random field': () => ({
    network: sequenceTagger({ vocabulary: 20, length: 5, width: 6, units: 6, tagCount: 3, conditionalRandomField: true }),
    loss: { kind: 'conditionalRandomField', transitions: 'crf.transitions', start: 'crf.start', end: 'crf.end' },
    data: { inputs: { tokens: tokens(rows * 5, 20) }, targets: classes(rows * 5) },
    falls: 0.85,
  }),
  variationalAutoencoder: () => {
    const features = floats(rows * 6);
    return {
      network: variationalAutoencoder({ featureCount: 6, hiddenSize: 8, latentSize: 2 }),
      loss: { kind: 'elbo', reconstruction: 'reconstruction', mean: 'mean', logVariance: 'logVariance' },
      data: { inputs: { features }, targets: features },
      falls: 0.97,
    };
  },
  criticTraining: () => ({
    network: criticTraining(gan),
    loss: { kind: 'wassersteinCritic', ...criticOutputs },
    data: { inputs: { features: floats(rows * 6) } },
    falls: 0.5,
  }),
};

describe('networks', () => {
  it.each(Object.entries(cases))('%s trains in ONNX Runtime, and training again gives the same bits', async (_, make) => {
    const first = await train(make());
    expect(mean(first.losses.slice(-8))).toBeLessThan(make().falls * mean(first.losses.slice(0, 2)));
    expect(await train(make())).toEqual(first);
  });

  it('a generator training takes the critic as it is, and the other way round', async () => {
    const network = generatorTraining(gan);
    expect(network.frozen).toEqual(criticTraining(gan).parameters);
    expect(criticTraining(gan).frozen).toEqual(network.parameters);
    const data = { inputs: { features: floats(rows * 6) } };
    const { losses } = await train({ network, loss: { kind: 'wassersteinGenerator', fake: criticOutputs.fake }, data, falls: 1 });
    expect(mean(losses.slice(-8))).toBeLessThan(mean(losses.slice(0, 2)));
  });

  it('carries running statistics on, towards those of the data', async () => {
    const { weights } = await train(cases['convolutionalNetwork']!());
    expect(weights['norm1.runningVariance']!.every((each) => each > 0 && each !== 1)).toBe(true);
    expect(weights['norm1.runningMean']!.some((each) => each !== 0)).toBe(true);
  });
});

async function train({ network, loss, data }: NetworkCase): Promise<{ losses: number[]; weights: Record<string, FloatArray> }> {
  const { parameterShapes, stateShapes, frozenShapes, schemes } = network;
  const trainer = await Trainer.create({
    runtime: onnxRuntime,
    compiled: compileTraining({ ...network, forward: network.graph, loss, optimizer: { kind: 'adam' }, batchSize: batch }),
    data: { rowCount: rows, ...data },
    weights: initialWeights({ ...parameterShapes, ...stateShapes, ...frozenShapes }, 1, schemes),
    learningRate: 0.01,
    seed: 2,
    nowMs: () => 0,
  });
  const losses: number[] = [];
  while (trainer.step < 60) losses.push(...(await trainer.runOnce(4)).losses);
  const weights = trainer.weights();
  await trainer.release();
  return { losses, weights };
}

function draw(below: number): () => number {
  const random = testRandom(4);
  return () => Math.floor(random() * below);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
