import { describe, expect, it } from 'vitest';
import { parseGraphText } from '../tests/parseGraphText.ts';
import { convolutionalNetwork, multilayerPerceptron, transformerEncoder, type LossSettings, type Network } from '../index.ts';
import { parseForward } from '../1-parse/parseForward.ts';
import { differentiate, stepNames } from '../3-differentiate/differentiate.ts';
import { lossOf } from '../losses/index.ts';
import { rowMixing } from './rowMixing.ts';

const entropy: LossSettings = { kind: 'softmaxCrossEntropy' };
const perceptron = multilayerPerceptron({ featureCount: 5, hiddenSizes: [4], outputCount: 3 });

const apart: Record<string, readonly [Network, LossSettings]> = {
  'a perceptron': [perceptron, entropy],
  'a perceptron with smoothed labels': [perceptron, { kind: 'softmaxCrossEntropy', labelSmoothing: 0.1 }],
  'a perceptron for numbers': [perceptron, { kind: 'meanSquaredError' }],
  'a convolutional network': [convolutionalNetwork({ imageShape: [1, 8, 8], channels: [4, 4], outputCount: 3 }), entropy],
  'a transformer with an answer for each token': [
    transformerEncoder({ vocabulary: 20, length: 6, width: 8, heads: 2, layers: 2, feedForward: 16, head: 'tokens', outputCount: 20 }),
    entropy,
  ],
  'a transformer with padding': [
    transformerEncoder({
      vocabulary: 20,
      length: 6,
      width: 8,
      heads: 2,
      layers: 1,
      feedForward: 16,
      masked: true,
      outputCount: 2,
      normFirst: false,
    }),
    entropy,
  ],
};

const mixed: Record<string, readonly [Network, LossSettings]> = {
  'batch statistics': [convolutionalNetwork({ imageShape: [1, 8, 8], channels: [4], outputCount: 3, batchNorm: true }), entropy],
  'a mean over what counts': [perceptron, { kind: 'softmaxCrossEntropy', ignoreIndex: -1 }],
};

describe('rowMixing', () => {
  it.each(Object.entries(apart))('finds rows apart in %s', (_, [network, loss]) => {
    expect(mixingOf(network, loss)).toBe(undefined);
  });

  it.each(Object.entries(mixed))('finds %s', (_, [network, loss]) => {
    expect(mixingOf(network, loss)).toMatchObject({ operator: expect.any(String) as string });
  });

  it('finds a product between rows and names it', () => {
    const graph = parseGraphText(`step (float32[4,3] x) => (float32[] loss) {
  axes = int64[2] {0, 1}
  t = Transpose <perm=[1, 0]>(x)
  pairs = MatMul(x, t)
  loss = ReduceSum <keepdims=0>(pairs, axes)
}`);
    expect(rowMixing(graph, new Set(['x']), 'loss')).toEqual({ node: 'pairs', operator: 'MatMul' });
  });

  it('lets a weighted sum over rows pass, but no function of it', () => {
    const graph = parseGraphText(`step (float32[4,3] x, float32[4] k, float32[] w) => (float32[] loss) {
  axes = int64[1] {0}
  s = MatMul(k, x)
  r = ReduceSum <keepdims=0>(s, axes)
  loss = Mul(r, w)
}`);
    expect(rowMixing(graph, new Set(['x', 'k']), 'loss')).toBe(undefined);
    const rooted = {
      ...graph,
      nodes: graph.nodes.map((node) => (node.outputs[0] === 'loss' ? { ...node, opType: 'Sqrt', inputs: ['r'] } : node)),
    };
    expect(rowMixing(rooted, new Set(['x', 'k']), 'loss')).toEqual({ node: 'loss', operator: 'Sqrt' });
  });
});

function mixingOf(network: Network, loss: LossSettings): ReturnType<typeof rowMixing> {
  const parsed = parseForward(network.graph, { parameters: network.parameters, state: network.state }, 4);
  const step = differentiate(parsed, lossOf(loss));
  const perRow = [...parsed.dataInputs.map((each) => each.name), ...step.targets.map(({ value }) => value.name), stepNames.rowShares];
  return rowMixing(step.graph, new Set(perRow), stepNames.loss);
}
