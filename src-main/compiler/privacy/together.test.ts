import { describe, expect, it } from 'vitest';
import {
  compileTraining,
  conv2d,
  convolutionalNetwork,
  embedding,
  initialWeights,
  linear,
  ModelBuilder,
  multilayerPerceptron,
  sequenceTagger,
  Trainer,
  transformerEncoder,
  type FloatArray,
  type LossSettings,
  type Network,
  type PrivacySettings,
  type Runtime,
  type TrainingData,
} from '../index.ts';
import { onnxRuntime, referenceRuntime, testRandom } from '../tests/runtimes.ts';

interface PrivateCase {
  readonly network: Network;
  readonly loss?: LossSettings;
  readonly data: Omit<TrainingData, 'rowCount'>;
}

type FloatType = 'float32' | 'float64';

const [rowCount, batchSize] = [10, 4];
const floats = (count: number): Float64Array => {
  const random = testRandom(4);
  return Float64Array.from({ length: count }, () => random() * 2 - 1);
};
const classes = (count: number, below: number): Int32Array => {
  const random = testRandom(7);
  return Int32Array.from({ length: count }, () => Math.floor(random() * below));
};
const tokens = (count: number, below: number): BigInt64Array => BigInt64Array.from(classes(count, below), BigInt);

const together: Readonly<Record<string, (dtype: FloatType) => PrivateCase>> = {
  'a perceptron with Dropout': (dtype) => ({
    network: multilayerPerceptron({ featureCount: 5, hiddenSizes: [6], outputCount: 3, dropoutRate: 0.3, dtype }),
    data: { inputs: { features: floats(rowCount * 5) }, targets: classes(rowCount, 3) },
  }),
  'a convolutional network': (dtype) => ({
    network: convolutionalNetwork({ imageShape: [2, 8, 6], channels: [3, 4], outputCount: 3, dtype }),
    data: { inputs: { images: floats(rowCount * 96) }, targets: classes(rowCount, 3) },
  }),
  'convolutions with strides, dilations, groups and odd padding': (dtype) => ({
    network: build(dtype, (m) => {
      const x = m.input('images', ['N', 4, 7, 9]);
      const a = conv2d(m, x, { name: 'strided', channels: 6, kernelSize: [3, 2], stride: 2, padding: 1, groups: 2 });
      const b = conv2d(m, a, { name: 'dilated', channels: 6, kernelSize: 2, dilation: 2, groups: 6 });
      return m.g.op('ReduceMean', [b, m.g.graph.int64([2, 3])], { keepdims: 0 });
    }),
    data: { inputs: { images: floats(rowCount * 252) }, targets: classes(rowCount, 6) },
  }),
  'a transformer': (dtype) => ({
    network: transformerEncoder({ vocabulary: 7, length: 5, width: 4, heads: 2, layers: 1, feedForward: 6, outputCount: 3, dtype }),
    data: { inputs: { tokens: tokens(rowCount * 5, 7) }, targets: classes(rowCount, 3) },
  }),
  'a language model, whose sequences are longer than its layers are wide': (dtype) => ({
    network: transformerEncoder({
      vocabulary: 6,
      length: 12,
      width: 2,
      heads: 1,
      layers: 1,
      feedForward: 2,
      outputCount: 6,
      head: 'tokens',
      causal: true,
      dtype,
    }),
    data: { inputs: { tokens: tokens(rowCount * 12, 6) }, targets: classes(rowCount * 12, 6) },
  }),
  'embeddings of one word and of several': (dtype) => ({
    network: build(dtype, (m) => {
      const { g } = m;
      const one = embedding(m, m.input('category', ['N'], 'int64'), { name: 'category', vocabulary: 4, width: 3 });
      const several = embedding(m, m.input('tokens', ['N', 6], 'int64'), { name: 'tokens', vocabulary: 5, width: 3 });
      return g.add(one, g.reduceSum(several, [1], false));
    }),
    data: { inputs: { category: tokens(rowCount, 4), tokens: tokens(rowCount * 6, 5) }, targets: classes(rowCount, 3) },
  }),
  'a weight that is used twice': (dtype) => ({
    network: build(dtype, (m) => {
      const shared = m.parameter('shared', [3, 3], 'glorot');
      const { g } = m;
      return g.matMul(g.op('Tanh', [g.matMul(m.input('features', ['N', 3]), shared)]), shared);
    }),
    data: { inputs: { features: floats(rowCount * 3) }, targets: classes(rowCount, 3) },
  }),
  'weights that are turned, joined and cut, and scales': (dtype) => ({
    network: build(dtype, (m) => {
      const { g } = m;
      const joined = g.op('Concat', [m.parameter('a', [2, 3], 'glorot'), m.parameter('b', [4, 3], 'glorot')], { axis: 0 });
      const x = g.matMul(m.input('features', ['N', 3]), g.transpose(joined, [1, 0]));
      const scale = m.parameter('scale', [2, 6], 'glorot');
      const slice = g.op('Slice', [scale, g.graph.int64([1]), g.graph.int64([2]), g.graph.int64([0])]);
      return g.op('PRelu', [g.mul(x, slice), m.parameter('slope', [1], 'glorot')]);
    }),
    data: { inputs: { features: floats(rowCount * 3) }, targets: classes(rowCount, 6) },
  }),
  'rows that do not lie in the first axis': (dtype) => ({
    network: build(dtype, (m) => {
      const { g } = m;
      const x = g.transpose(m.input('features', ['N', 4, 3]), [1, 0, 2]);
      const y = g.add(g.matMul(x, m.parameter('weight', [3, 3], 'glorot')), m.parameter('places', [4, 1, 3], 'glorot'));
      const turned = g.matMul(m.parameter('left', [2, 3], 'glorot'), g.transpose(g.op('Tanh', [y]), [1, 2, 0]));
      return g.reshape(turned, ['N', 8]);
    }),
    data: { inputs: { features: floats(rowCount * 12) }, targets: classes(rowCount, 8) },
  }),
};

