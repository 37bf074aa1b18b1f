import { describe, expect, it } from 'vitest';
import { compileGradients } from '../../compileGradients.ts';
import { probeBlockedChannels } from '../../5-emit/providers/probeBlockedChannels.ts';
import { convolutionalNetwork, elementCount, initialWeights, resNet, type Network } from '../../index.ts';
import { onnxRuntime, referenceRuntime, testRandom } from '../../tests/runtimes.ts';

const cases: Record<string, { network: Network; images: readonly number[]; batchSize: number; microBatch: number; joined: number }> = {
  'two convolutions with maxima, batch filling blocks': {
    network: convolutionalNetwork({ imageShape: [1, 12, 12], channels: [16, 32], outputCount: 3 }),
    images: [1, 12, 12],
    batchSize: 32,
    microBatch: 16,
    joined: 2,
  },
  'a batch that fills no block': {
    network: convolutionalNetwork({ imageShape: [3, 8, 12], channels: [32, 16], outputCount: 3 }),
    images: [3, 8, 12],
    batchSize: 6,
    microBatch: 6,
    joined: 1,
  },
  'a batch that nearly fills blocks': {
    network: convolutionalNetwork({ imageShape: [3, 8, 12], channels: [32, 16], outputCount: 3, batchNorm: true }),
    images: [3, 8, 12],
    batchSize: 12,
    microBatch: 12,
    joined: 2,
  },
  'batch normalisation between convolution and maximum': {
    network: convolutionalNetwork({ imageShape: [3, 8, 8], channels: [16, 16], outputCount: 3, batchNorm: true }),
    images: [3, 8, 8],
    batchSize: 16,
    microBatch: 16,
    joined: 2,
  },
  'a residual network with strides': {
    network: resNet({ imageShape: [3, 16, 16], outputCount: 3 }),
    images: [3, 16, 16],
    batchSize: 16,
    microBatch: 16,
    joined: 6,
  },
};

describe('blockChannels', async () => {
  const block = await probeBlockedChannels(onnxRuntime);

  it('finds no blocked convolutions in a runtime without them', async () => {
    expect(await probeBlockedChannels(referenceRuntime)).toBe(undefined);
  });

  // Without the internal operators there is nothing to compare; the processors that the product runs on have them.
  it.each(Object.entries(cases))(
    '%s: loss and gradients are those of plain convolutions',
    async (_, { network, images, batchSize, microBatch, joined }) => {
      expect(block).toBeDefined();
      const settings = {
        forward: network.graph,
        parameters: network.parameters,
        ...(network.state && { state: network.state }),
        loss: { kind: 'softmaxCrossEntropy' } as const,
        batchSize,
        microBatch,
      };
      const plain = compileGradients(settings);
      const blocked = compileGradients({ ...settings, target: { provider: 'cpu', channelBlock: block } });
      const inBlocks = blocked.stepGraph.nodes.filter((node) => node.domain === 'com.microsoft.nchwc' && node.opType === 'Conv');
      expect(inBlocks.length).toBeGreaterThanOrEqual(2 * joined);
      const random = testRandom(5);
      const weights = initialWeights(
        Object.fromEntries([...plain.parameters, ...plain.state].map((each) => [each.name, each.shape])),
        1,
        network.schemes,
      );
      const feeds = Object.fromEntries(
        plain.graph.inputs.map(({ name, dtype, shape }) => {
          const sizes = shape!.map(Number);
          const count = elementCount(sizes);
          const given = weights[name];
          if (given) return [name, onnxRuntime.tensor('float32', given as Float32Array, sizes)];
          if (dtype === 'int32')
            return [
              name,
              onnxRuntime.tensor(
                'int32',
                Int32Array.from({ length: count }, () => Math.floor(random() * 3)),
                sizes,
              ),
            ];
          const share = name === 'train.rowShares';
          return [
            name,
            onnxRuntime.tensor(
              'float32',
              Float32Array.from({ length: count }, () => (share ? 1 / batchSize : random() * 2 - 1)),
              sizes,
            ),
          ];
        }),
      );
      expect(images).toEqual(plain.dataInputs[0]!.shape);
      const [expected, actual] = [
        await runOnce(plain.bytes, feeds, plain.graph.outputs),
        await runOnce(blocked.bytes, feeds, plain.graph.outputs),
      ];
      for (const { name } of plain.graph.outputs) {
        const wanted = expected[name]!.data as Float32Array;
        const given = actual[name]!.data as Float32Array;
        const size = wanted.reduce((most, each) => Math.max(most, Math.abs(each)), 1e-3);
        const apart = wanted.reduce((most, each, at) => Math.max(most, Math.abs(each - given[at]!)), 0);
        expect(apart / size, name).toBeLessThan(2e-5);
      }
    },
  );
});

async function runOnce(
  bytes: Uint8Array,
  feeds: Parameters<Awaited<ReturnType<typeof onnxRuntime.createSession>>['run']>[0],
  outputs: readonly { name: string }[],
) {
  const session = await onnxRuntime.createSession(bytes);
  try {
    return await session.run(feeds, Object.fromEntries(outputs.map(({ name }) => [name, null])));
  } finally {
    await session.release();
  }
}
