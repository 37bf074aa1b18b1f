import { describe, expect, it } from 'vitest';
import type { TypedValue } from '../2-shapes/typedOps.ts';
import { initialWeights } from '../run/initialWeights.ts';
import { interpret, tensor } from '../tests/referenceInterpreter.ts';
import { testRandom } from '../tests/runtimes.ts';
import {
  averagePool,
  batchNorm,
  conv1d,
  conv2d,
  conv3d,
  convTranspose2d,
  embedding,
  fanInUniform,
  globalAveragePool,
  groupNorm,
  gru,
  instanceNorm,
  layerNorm,
  linear,
  lstm,
  maxPool,
  ModelBuilder,
  multiHeadAttention,
  periodicEmbedding,
  piecewiseLinearEmbedding,
  rmsNorm,
  rnn,
  transformerEncoderLayer,
  type Network,
} from './index.ts';

interface LayerCase {
  input: (string | number)[];
  integer?: true;
  layer: (m: ModelBuilder, x: TypedValue) => TypedValue;
  output: (string | number)[];
  parameters: Record<string, number[]>;
}

const sequence = ['N', 'T', 6];
const image = ['N', 4, 9, 9];

const cases: Record<string, LayerCase> = {
  linear: {
    input: ['N', 3],
    layer: (m, x) => linear(m, x, { name: 'a', units: 5 }),
    output: ['N', 5],
    parameters: { 'a.weight': [3, 5], 'a.bias': [5] },
  },
  'linear on sequences, without bias': {
    input: sequence,
    layer: (m, x) => linear(m, x, { name: 'a', units: 5, bias: false }),
    output: ['N', 'T', 5],
    parameters: { 'a.weight': [6, 5] },
  },
  periodicEmbedding: {
    input: ['N', 3],
    layer: (m, x) => periodicEmbedding(m, x, { name: 'a', frequencies: 5, units: 2, deviation: 0.1, rate: 0.1 }),
    output: ['N', 6],
    parameters: { 'a.frequency': [3, 1, 5], 'a.phase': [3, 1, 5], 'a.weight': [3, 5, 2], 'a.bias': [3, 1, 2] },
  },
  piecewiseLinearEmbedding: {
    input: ['N', 2],
    layer: (m, x) =>
      piecewiseLinearEmbedding(m, x, {
        name: 'a',
        edges: [
          [-1, 0, 2],
          [0, 1],
        ],
        units: 3,
      }),
    output: ['N', 6],
    parameters: { 'a.weight': [2, 2, 3], 'a.bias': [2, 1, 3] },
  },
  conv1d: {
    input: ['N', 2, 10],
    layer: (m, x) => conv1d(m, x, { name: 'a', channels: 3, kernelSize: 3, dilation: 2 }),
    output: ['N', 3, 6],
    parameters: { 'a.weight': [3, 2, 3], 'a.bias': [3] },
  },
  'conv2d in groups, strided': {
    input: image,
    layer: (m, x) => conv2d(m, x, { name: 'a', channels: 6, kernelSize: [3, 1], stride: 2, padding: [1, 0], groups: 2, bias: false }),
    output: ['N', 6, 5, 5],
    parameters: { 'a.weight': [6, 2, 3, 1] },
  },
  conv3d: {
    input: ['N', 1, 4, 5, 6],
    layer: (m, x) => conv3d(m, x, { name: 'a', channels: 2, kernelSize: 2 }),
    output: ['N', 2, 3, 4, 5],
    parameters: { 'a.weight': [2, 1, 2, 2, 2], 'a.bias': [2] },
  },
  convTranspose2d: {
    input: image,
    layer: (m, x) => convTranspose2d(m, x, { name: 'a', channels: 3, kernelSize: 3, stride: 2, padding: 1, outputPadding: 1 }),
    output: ['N', 3, 18, 18],
    parameters: { 'a.weight': [4, 3, 3, 3], 'a.bias': [3] },
  },
  maxPool: {
    input: image,
    layer: (m, x) => maxPool(m, x, { kernelSize: 3, stride: 2, padding: 1 }),
    output: ['N', 4, 5, 5],
    parameters: {},
  },
  averagePool: { input: image, layer: (m, x) => averagePool(m, x, { kernelSize: 3 }), output: ['N', 4, 3, 3], parameters: {} },
  globalAveragePool: { input: image, layer: globalAveragePool, output: ['N', 4], parameters: {} },
  batchNorm: {
    input: image,
    layer: (m, x) => batchNorm(m, x, { name: 'a' }),
    output: image,
    parameters: { 'a.weight': [4], 'a.bias': [4] },
  },
  layerNorm: {
    input: sequence,
    layer: (m, x) => layerNorm(m, x, { name: 'a' }),
    output: sequence,
    parameters: { 'a.weight': [6], 'a.bias': [6] },
  },
  groupNorm: {
    input: image,
    layer: (m, x) => groupNorm(m, x, { name: 'a', groups: 2 }),
    output: image,
    parameters: { 'a.weight': [4], 'a.bias': [4] },
  },
  instanceNorm: {
    input: image,
    layer: (m, x) => instanceNorm(m, x, { name: 'a' }),
    output: image,
    parameters: { 'a.weight': [4], 'a.bias': [4] },
  },
  rmsNorm: { input: sequence, layer: (m, x) => rmsNorm(m, x, { name: 'a' }), output: sequence, parameters: { 'a.weight': [6] } },
  embedding: {
    input: ['N', 'T'],
    integer: true,
    layer: (m, x) => embedding(m, x, { name: 'a', vocabulary: 7, width: 3 }),
    output: ['N', 'T', 3],
    parameters: { 'a.weight': [7, 3] },
  },
  multiHeadAttention: {
    input: sequence,
    layer: (m, x) => multiHeadAttention(m, x, { name: 'a', heads: 2 }),
    output: sequence,
    parameters: { 'a.input.weight': [6, 18], 'a.input.bias': [18], 'a.output.weight': [6, 6], 'a.output.bias': [6] },
  },
  lstm: {
    input: sequence,
    layer: (m, x) => lstm(m, x, { name: 'a', units: 5, bidirectional: true }),
    output: ['N', 'T', 10],
    parameters: { 'a.input': [2, 20, 6], 'a.recurrent': [2, 20, 5], 'a.bias': [2, 40] },
  },
  gru: {
    input: sequence,
    layer: (m, x) => gru(m, x, { name: 'a', units: 5 }),
    output: ['N', 'T', 5],
    parameters: { 'a.input': [1, 15, 6], 'a.recurrent': [1, 15, 5], 'a.bias': [1, 30] },
  },
  rnn: {
    input: sequence,
    layer: (m, x) => rnn(m, x, { name: 'a', units: 5 }),
    output: ['N', 'T', 5],
    parameters: { 'a.input': [1, 5, 6], 'a.recurrent': [1, 5, 5], 'a.bias': [1, 10] },
  },
};

