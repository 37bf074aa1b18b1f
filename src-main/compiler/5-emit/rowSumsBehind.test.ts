import { describe, expect, it } from 'vitest';
import { typed, TypedOps } from '../2-shapes/typedOps.ts';
import { replay } from '../2-shapes/replay.ts';
import { stepNames } from '../3-differentiate/differentiate.ts';
import { compileGradients, type CompiledGradients } from '../compileGradients.ts';
import { transformerEncoder } from '../networks/transformerEncoder.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import { elementCount } from '../onnx/graph.ts';
import { initialWeights } from '../run/initialWeights.ts';
import { parseGraphText } from '../tests/parseGraphText.ts';
import { onnxRuntime, testRandom } from '../tests/runtimes.ts';
import { rowSumsBehind } from './rowSumsBehind.ts';

describe('sums of rows behind the loop', () => {
  const body = parseGraphText(`body (float32[100,4] zeros, int64[3] ids, float32[3,4] d) => (float32[100,4] sum, float32[100,4] other) {
  column = int64[2] {3, 1}
  indices = Reshape(ids, column)
  rows = Neg(d)
  sum = ScatterND <reduction="add">(zeros, indices, rows)
  last = ScatterND <reduction="none">(zeros, indices, rows)
  other = Neg(last)
}
`);
  const scratch = new TypedOps(new GraphBuilder('types'));
  const inputs = body.inputs.map((each) => [each.name, typed(scratch.graph.input(each.name, each.dtype, each.shape))] as const);
  const types = replay(scratch, body, new Map(inputs));
  const found = (trips: number, zeros = ['zeros'], summed = ['sum', 'other']): string[] =>
    rowSumsBehind(body, new Set(summed), new Set(zeros), (name) => types.get(name), trips).map(({ name }) => name);

  it('are those that add to zeros and are an output', () => {
    expect(found(4)).toEqual(['sum']);
    expect(found(4, [])).toEqual([]);
    expect(found(4, ['zeros'], ['other'])).toEqual([]);
  });

  it('do not stack more rows than a few tables', () => {
    // 3 rows of 4 numbers and their numbers: 18 a micro-batch beside a table of 400.
    expect(found(80)).toEqual(['sum']);
    expect(found(100)).toEqual([]);
  });

  it('give the gradients of the whole batch', async () => {
    const vocabulary = 500;
    const network = transformerEncoder({ vocabulary, length: 4, width: 8, heads: 2, layers: 1, feedForward: 8, outputCount: 3 });
    const compile = (microBatch: number): CompiledGradients =>
      compileGradients({
        ...network,
        forward: network.graph,
        loss: { kind: 'softmaxCrossEntropy' },
        target: { provider: 'cpu', threads: 1 },
        batchSize: 8,
        microBatch,
      });
    const cut = compile(2);
    const outside = cut.graph.nodes.filter(({ opType }) => opType === 'ScatterND');
    expect(outside.map(({ outputs }) => outputs[0])).toEqual([stepNames.gradient('tokenEmbedding.weight')]);

    const random = testRandom(5);
    const weights = initialWeights(network.parameterShapes, 1, network.schemes);
    // Few words, so that rows meet in all micro-batches.
    const tokens = BigInt64Array.from({ length: 32 }, () => BigInt(Math.floor(random() * 5)));
    const classes = Int32Array.from({ length: 8 }, () => Math.floor(random() * 3));
    const gradient = async (compiled: CompiledGradients): Promise<Float32Array> => {
      const session = await onnxRuntime.createSession(compiled.bytes, { threads: 1 });
      const name = stepNames.gradient('tokenEmbedding.weight');
      const { [name]: result } = await session.run(
        {
          ...Object.fromEntries(
            compiled.parameters.map((each) => [each.name, onnxRuntime.tensor('float32', weights[each.name] as Float32Array, each.shape)]),
          ),
          [compiled.dataInputs[0]!.name]: onnxRuntime.tensor('int64', tokens, [8, 4]),
          [compiled.targets[0]!.name]: onnxRuntime.tensor('int32', classes, [8]),
          [stepNames.rowShares]: onnxRuntime.tensor('float32', new Float32Array(8).fill(1 / 8), [8]),
        },
        { [name]: null },
      );
      await session.release();
      return result!.data as Float32Array;
    };
    const [whole, parts] = [await gradient(compile(8)), await gradient(cut)];
    expect(parts).toHaveLength(elementCount([vocabulary, 8]));
    const largest = Math.max(...whole.map(Math.abs));
    expect(largest).toBeGreaterThan(0.001);
    parts.forEach((each, at) => expect(Math.abs(each - whole[at]!)).toBeLessThan(1e-5 * largest));
  });
});
