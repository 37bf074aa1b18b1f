import { transformerEncoder, type TrainingData } from '../../../src-main/compiler/index.ts';
import { convolutionalCase, miniLanguageModelCase, transformerCase } from '../training/cases.ts';
import type { TrainingCase } from '../training/compareTraining.ts';

export interface GpuCase {
  readonly model: TrainingCase;
  /** What people count, and how many of them a step has. */
  readonly unit: 'images/s' | 'tokens/s';
  readonly perStep: number;
}

export const gpuCaseNames = ['cnn', 'transformer', 'minilm'] as const;
export type GpuCaseName = (typeof gpuCaseNames)[number];

/** `software`: of a size that a device in software gets through; its figures say nothing about a GPU. */
export function gpuCase(name: GpuCaseName, software: boolean): GpuCase {
  switch (name) {
    case 'cnn':
      return software ? of(smallConvolutional(), 'images/s', 1) : of(convolutionalCase(), 'images/s', 1);
    case 'transformer':
      return software ? of(smallTransformer(), 'tokens/s', 16) : of(transformerCase(), 'tokens/s', 64);
    case 'minilm':
      return software ? of(smallEncoder(), 'tokens/s', 16) : of(miniLanguageModelCase(), 'tokens/s', 128);
  }
}

function of(model: TrainingCase, unit: GpuCase['unit'], perRow: number): GpuCase {
  return { model, unit, perStep: model.batch * perRow };
}

const small = { batch: 2, rows: 16, stepsPerTurn: 2 };

function smallConvolutional(): TrainingCase {
  return { ...convolutionalCase(), ...small, name: 'convolutional 32-64, 28², batch 2 (small, for software)' };
}

function smallTransformer(): TrainingCase {
  const [vocabulary, length, width] = [64, 16, 32];
  return {
    ...small,
    name: 'transformer d 32, 16 tokens, batch 2 (small, for software)',
    torch: { model: 'transformer', options: { vocabulary, length, width, heads: 4, hidden: 4 * width } },
    ours: () => ({
      network: transformerEncoder({
        vocabulary,
        length,
        width,
        heads: 4,
        layers: 1,
        feedForward: 4 * width,
        head: 'tokens',
        outputCount: vocabulary,
      }),
      loss: { kind: 'softmaxCrossEntropy' },
      data: smallTexts(length, vocabulary, length, vocabulary),
    }),
  };
}

/** MiniLM's shape, small. */
function smallEncoder(): TrainingCase {
  const [vocabulary, length, width, layers] = [64, 16, 32, 2];
  return {
    ...small,
    name: 'encoder of 2 layers, d 32, 16 tokens, batch 2 (small, for software)',
    torch: {
      model: 'transformer',
      options: { vocabulary, width, heads: 4, length, layers, hidden: 4 * width, classes: 2, norm_first: false },
    },
    ours: () => ({
      network: transformerEncoder({
        vocabulary,
        length,
        width,
        heads: 4,
        layers,
        feedForward: 4 * width,
        outputCount: 2,
        normFirst: false,
      }),
      loss: { kind: 'softmaxCrossEntropy' },
      data: smallTexts(length, vocabulary, 1, 2),
    }),
  };
}

function smallTexts(length: number, vocabulary: number, targetsPerRow: number, classes: number): TrainingData {
  return {
    rowCount: small.rows,
    inputs: { tokens: BigInt64Array.from({ length: small.rows * length }, (_, at) => BigInt((at * 37) % vocabulary)) },
    targets: Int32Array.from({ length: small.rows * targetsPerRow }, (_, at) => (at * 11) % classes),
  };
}
