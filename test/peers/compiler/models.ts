// The models that are trained on both sides, small enough for the float64 interpreter.
import {
  convolutionalNetwork,
  criticOutputs,
  criticTraining,
  multilayerPerceptron,
  resNet,
  sequenceTagger,
  transformerEncoder,
  variationalAutoencoder,
  type LossSettings,
  type Network,
} from '../../../src-main/compiler/index.ts';

type DType = 'float32' | 'float64';

export interface ComparedModel {
  readonly name: string;
  network(dtype: DType): Network;
  readonly loss: LossSettings;
  readonly batch: number;
  /** Shape of a row; `below`: whole numbers from 0. */
  readonly inputs: Readonly<Record<string, RowData>>;
  /** Class numbers; 'features': the input of that name; left out: none. */
  readonly targets?: RowData | 'features';
  /** A name and its constructor's arguments in torchModels.py. */
  readonly torch: { readonly model: string; readonly options: Readonly<Record<string, unknown>> };
  /** PyTorch's name of a parameter of ours; default the same. */
  rename?(name: string): string;
}

export interface RowData {
  readonly shape: readonly number[];
  readonly below?: number;
}

const crossEntropy = { kind: 'softmaxCrossEntropy' } as const;

export const comparedModels: readonly ComparedModel[] = [
  {
    name: 'perceptron',
    network: (dtype) => multilayerPerceptron({ featureCount: 20, hiddenSizes: [32, 16], outputCount: 5, dtype }),
    loss: crossEntropy,
    batch: 16,
    inputs: { features: { shape: [20] } },
    targets: { shape: [], below: 5 },
    torch: { model: 'mlp', options: { sizes: [20, 32, 16, 5] } },
    rename: (name) => name.replace(/^(weight|bias)(\d+)$/, 'linear$2.$1'),
  },
  convolutional('convolutional network', false),
  convolutional('convolutional network with BatchNorm', true),
  transformer('transformer encoder, classes', { normFirst: true, head: 'mean' }),
  transformer('transformer encoder, normalised after, token by token', { normFirst: false, head: 'tokens' }),
  {
    name: 'variational autoencoder',
    network: (dtype) => variationalAutoencoder({ featureCount: 30, hiddenSize: 16, latentSize: 4, noise: 'input', dtype }),
    loss: { kind: 'elbo', reconstruction: 'reconstruction', mean: 'mean', logVariance: 'logVariance' },
    batch: 16,
    inputs: { features: { shape: [30] }, noise: { shape: [4] } },
    targets: 'features',
    torch: { model: 'vae', options: { features: 30, hidden: 16, latent: 4 } },
  },
  {
    name: 'ResNet',
    network: (dtype) => resNet({ imageShape: [3, 32, 32], widths: [16, 32], blocks: [1, 1], outputCount: 5, dtype }),
    loss: crossEntropy,
    batch: 8,
    inputs: { images: { shape: [3, 32, 32] } },
    targets: { shape: [], below: 5 },
    torch: { model: 'resNet', options: { size: 32, widths: [16, 32], blocks: [1, 1], classes: 5 } },
  },
  {
    name: 'WGAN-GP critic',
    network: (dtype) =>
      criticTraining({ featureCount: 20, latentSize: 6, generatorSizes: [], criticSizes: [24, 12], noise: 'input', dtype }),
    loss: { kind: 'wassersteinCritic', ...criticOutputs },
    batch: 16,
    inputs: { features: { shape: [20] }, latent: { shape: [6] }, share: { shape: [1] } },
    torch: { model: 'critic', options: { sizes: [20, 24, 12, 1] } },
    rename: (name) => name.replace(/^critic\./, 'network.'),
  },
  tagger('BiLSTM', false),
  tagger('BiLSTM-CRF', true),
];

function convolutional(name: string, batchNorm: boolean): ComparedModel {
  return {
    name,
    network: (dtype) => convolutionalNetwork({ imageShape: [2, 12, 12], channels: [16, 32], outputCount: 5, batchNorm, dtype }),
    loss: crossEntropy,
    batch: 16,
    inputs: { images: { shape: [2, 12, 12] } },
    targets: { shape: [], below: 5 },
    torch: { model: 'cnn', options: { channels: [16, 32], size: 12, classes: 5, batch_norm: batchNorm, input_channels: 2 } },
  };
}

function transformer(name: string, { normFirst, head }: { normFirst: boolean; head: 'mean' | 'tokens' }): ComparedModel {
  const [vocabulary, length, width, heads, layers, feedForward, classes] = [50, 12, 32, 4, 2, 64, 5];
  const outputCount = head === 'mean' ? classes : vocabulary;
  return {
    name,
    network: (dtype) => transformerEncoder({ vocabulary, length, width, heads, layers, feedForward, head, outputCount, normFirst, dtype }),
    loss: crossEntropy,
    batch: 8,
    inputs: { tokens: { shape: [length], below: vocabulary } },
    targets: { shape: head === 'mean' ? [] : [length], below: outputCount },
    torch: {
      model: 'transformer',
      options: {
        vocabulary,
        width,
        heads,
        length,
        layers,
        hidden: feedForward,
        norm_first: normFirst,
        ...(head === 'mean' && { classes }),
      },
    },
    rename: (parameter) => parameter.replace('.attention.input.', '.attentionInput.').replace('.attention.output.', '.attentionOutput.'),
  };
}

function tagger(name: string, conditionalRandomField: boolean): ComparedModel {
  const [vocabulary, length, width, units, tagCount] = [40, 7, 12, 10, 5];
  return {
    name,
    network: (dtype) => sequenceTagger({ vocabulary, length, width, units, tagCount, conditionalRandomField, dtype }),
    loss: conditionalRandomField
      ? { kind: 'conditionalRandomField', transitions: 'crf.transitions', start: 'crf.start', end: 'crf.end' }
      : crossEntropy,
    batch: 8,
    inputs: { tokens: { shape: [length], below: vocabulary } },
    targets: { shape: [length], below: tagCount },
    torch: {
      model: 'tagger',
      options: { vocabulary, embedding: width, hidden: units, length, tags: tagCount, crf: conditionalRandomField },
    },
    rename: (parameter) => parameter.replace(/^crf\./, ''),
  };
}
