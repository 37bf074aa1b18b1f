import type { Benchmark } from './benchmark.ts';
import { miniLanguageModelCase, transformerCase } from './training/cases.ts';
import { compareTraining, trainingResult, type ComparedTraining } from './training/compareTraining.ts';

export const benchmark: Benchmark = {
  name: 'train-transformer',
  about: 'a training step of a transformer block and of a MiniLM-size encoder, against PyTorch eager and compiled',
  async run() {
    const compared: ComparedTraining[] = [];
    for (const each of [transformerCase(), miniLanguageModelCase()]) compared.push(await compareTraining(each));
    return trainingResult('train-transformer', compared, '');
  },
};