describe('layers', () => {
  it.each(Object.entries(cases))('%s gives the shape and asks for the parameters that its documentation says', (_, each) => {
    const m = new ModelBuilder('one');
    const y = each.layer(m, m.input('x', each.input, each.integer ? 'int64' : 'float32'));
    expect(y.shape).toEqual(each.output);
    expect(m.build().parameterShapes).toEqual(each.parameters);
  });

  it('names parameters by their scopes and refuses a name twice, unless it is shared on purpose', () => {
    const m = new ModelBuilder('scopes');
    const x = m.input('x', ['N', 3]);
    const inner = m.within('block').within('first');
    const y = linear(inner, x, { name: 'a', units: 3 });
    expect(() => linear(inner, y, { name: 'a', units: 3 })).toThrow(/block\.first\.a\.weight/);
    m.output(linear(inner.sharing(), y, { name: 'a', units: 3 }), 'output');
    expect(m.build().parameters).toEqual(['block.first.a.weight', 'block.first.a.bias']);
  });

  it('keeps frozen weights apart from the trained ones', () => {
    const m = new ModelBuilder('frozen');
    m.output(linear(m, linear(m, m.input('x', ['N', 3]), { name: 'a', units: 3 }), { name: 'b', units: 2 }), 'output');
    const network = m.build((name) => name.startsWith('a.'));
    expect(network.parameters).toEqual(['b.weight', 'b.bias']);
    expect(network.frozenShapes).toEqual({ 'a.weight': [3, 3], 'a.bias': [3] });
  });

  it('gives the next running statistics of batchNorm as outputs after those of the model', () => {
    const m = new ModelBuilder('statistics');
    m.output(batchNorm(m, m.input('x', image), { name: 'a' }), 'output');
    const { graph, state, stateShapes } = m.build();
    expect(stateShapes).toEqual({ 'a.runningMean': [4], 'a.runningVariance': [4] });
    expect(graph.outputs.map(({ name }) => name)).toEqual(['output', state['a.runningMean'], state['a.runningVariance']]);
  });

  it('starts weights as their scheme says', () => {
    const uniform = initialWeights({ w: [50, 40] }, 1, { w: fanInUniform(50) }).w!;
    expect(Math.max(...uniform)).toBeGreaterThan(0.9 / Math.sqrt(50));
    expect(Math.max(...uniform.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(50));
    expect(initialWeights({ w: [50, 40] }, 1, { w: fanInUniform(50) }).w).toEqual(uniform);
  });
});

describe('embeddings of numbers', () => {
  const answers = (build: (m: ModelBuilder, x: TypedValue) => TypedValue, x: number[][], weights: Record<string, number[]>): number[] => {
    const m = new ModelBuilder('numbers', { dtype: 'float64' });
    m.output(build(m, m.input('x', ['N', x[0]!.length])), 'output');
    const { graph, parameterShapes } = m.build();
    const given = Object.entries(parameterShapes).map(([name, shape]) => [name, tensor([...shape], Float64Array.from(weights[name]!))]);
    const data = tensor([x.length, x[0]!.length], Float64Array.from(x.flat()));
    return [...interpret(graph, { ...Object.fromEntries(given), x: data })['output']!.data];
  };

  it('write each column by its own waves', () => {
    const found = answers((m, x) => periodicEmbedding(m, x, { name: 'a', frequencies: 2, units: 1, deviation: 0.1 }), [[0.5, 2]], {
      'a.frequency': [1, 0.3, 0.1, 2],
      'a.phase': [0, 0.25, 0.4, 0],
      'a.weight': [2, 3, 5, 7],
      'a.bias': [1, -1],
    });
    const wave = (turns: number): number => Math.cos(2 * Math.PI * turns);
    expect(found[0]).toBeCloseTo(2 * wave(0.5) + 3 * wave(0.3 * 0.5 + 0.25) + 1, 12);
    expect(found[1]).toBeCloseTo(5 * wave(0.1 * 2 + 0.4) + 7 * wave(2 * 2) - 1, 12);
  });

  it('say how far a number lies in each of its bins', () => {
    const found = answers(
      (m, x) =>
        piecewiseLinearEmbedding(m, x, {
          name: 'a',
          edges: [
            [-1, 0, 2],
            [0, 1],
          ],
          units: 1,
        }),
      [
        [-5, 9],
        [-0.5, 0.25],
        [1, -3],
        [7, 0.5],
      ],
      { 'a.weight': [10, 20, 4, 99], 'a.bias': [1, 2] },
    );
    // The second bin of the second column does not exist: its weight says nothing.
    expect(found).toEqual([1, 6, 6, 3, 21, 2, 31, 4]);
  });
});

describe('attention', () => {
  const [rows, length, width, heads] = [2, 5, 6, 2];
  const drawn = (shape: readonly number[], seed: number): number[] => {
    const random = testRandom(seed);
    return Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random() * 2 - 1);
  };
  const run = (network: Network, inputs: Record<string, { shape: number[]; data: number[] }>): number[] => {
    const weights = Object.entries(network.parameterShapes).map(([name, shape], at) => [
      name,
      tensor(shape, Float64Array.from(drawn(shape, at + 3))),
    ]);
    const data = Object.entries(inputs).map(([name, { shape, data: values }]) => [name, tensor(shape, Float64Array.from(values))]);
    return [...interpret(network.graph, Object.fromEntries([...weights, ...data]))['output']!.data];
  };
  const attend = (options: { causal?: boolean; masked?: boolean }): Network => {
    const m = new ModelBuilder('attention', { dtype: 'float64' });
    const x = m.input('x', ['N', length, width]);
    const mask = options.masked ? m.input('mask', ['N', length]) : undefined;
    m.output(multiHeadAttention(m, x, { name: 'a', heads, causal: options.causal ?? false, ...(mask && { mask }) }), 'output');
    return m.build();
  };

  it.each([{}, { causal: true }, { masked: true }])('equals the paper’s formula written in loops (%o)', (options) => {
    const x = drawn([rows, length, width], 2);
    const real = [1, 1, 1, 0, 0, 1, 1, 1, 1, 0];
    const network = attend(options);
    const [w, b, wo, bo] = Object.values(network.parameterShapes).map((shape, at) => drawn(shape, at + 3)) as [
      number[],
      number[],
      number[],
      number[],
    ];
    const size = width / heads;
    const projected = (row: number, at: number, column: number): number =>
      Array.from({ length: width }, (_, k) => x[(row * length + at) * width + k]! * w[k * 3 * width + column]!).reduce(
        (s, v) => s + v,
        b[column]!,
      );
    const expected: number[] = [];
    for (let row = 0; row < rows; row++)
      for (let at = 0; at < length; at++) {
        const mixed: number[] = [];
        for (let head = 0; head < heads; head++) {
          const scores = Array.from({ length }, (_, other) => {
            if ((options.causal && other > at) || (options.masked && !real[row * length + other])) return -Infinity;
            let score = 0;
            for (let k = 0; k < size; k++) score += projected(row, at, head * size + k) * projected(row, other, width + head * size + k);
            return score / Math.sqrt(size);
          });
          const most = Math.max(...scores);
          const powers = scores.map((score) => Math.exp(score - most));
          const total = powers.reduce((sum, each) => sum + each, 0);
          for (let k = 0; k < size; k++)
            mixed.push(powers.reduce((sum, power, other) => sum + (power / total) * projected(row, other, 2 * width + head * size + k), 0));
        }
        for (let column = 0; column < width; column++)
          expected.push(mixed.reduce((sum, each, k) => sum + each * wo[k * width + column]!, bo[column]!));
      }
    const found = run(network, {
      x: { shape: [rows, length, width], data: x },
      ...(options.masked && { mask: { shape: [rows, length], data: real } }),
    });
    found.forEach((each, at) => expect(each).toBeCloseTo(expected[at]!, 10));
  });

  it('with two orders of normalisation keeps shape and names', () => {
    for (const normFirst of [true, false]) {
      const m = new ModelBuilder('layer');
      const y = transformerEncoderLayer(m, m.input('x', sequence), { name: 'layer1', heads: 2, feedForward: 8, normFirst });
      expect(y.shape).toEqual(sequence);
      expect(
        m
          .build()
          .parameters.filter((name) => name.endsWith('weight'))
          .toSorted(),
      ).toEqual([
        'layer1.attention.input.weight',
        'layer1.attention.output.weight',
        'layer1.linear1.weight',
        'layer1.linear2.weight',
        'layer1.norm1.weight',
        'layer1.norm2.weight',
      ]);
    }
  });
});
