import { describe, expect, it } from 'vitest';
import {
  encodeModel,
  float,
  GraphBuilder,
  initialWeights,
  integer,
  ints,
  multilayerPerceptron,
  compileInference,
  readModel,
  type Graph,
} from '../index.ts';
import { onnxRuntime, testRandom } from '../tests/runtimes.ts';
import { foldScales } from './foldScales.ts';
import { keptInFloat } from './keptInFloat.ts';
import { compareQuantized, measureRanges } from './measure.ts';
import { quantizeDynamic } from './quantizeDynamic.ts';
import { quantizeStatic } from './quantizeStatic.ts';
import { quantizeWeights } from './quantizeWeights.ts';

const random = testRandom(5);
const rows = 64;
const draw = (length: number): Float32Array => Float32Array.from({ length }, () => random() * 2 - 1);

function perceptron(): Graph {
  const network = multilayerPerceptron({ featureCount: 40, hiddenSizes: [64], outputCount: 5 });
  return compileInference(network.graph, initialWeights(network.parameterShapes, 2, network.schemes));
}

/** Conv 3×3 with bias, ReLU, Gemm with transB and bias: every form that is rewritten. */
function convolution(): Graph {
  const g = new GraphBuilder('convolution');
  const x = g.input('features', 'float32', ['N', 4, 6, 6]);
  const conv = g.op(
    'Conv',
    [
      x,
      g.initializer('kernel', { dtype: 'float32', shape: [8, 4, 3, 3], data: draw(288) }),
      g.initializer('b', { dtype: 'float32', shape: [8], data: draw(8) }),
    ],
    {
      attributes: { pads: ints([1, 1, 1, 1]) },
      output: { shape: ['N', 8, 6, 6] },
    },
  );
  const flat = g.op('Flatten', [g.op('Relu', [conv], { output: { shape: ['N', 8, 6, 6] } })], { output: { shape: ['N', 288] } });
  const head = g.op(
    'Gemm',
    [
      flat,
      g.initializer('head', { dtype: 'float32', shape: [5, 288], data: draw(1440) }),
      g.initializer('c', { dtype: 'float32', shape: [5], data: draw(5) }),
    ],
    {
      attributes: { transB: integer(1) },
      output: { shape: ['N', 5] },
    },
  );
  g.output(head, 'output');
  return g.build();
}

const cases = [
  ['perceptron', perceptron(), [rows, 40], 0.15],
  // Its outputs reach 40: 288 products of numbers up to 6.
  ['convolution', convolution(), [rows, 4, 6, 6], 1],
] as const;

describe.each(cases)('%s', (_, graph, shape, tolerance) => {
  const batches = [0, 1].map(() => ({
    features: onnxRuntime.tensor('float32', draw(shape.reduce((count, dim) => count * dim, 1)), shape),
  }));

  it('in dynamic int8 stays close, is smaller, and survives a file', async () => {
    const { graph: quantized, quantized: names } = quantizeDynamic(graph);
    expect(names.length).toBe(graph.nodes.filter((each) => each.opType === 'MatMul' || each.opType === 'Gemm').length);
    expect(quantized.nodes.some((each) => each.opType === 'MatMulInteger')).toBe(true);
    const stored = readModel(encodeModel(quantized, { producer: 'test' })).graph;
    const report = await compareQuantized(onnxRuntime, graph, stored, batches, 'output');
    expect(report.rowCount).toBe(2 * rows);
    expect(report.agreement).toBeGreaterThan(0.9);
    expect(report.largestDifference).toBeGreaterThan(0);
    expect(report.largestDifference).toBeLessThan(tolerance);
    expect(report.quantizedBytes).toBeLessThan(report.originalBytes * 0.5);
  });

  it('in static int8 with measured ranges stays close', async () => {
    const ranges = await measureRanges(onnxRuntime, graph, batches);
    const { graph: quantized, quantized: names } = quantizeStatic(graph, ranges);
    expect(names.length).toBeGreaterThan(1);
    const report = await compareQuantized(onnxRuntime, graph, quantized, batches, 'output');
    expect(report.agreement).toBeGreaterThan(0.9);
    expect(report.largestDifference).toBeGreaterThan(0);
    expect(report.largestDifference).toBeLessThan(tolerance);
    // Without a range nothing is guessed.
    expect(quantizeStatic(graph, {}).quantized).toEqual([]);
  });
});

