import { transformerEncoder } from '../../src-main/compiler/index.ts';
import { median, type Benchmark } from './benchmark.ts';
import { miniLanguageModelCase, transformerCase } from './training/cases.ts';
import { compareTraining, trainingResult, type ComparedTraining } from './training/compareTraining.ts';
import { timeStart } from './training/ourTraining.ts';

export const benchmark: Benchmark = {
  name: 'train-transformer',
  about: 'a training step of a transformer block and of a MiniLM-size encoder, against PyTorch eager and compiled; start of 12 layers',
  async run() {
    const compared: ComparedTraining[] = [];
    for (const each of [transformerCase(), miniLanguageModelCase()]) compared.push(await compareTraining(each));
    const result = trainingResult('train-transformer', compared, '');
    return { ...result, extra: { ...result.extra, ...(await startOfTwelveLayers()) } };
  },
};

/** BERT-base's shape: 12 layers, d 768, 12 heads, 128 tokens, batch 8. */
async function startOfTwelveLayers(): Promise<Record<string, number>> {
  const network = transformerEncoder({
    vocabulary: 30_522,
    length: 128,
    width: 768,
    heads: 12,
    layers: 12,
    feedForward: 3072,
    outputCount: 2,
    normFirst: false,
  });
  const starts = [];
  for (let at = 0; at < 5; at++) starts.push(await timeStart({ network, loss: { kind: 'softmaxCrossEntropy' }, batch: 8 }));
  const name = '12-layer encoder, d 768';
  return {
    [`${name}: compile ms`]: Math.round(median(starts.map(({ compileMs }) => compileMs))),
    [`${name}: session ms`]: Math.round(median(starts.map(({ sessionMs }) => sessionMs))),
    [`${name}: compile and session ms`]: Math.round(median(starts.map(({ compileMs, sessionMs }) => compileMs + sessionMs))),
  };
}
