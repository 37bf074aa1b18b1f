import type { Benchmark } from './benchmark.ts';
import { convolutionalCase, resNetCase } from './training/cases.ts';
import { compareTraining, trainingResult, type ComparedTraining } from './training/compareTraining.ts';

export const benchmark: Benchmark = {
  name: 'train-cnn',
  about: 'a training step of a small convolutional network and of ResNet-18 at 64², against PyTorch eager and compiled',
  async run() {
    const compared: ComparedTraining[] = [];
    for (const each of [convolutionalCase(), resNetCase()]) compared.push(await compareTraining(each));
    return trainingResult('train-cnn', compared, '');
  },
};
