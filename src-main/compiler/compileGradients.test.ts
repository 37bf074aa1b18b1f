import { describe, expect, it } from 'vitest';
import {
  compileGradients,
  convolutionalNetwork,
  multilayerPerceptron,
  type CompiledGradients,
  type GradientSettings,
  type LossSettings,
  type Network,
} from './index.ts';
import { randomFeeds, runGradients } from './tests/runGradients.ts';

const batchSize = 8;
const perceptron = multilayerPerceptron({ featureCount: 5, hiddenSizes: [4], outputCount: 3 });
const entropy: LossSettings = { kind: 'softmaxCrossEntropy' };

describe('micro-batches', () => {
  const normalised = convolutionalNetwork({ imageShape: [1, 8, 8], channels: [4], outputCount: 3, batchNorm: true });

  it.each<[string, Network, LossSettings]>([
    ['batch statistics', normalised, entropy],
    ['a loss that contrasts rows', perceptron, { kind: 'infoNce', first: 'output', second: 'output' }],
    ['a mean over the labels that count', perceptron, { ...entropy, ignoreIndex: -1 }],
  ])('become the whole batch where %s make rows see each other, and the result says where', async (_, network, loss) => {
    const [whole, ...split] = [batchSize, 4, 1].map((microBatch) => compile(network, loss, { microBatch }));
    const feeds = randomFeeds(whole!, 1);
    const expected = await runGradients(whole!, feeds);
    for (const each of split) {
      expect(each.microBatch).toBe(batchSize);
      expect(each.mixesRows).toMatchObject({ node: expect.any(String) as string, operator: expect.any(String) as string });
      expect(await runGradients(each, feeds)).toEqual(expected);
    }
  });

  it('stay as asked where rows are apart, also rows one by one, and where splitting is wanted', () => {
    for (const microBatch of [4, 1])
      expect(compile(perceptron, entropy, { microBatch })).toMatchObject({ microBatch, mixesRows: undefined });
    expect(compile(normalised, entropy, { microBatch: 4, whenRowsMix: 'split' })).toMatchObject({
      microBatch: 4,
      mixesRows: { operator: 'ReduceMean' },
    });
  });
});

function compile(network: Network, loss: LossSettings, settings: Partial<GradientSettings>): CompiledGradients {
  return compileGradients({
    forward: network.graph,
    parameters: network.parameters,
    state: network.state,
    loss,
    batchSize,
    ...settings,
  });
}