const oneByOne: Readonly<Record<string, (dtype: FloatType) => PrivateCase & { operator: string }>> = {
  'an LSTM': (dtype) => ({
    network: sequenceTagger({ vocabulary: 6, length: 4, width: 3, units: 3, tagCount: 3, dtype }),
    data: { inputs: { tokens: tokens(rowCount * 4, 6) }, targets: classes(rowCount * 4, 3) },
    operator: 'Scan',
  }),
  'a weight that is computed': (dtype) => ({
    network: build(dtype, (m) => {
      const { g } = m;
      return g.mul(m.input('features', ['N', 3]), g.exp(m.parameter('logScale', [3], 'glorot')));
    }),
    data: { inputs: { features: floats(rowCount * 3) }, targets: classes(rowCount, 3) },
    operator: 'Mul',
  }),
  'a mean over what counts': (dtype) => ({
    network: multilayerPerceptron({ featureCount: 3, hiddenSizes: [], outputCount: 3, dtype }),
    loss: { kind: 'softmaxCrossEntropy', ignoreIndex: -1 },
    data: { inputs: { features: floats(rowCount * 3) }, targets: classes(rowCount, 3).fill(-1, 2, 3) },
    operator: 'Max',
  }),
};

describe('row gradients together', () => {
  it.each(Object.entries(together))('%s: as one row at a time, in groups too, and in ONNX Runtime', async (_, make) => {
    const alone = await weightsAfter(make('float64'), { rowsTogether: 1 });
    expect(alone.form).toEqual({ rowsTogether: 1, because: undefined });
    // Rows are clipped, so that the lengths matter.
    const free = await weightsAfter(make('float64'), { clipNorm: 1e9 });
    expect(Object.entries(free.weights).some(([name, values]) => Math.abs(values[0]! - alone.weights[name]![0]!) > 1e-3)).toBe(true);
    for (const rowsTogether of [4, 2]) {
      const found = await weightsAfter(make('float64'), { rowsTogether });
      expect(found.form).toEqual({ rowsTogether, because: undefined });
      expectClose(found.weights, alone.weights, 1e-11);
    }
    expectClose((await weightsAfter(make('float32'), {}, onnxRuntime)).weights, alone.weights, 2e-5);
  });

  it.each(Object.entries(oneByOne))('%s: one row at a time, and the result says at which node', async (_, make) => {
    const { operator, ...each } = make('float64');
    const found = await weightsAfter(each, {}, referenceRuntime, 1);
    expect(found.form).toEqual({ rowsTogether: 1, because: { node: expect.any(String) as string, operator } });
  });

  it('is the sum of clipped gradients by hand: a linear layer', async () => {
    const features = floats(batchSize * 3);
    const targets = floats(batchSize * 2);
    const network = multilayerPerceptron({ featureCount: 3, hiddenSizes: [], outputCount: 2, dtype: 'float64' });
    const clipNorm = 1.2;
    const { weights, before } = await weightsAfter(
      { network, loss: { kind: 'meanSquaredError' }, data: { inputs: { features }, targets } },
      { clipNorm },
      onnxRuntime,
      1,
      batchSize,
    );
    const expected = new Float64Array(8);
    let clipped = 0;
    for (let row = 0; row < batchSize; row++) {
      const x = [...features.subarray(row * 3, row * 3 + 3), 1];
      const delta = [0, 1].map((out) => {
        const y = x.slice(0, 3).reduce((sum, each, at) => sum + each * before['weight1']![at * 2 + out]!, before['bias1']![out]!);
        return y - targets[row * 2 + out]!;
      });
      const length = Math.hypot(...x.flatMap((each) => delta.map((d) => each * d)));
      const factor = Math.min(1, clipNorm / length);
      if (factor < 1) clipped++;
      x.forEach((each, at) => delta.forEach((d, out) => (expected[at * 2 + out]! += (factor * each * d) / batchSize)));
    }
    // Both cases occur.
    expect(clipped).toBeGreaterThan(0);
    expect(clipped).toBeLessThan(batchSize);
    const moved = (name: string): number[] => Array.from(before[name]!, (each, at) => each - weights[name]![at]!);
    [...moved('weight1'), ...moved('bias1')].forEach((each, at) => expect(each).toBeCloseTo(expected[at]!, 12));
  });

  it('takes as many rows together as fit the cache', () => {
    const formOf = (network: Network): unknown =>
      compileTraining({
        ...network,
        forward: network.graph,
        loss: { kind: 'softmaxCrossEntropy' },
        optimizer: { kind: 'sgd' },
        batchSize: 128,
        privacy: { clipNorm: 1, noiseMultiplier: 1 },
      }).rowGradients;
    expect(formOf(multilayerPerceptron({ featureCount: 784, hiddenSizes: [256, 128], outputCount: 10 }))).toMatchObject({
      rowsTogether: 128,
    });
    expect(formOf(convolutionalNetwork({ imageShape: [1, 28, 28], channels: [32, 64], outputCount: 10 }))).toMatchObject({
      rowsTogether: 16,
    });
  });

  it('refuses networks and losses in which rows see each other, and names the node', () => {
    const compile = (network: Network, loss: LossSettings, withState = true): unknown =>
      compileTraining({
        ...network,
        ...(!withState && { state: {} }),
        forward: network.graph,
        loss,
        optimizer: { kind: 'sgd' },
        batchSize,
        privacy: { clipNorm: 1, noiseMultiplier: 1 },
      });
    const normalised = convolutionalNetwork({ imageShape: [1, 8, 8], channels: [2], outputCount: 2, batchNorm: true });
    expect(() => compile(normalised, { kind: 'softmaxCrossEntropy' })).toThrow(
      expect.objectContaining({ code: 'MK_COMPILER_ROWS_MIXED', params: expect.objectContaining({ operator: 'BatchNormalization' }) }),
    );
    const views = build('float32', (m) => {
      const x = m.input('features', ['N', 3]);
      m.output(linear(m, x, { name: 'first', units: 2 }), 'first');
      m.output(linear(m, x, { name: 'second', units: 2 }), 'second');
    });
    expect(() => compile(views, { kind: 'infoNce', first: 'first', second: 'second' })).toThrow(
      expect.objectContaining({ code: 'MK_COMPILER_ROWS_MIXED', params: expect.objectContaining({ operator: 'MatMul' }) }),
    );
  });

  it('refuses settings that have no meaning', () => {
    const network = multilayerPerceptron({ featureCount: 3, hiddenSizes: [], outputCount: 3 });
    const compile = (privacy: Partial<PrivacySettings>) => () =>
      compileTraining({
        ...network,
        forward: network.graph,
        loss: { kind: 'softmaxCrossEntropy' },
        optimizer: { kind: 'sgd' },
        batchSize,
        privacy: { clipNorm: 1, noiseMultiplier: 1, ...privacy },
      });
    expect(compile({ clipNorm: 0 })).toThrow('privacy.clipNorm');
    expect(compile({ noiseMultiplier: -1 })).toThrow('privacy.noiseMultiplier');
    expect(compile({ rowsTogether: 3 })).toThrow('privacy.rowsTogether');
  });
});