it('weights come back within half a step by channel, and a channel of zeros stays zero', () => {
  const data = draw(12);
  data.fill(0, 4, 8);
  const { values, scales } = quantizeWeights({ dtype: 'float32', shape: [3, 4], data }, 0);
  expect(scales[1]).toBe(1);
  data.forEach((each, at) =>
    expect(Math.abs(each - values[at]! * scales[Math.floor(at / 4)]!)).toBeLessThanOrEqual(scales[Math.floor(at / 4)]! / 2 + 1e-9),
  );
});

it('products that are small, have a scaled bias that is computed, or computed weights stay as they are, and are told', () => {
  const g = new GraphBuilder('kept');
  const x = g.input('features', 'float32', ['N', 4]);
  const w = g.initializer('w', { dtype: 'float32', shape: [4, 4], data: draw(16) });
  const scaled = g.op('Gemm', [x, w, g.op('Neg', [w])], { attributes: { beta: float(2) }, output: { shape: ['N', 4] } });
  g.output(g.op('MatMul', [scaled, g.op('Neg', [w])], { output: { shape: ['N', 4] } }), 'output');
  const graph = g.build();
  expect(quantizeDynamic(graph, { leastWeights: 1 }).quantized).toEqual([]);
  expect(keptInFloat(graph, [])).toEqual([
    { operator: 'Gemm', count: 1 },
    { operator: 'MatMul', count: 1 },
  ]);
  expect(quantizeDynamic(perceptron(), { leastWeights: 1e9 }).quantized).toEqual([]);
});

describe('a Gemm that scales', () => {
  const g = new GraphBuilder('scaled');
  const x = g.input('features', 'float32', ['N', 40]);
  const w = g.initializer('w', { dtype: 'float32', shape: [40, 16], data: draw(640) });
  const b = g.initializer('b', { dtype: 'float32', shape: [16], data: draw(16) });
  g.output(g.op('Gemm', [x, w, b], { attributes: { alpha: float(0.25), beta: float(3) }, output: { shape: ['N', 16] } }), 'output');
  const graph = g.build();
  const batches = [{ features: onnxRuntime.tensor('float32', draw(rows * 40), [rows, 40]) }];

  it('is the same with its factors in its constants', async () => {
    const folded = foldScales(graph, 256);
    expect(folded.nodes[0]!.attributes).toEqual({});
    const { largestDifference } = await compareQuantized(onnxRuntime, graph, folded, batches, 'output');
    expect(largestDifference).toBeLessThan(1e-5);
    expect(foldScales(graph, 641)).toEqual(graph);
  });

  it('computes in int8 in both forms', async () => {
    const forms = [quantizeDynamic(graph), quantizeStatic(graph, await measureRanges(onnxRuntime, graph, batches))];
    for (const { graph: quantized, quantized: names } of forms) {
      expect(names).toHaveLength(1);
      expect(keptInFloat(graph, names)).toEqual([]);
      const { largestDifference } = await compareQuantized(onnxRuntime, graph, quantized, batches, 'output');
      expect(largestDifference).toBeGreaterThan(0);
      expect(largestDifference).toBeLessThan(0.1);
    }
  });
});

it('a value that is not finite is refused while ranges are measured', async () => {
  const features = new Float32Array(rows * 40);
  features[7] = Number.NaN;
  await expect(
    measureRanges(onnxRuntime, perceptron(), [{ features: onnxRuntime.tensor('float32', features, [rows, 40]) }]),
  ).rejects.toMatchObject({ code: 'MK_COMPILER_RANGE_NOT_FINITE', params: { tensor: 'features' } });
});
