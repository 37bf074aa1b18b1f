import type { Benchmark } from './benchmark.ts';
import { autoencoderCase, criticCase } from './training/cases.ts';
import { compareTraining, trainingResult, type ComparedTraining } from './training/compareTraining.ts';

export const benchmark: Benchmark = {
  name: 'train-vae',
  about: 'a training step of a variational autoencoder and of a WGAN-GP critic, against PyTorch eager and compiled',
  async run() {
    const compared: ComparedTraining[] = [];
    for (const each of [autoencoderCase(), criticCase()]) compared.push(await compareTraining(each));
    return trainingResult('train-vae', compared, '');
  },
};