function build(dtype: FloatType, body: (m: ModelBuilder) => ReturnType<ModelBuilder['g']['add']> | void): Network {
  const m = new ModelBuilder('built', { dtype });
  const output = body(m);
  if (output) m.output(output, 'output');
  return m.build();
}

interface PrivateResult {
  readonly form: unknown;
  readonly before: Record<string, FloatArray>;
  readonly weights: Record<string, FloatArray>;
}

/** Plain gradient steps without noise, the last batch padded; about half of the rows are clipped. */
async function weightsAfter(
  { network, loss = { kind: 'softmaxCrossEntropy' }, data }: PrivateCase,
  privacy: Partial<PrivacySettings>,
  runtime: Runtime = referenceRuntime,
  steps = 3,
  rows = rowCount,
): Promise<PrivateResult> {
  const compiled = compileTraining({
    ...network,
    forward: network.graph,
    loss,
    optimizer: { kind: 'sgd' },
    batchSize,
    privacy: { clipNorm: 0.2, noiseMultiplier: 0, ...privacy },
  });
  const { dtype } = compiled;
  const inputs = Object.fromEntries(
    Object.entries(data.inputs).map(([name, values]) => [
      name,
      values instanceof Float64Array && dtype === 'float32' ? Float32Array.from(values) : values,
    ]),
  );
  const trainer = await Trainer.create({
    runtime,
    compiled,
    data: { rowCount: rows, ...data, inputs },
    // The same numbers in both types.
    weights: Object.fromEntries(
      Object.entries(initialWeights(network.parameterShapes, 3, network.schemes)).map(([name, values]) => [
        name,
        dtype === 'float64' ? Float64Array.from(values) : values,
      ]),
    ),
    learningRate: 1,
    seed: 2,
    nowMs: () => 0,
  });
  const before = trainer.weights();
  for (let step = 0; step < steps; step++) await trainer.runOnce(1);
  const weights = trainer.weights();
  await trainer.release();
  return { form: compiled.rowGradients, before, weights };
}

function expectClose(found: Record<string, FloatArray>, expected: Record<string, FloatArray>, tolerance: number): void {
  for (const [name, values] of Object.entries(expected))
    values.forEach((value, at) => expect(Math.abs(found[name]![at]! - value), `${name}[${at}]`).toBeLessThan(tolerance));
}
