import { describe, expect, it } from 'vitest';
import { compileInference, encodeModel, GraphBuilder, initialWeights, mergeGraphs, multilayerPerceptron, printGraph } from './index.ts';
import { onnxRuntime } from './tests/runtimes.ts';

const network = multilayerPerceptron({ featureCount: 3, hiddenSizes: [4], outputCount: 2, dropoutRate: 0.5 });
const weights = initialWeights(network.parameterShapes, 1, network.schemes);

describe('compileInference', () => {
  it('makes weights initializers, drops Dropout and keeps the batch open', () => {
    const graph = compileInference(network.graph, weights);
    expect(graph.inputs).toEqual([{ name: 'features', dtype: 'float32', shape: ['N', 3] }]);
    expect(graph.outputs.map((each) => each.name)).toEqual(['output']);
    expect(graph.nodes.map((each) => each.opType)).not.toContain('Dropout');
    expect(graph.initializers.get('weight1')!.data).toEqual(weights['weight1']);
    expect(graph.initializers.get('weight1')!.data).not.toBe(weights['weight1']);
  });

  it.each(['output', 'probabilities', 'Relu'])('with softmax gives rows that sum to 1 under the name %s', async (outputName) => {
    const graph = compileInference(network.graph, weights, { activation: 'softmax', outputName });
    const session = await onnxRuntime.createSession(encodeModel(graph, { producer: 'test' }));
    const features = onnxRuntime.tensor('float32', Float32Array.of(1, -2, 0.5, 0, 0, 0), [2, 3]);
    const out = (await session.run({ features }, { [outputName]: null }))[outputName]!;
    const [first, second, third, fourth] = out.data as Float32Array;
    expect(out.dims).toEqual([2, 2]);
    expect(first! + second!).toBeCloseTo(1, 6);
    expect([third, fourth]).toEqual([0.5, 0.5]);
    await session.release();
  });

  it('joins a feature graph into one model: raw column in, probabilities out', async () => {
    const features = new GraphBuilder('features');
    const amount = features.input('amount', 'float32', ['N', 1]);
    features.output(features.op('Concat', [amount, amount, amount], { attributes: { axis: 1 }, output: { shape: ['N', 3] } }), 'features');
    const head = compileInference(network.graph, weights, { activation: 'softmax', outputName: 'probabilities' });
    const merged = mergeGraphs(features.build(), head, { connect: { features: 'features' } });
    const session = await onnxRuntime.createSession(encodeModel(merged, { producer: 'test' }));
    const out = await session.run({ amount: onnxRuntime.tensor('float32', Float32Array.of(0), [1, 1]) }, { probabilities: null });
    expect(out['probabilities']!.data).toEqual(Float32Array.of(0.5, 0.5));
    await session.release();
  });

  it('refuses weights of another network', () => {
    expect(() => compileInference(network.graph, { ...weights, weight9: new Float32Array(1) })).toThrow('no input weight9');
    expect(() => compileInference(network.graph, { ...weights, bias1: new Float32Array(1) })).toThrow('do not fill [4]');
  });

  it('gives the same bytes for the same weights', () => {
    const bytes = (): Uint8Array => encodeModel(compileInference(network.graph, weights), { producer: 'test', metadata: { a: '1' } });
    expect(bytes()).toEqual(bytes());
    expect(printGraph(compileInference(network.graph, weights))).toContain('weight1 = float32[3,4] {');
  });
});
