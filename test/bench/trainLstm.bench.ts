import type { Benchmark } from './benchmark.ts';
import { taggerCase } from './training/cases.ts';
import { compareTraining, trainingResult, type ComparedTraining } from './training/compareTraining.ts';

export const benchmark: Benchmark = {
  name: 'train-lstm',
  about: 'a training step of a bidirectional LSTM tagger, without and with a CRF, against PyTorch eager and compiled',
  async run() {
    const compared: ComparedTraining[] = [];
    for (const each of [taggerCase(false), taggerCase(true)]) compared.push(await compareTraining(each));
    return trainingResult('train-lstm', compared, '');
  },
};
