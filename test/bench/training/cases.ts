// The models that are timed, as an ordinary user writes them.
import {
  convolutionalNetwork,
  criticOutputs,
  criticTraining,
  multilayerPerceptron,
  resNet,
  sequenceTagger,
  transformerEncoder,
  variationalAutoencoder,
} from '../../../src-main/compiler/index.ts';
import { testRandom } from '../../../src-main/compiler/tests/runtimes.ts';
import type { TrainingCase } from './compareTraining.ts';

const crossEntropy = { kind: 'softmaxCrossEntropy' } as const;

export function perceptronCase(batch: number, sizes: readonly number[] = [784, 256, 128, 10]): TrainingCase {
  const [featureCount, outputCount, rows] = [sizes[0]!, sizes.at(-1)!, Math.ceil(12_800 / batch) * batch];
  return {
    name: `perceptron ${sizes.join('-')}, batch ${batch}`,
    torch: { model: 'mlp', options: { sizes } },
    batch,
    rows,
    stepsPerTurn: Math.max(16, Math.round(16_384 / batch / 2)),
    ours: () => ({
      network: multilayerPerceptron({ featureCount, hiddenSizes: sizes.slice(1, -1), outputCount }),
      loss: crossEntropy,
      data: { rowCount: rows, inputs: { features: floats(rows * featureCount) }, targets: numbers(rows, outputCount) },
    }),
  };
}

export function convolutionalCase(): TrainingCase {
  const [batch, rows] = [128, 1024];
  return {
    name: 'convolutional 32-64, 28², batch 128',
    torch: { model: 'cnn', channelsLast: true },
    batch,
    rows,
    stepsPerTurn: 8,
    ours: () => ({
      network: convolutionalNetwork({ imageShape: [1, 28, 28], channels: [32, 64], outputCount: 10 }),
      loss: crossEntropy,
      data: { rowCount: rows, inputs: { images: floats(rows * 784) }, targets: numbers(rows, 10) },
    }),
  };
}

export function resNetCase(): TrainingCase {
  const [batch, rows, size] = [32, 128, 64];
  return {
    name: 'ResNet-18, 64², batch 32',
    torch: { model: 'resNet' },
    batch,
    rows,
    stepsPerTurn: 2,
    ours: () => ({
      network: resNet({ imageShape: [3, size, size], outputCount: 10 }),
      loss: crossEntropy,
      data: { rowCount: rows, inputs: { images: floats(rows * 3 * size * size) }, targets: numbers(rows, 10) },
    }),
  };
}

export function transformerCase(): TrainingCase {
  const [batch, rows, vocabulary, length] = [32, 256, 1000, 64];
  return {
    name: 'transformer d 128, 4 heads, 64 tokens, batch 32',
    torch: { model: 'transformer' },
    batch,
    rows,
    stepsPerTurn: 8,
    ours: () => ({
      network: transformerEncoder({
        vocabulary,
        length,
        width: 128,
        heads: 4,
        layers: 1,
        feedForward: 512,
        head: 'tokens',
        outputCount: vocabulary,
      }),
      loss: crossEntropy,
      data: { rowCount: rows, inputs: { tokens: tokens(rows * length, vocabulary) }, targets: numbers(rows * length, vocabulary) },
    }),
  };
}

export function miniLanguageModelCase(): TrainingCase {
  const [batch, rows, vocabulary, length, width, layers] = [8, 64, 30_522, 128, 384, 6];
  return {
    name: 'MiniLM-size fine-tuning, 6 layers, d 384, 128 tokens, batch 8',
    torch: { model: 'transformer', options: { vocabulary, width, heads: 12, length, layers, hidden: 1536, classes: 2, norm_first: false } },
    batch,
    rows,
    stepsPerTurn: 2,
    ours: () => ({
      network: transformerEncoder({
        vocabulary,
        length,
        width,
        heads: 12,
        layers,
        feedForward: 1536,
        outputCount: 2,
        normFirst: false,
      }),
      loss: crossEntropy,
      data: { rowCount: rows, inputs: { tokens: tokens(rows * length, vocabulary) }, targets: numbers(rows, 2) },
    }),
  };
}

export function taggerCase(conditionalRandomField: boolean): TrainingCase {
  const [batch, rows, vocabulary, length, tagCount] = [32, 256, 5000, 40, 9];
  return {
    name: `BiLSTM${conditionalRandomField ? '-CRF' : ''} tagger 100-128, 40 tokens, batch 32`,
    torch: { model: 'tagger', options: { crf: conditionalRandomField } },
    batch,
    rows,
    stepsPerTurn: 6,
    ours: () => ({
      network: sequenceTagger({ vocabulary, length, width: 100, units: 128, tagCount, conditionalRandomField }),
      loss: conditionalRandomField
        ? { kind: 'conditionalRandomField', transitions: 'crf.transitions', start: 'crf.start', end: 'crf.end' }
        : crossEntropy,
      data: { rowCount: rows, inputs: { tokens: tokens(rows * length, vocabulary) }, targets: numbers(rows * length, tagCount) },
    }),
  };
}

export function autoencoderCase(): TrainingCase {
  const [batch, rows, featureCount] = [128, 12_800, 784];
  return {
    name: 'variational autoencoder 784-400-20, batch 128',
    torch: { model: 'vae' },
    batch,
    rows,
    stepsPerTurn: 32,
    ours: () => {
      const features = floats(rows * featureCount);
      return {
        network: variationalAutoencoder({ featureCount, hiddenSize: 400, latentSize: 20 }),
        loss: { kind: 'elbo', reconstruction: 'reconstruction', mean: 'mean', logVariance: 'logVariance' },
        data: { rowCount: rows, inputs: { features }, targets: features },
      };
    },
  };
}

/** The generator is one linear layer in ours, so that a critic step costs what the peer's costs, where its rows are given. */
export function criticCase(): TrainingCase {
  const [batch, rows, featureCount] = [64, 4096, 784];
  return {
    name: 'WGAN-GP critic 784-256-128-1, batch 64',
    torch: { model: 'critic' },
    batch,
    rows,
    stepsPerTurn: 32,
    ours: () => ({
      network: criticTraining({ featureCount, latentSize: 4, generatorSizes: [], criticSizes: [256, 128] }),
      loss: { kind: 'wassersteinCritic', ...criticOutputs },
      data: { rowCount: rows, inputs: { features: floats(rows * featureCount) } },
    }),
  };
}

function floats(count: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, testRandom(1));
}

function numbers(count: number, below: number): Int32Array<ArrayBuffer> {
  const random = testRandom(2);
  return Int32Array.from({ length: count }, () => Math.floor(random() * below));
}

function tokens(count: number, vocabulary: number): BigInt64Array<ArrayBuffer> {
  return BigInt64Array.from(numbers(count, vocabulary), BigInt);
}
