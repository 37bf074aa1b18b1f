import type { Benchmark } from './benchmark.ts';
import { perceptronCase } from './training/cases.ts';
import { compareTraining, trainingResult, type ComparedTraining } from './training/compareTraining.ts';

export const benchmark: Benchmark = {
  name: 'train-mlp',
  about: 'a training step of a perceptron 784-256-128-10, batch 128 (also 16 and 1024, and 30-64-2), against PyTorch eager and compiled',
  async run() {
    const compared: ComparedTraining[] = [];
    for (const each of [perceptronCase(128), perceptronCase(16), perceptronCase(1024), perceptronCase(128, [30, 64, 2])])
      compared.push(await compareTraining(each));
    return trainingResult('train-mlp', compared, '');
  },
};
