// What a network, its data or its device may do wrong, and what is said about it.
import { describe, expect, it } from 'vitest';
import {
  compileGradients,
  compileTraining,
  encodeModel,
  GradientTrainer,
  GraphBuilder,
  importModel,
  initialWeights,
  integer,
  multilayerPerceptron,
  Trainer,
  TypedOps,
  type Runtime,
  type RuntimeSession,
  type TrainingData,
  type TypedValue,
} from './index.ts';
import { typed } from './2-shapes/typedOps.ts';
import { onnxRuntime } from './tests/runtimes.ts';

const mean = { kind: 'meanSquaredError' } as const;
const sgd = { kind: 'sgd' } as const;
const failsWith = (code: string, params: object): object =>
  expect.objectContaining({ code, params: expect.objectContaining(params) as object }) as object;
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern) as unknown;

describe('a graph that cannot be trained', () => {
  it.each<[string, (builder: GraphBuilder) => void, string, object]>([
    [
      'an input whose number of axes is open',
      (g) => g.output(g.op('Relu', [g.input('x', 'float32')], { output: {} }), 'y'),
      'MK_COMPILER_SHAPE_UNKNOWN',
      { tensor: 'x' },
    ],
    [
      'an open size that was not given',
      (g) => g.output(g.op('Relu', [g.input('x', 'float32', ['N', 'T'])], { output: { shape: ['N', 'T'] } }), 'y'),
      'MK_COMPILER_SIZES_UNBOUND',
      { names: matching(/T/) },
    ],
    [
      'an operator without a rule',
      (g) => g.output(g.op('StringNormalizer', [g.input('x', 'float32', ['N', 2])], { output: { shape: ['N', 2] } }), 'y'),
      'MK_COMPILER_OPERATOR_UNSUPPORTED',
      { operator: 'StringNormalizer', node: matching(/StringNormalizer/) },
    ],
    [
      'sizes that do not fit',
      (g) =>
        g.output(
          g.op(
            'MatMul',
            [g.input('x', 'float32', ['N', 2]), g.initializer('w', { dtype: 'float32', shape: [3, 1], data: new Float32Array(3) })],
            {
              output: { shape: ['N', 1] },
            },
          ),
          'y',
        ),
      'MK_COMPILER_NODE_INVALID',
      { operator: 'MatMul', node: matching(/MatMul/), shapes: matching(/2.*3/) },
    ],
  ])('%s is named', (_, build, code, params) => {
    const builder = new GraphBuilder('foreign');
    build(builder);
    const bytes = encodeModel(builder.build(), { producer: 'test' });
    expect(() => importModel(bytes)).toThrow(failsWith(code, params) as Error);
  });

  it('a number of axes that is known only when it runs is named with its node', () => {
    const builder = new GraphBuilder('dynamicRank');
    const x = builder.input('x', 'float32', ['N', 4]);
    const sizes = builder.op('NonZero', [x], { output: { dtype: 'int64', shape: [2, 'count'] } });
    const shape = builder.op('Reshape', [sizes, builder.int64([-1])], { output: { dtype: 'int64', shape: ['count'] } });
    builder.output(builder.op('Reshape', [x, shape], { output: {} }), 'y');
    expect(() => importModel(encodeModel(builder.build(), { producer: 'test' }))).toThrow(
      failsWith('MK_COMPILER_OPERATOR_SIZED_BY_DATA', { node: 'node_NonZero', operator: 'NonZero' }) as Error,
    );
    const given = new GraphBuilder('givenRank');
    const features = given.input('x', 'float32', ['N', 4]);
    const wanted = given.input('wanted', 'int64', ['N']);
    given.output(given.op('Reshape', [features, wanted], { output: {} }), 'y');
    expect(() => importModel(encodeModel(given.build(), { producer: 'test' }))).toThrow(
      failsWith('MK_COMPILER_NODE_INVALID', {
        node: 'node_Reshape',
        operator: 'Reshape',
        shapes: 'x float32[3,4], wanted int64[3]',
        reason: matching(/shape.*constant/),
      }) as Error,
    );
  });

  it('a network without the shape of an input, or with an open size, is refused by name when it is compiled', () => {
    const compile = (shape: readonly (string | number)[] | undefined): unknown => {
      const builder = new GraphBuilder('open');
      const x = builder.input('x', 'float32', shape);
      const w = builder.input('w', 'float32', [2, 1]);
      builder.output(builder.op('MatMul', [x, w], { output: { shape: ['N', 1] } }), 'y');
      return compileGradients({ forward: builder.build(), parameters: ['w'], loss: mean, batchSize: 2 });
    };
    expect(() => compile(undefined)).toThrow(failsWith('MK_COMPILER_SHAPE_UNKNOWN', { tensor: 'x' }) as Error);
    expect(() => compile(['N', 'T', 2])).toThrow(failsWith('MK_COMPILER_SIZES_UNBOUND', { names: 'T' }) as Error);
  });

  it.each<[string, (g: TypedOps, x: TypedValue, w: TypedValue) => TypedValue, RegExp]>([
    [
      'through rounding to whole numbers',
      (g, x, w) => g.matMul(x, g.cast(g.cast(w, 'int32'), 'float32')),
      /only through Cast \(".*" \[2, 1\]\): its output is int32/,
    ],
    [
      'through the place of a maximum',
      (g, x, w) => g.add(g.matMul(x, g.tensor([2, 1], [1, 2], x)), g.cast(g.op('ArgMax', [w], { axis: integer(0) }), 'float32')),
      /only through ArgMax \(".*" \[1, 1\]\): its output is an index/,
    ],
    [
      'through a comparison',
      (g, x, w) => g.greaterMask(g.matMul(x, w), g.scalar(0, x)),
      /only through Greater \(".*" \[2, 1\]\): its output is a truth value/,
    ],
    ['nowhere', (g, x) => g.matMul(x, g.tensor([2, 1], [1, 2], x)), /^no node uses it\.$/],
  ])('a weight that reaches the loss %s is named with its shape', (_, build, reason) => {
    const builder = new GraphBuilder('blocked');
    const g = new TypedOps(builder);
    const [x, w] = [typed(builder.input('x', 'float32', ['N', 2])), typed(builder.input('w', 'float32', [2, 1]))];
    builder.output(build(g, x, w), 'y');
    const settings = { forward: builder.build(), parameters: ['w'], loss: mean, batchSize: 2 };
    const expected = failsWith('MK_COMPILER_PARAMETER_WITHOUT_GRADIENT', { parameter: 'w', shape: '[2, 1]', reason: matching(reason) });
    expect(() => compileTraining({ ...settings, optimizer: sgd })).toThrow(expected as Error);
    expect(() => compileGradients(settings)).toThrow(expected as Error);
  });

  it('a weight of whole numbers is refused', () => {
    const builder = new GraphBuilder('whole');
    const g = new TypedOps(builder);
    const x = typed(builder.input('x', 'float32', ['N', 2]));
    const w = typed(builder.input('w', 'int32', [2, 1]));
    builder.output(g.matMul(x, g.cast(w, 'float32')), 'y');
    expect(() => compileTraining({ forward: builder.build(), parameters: ['w'], loss: mean, optimizer: sgd, batchSize: 2 })).toThrow(
      failsWith('MK_COMPILER_PARAMETER_UNTRAINABLE', { parameter: 'w', reason: matching(/int32 \[2, 1\]/) }) as Error,
    );
  });

  it('BatchNormalization cannot learn from batches of one', () => {
    const builder = new GraphBuilder('batchNorm');
    const g = new TypedOps(builder);
    const channel = (name: string): TypedValue => typed(builder.input(name, 'float32', [3]));
    const x = typed(builder.input('x', 'float32', ['N', 3]));
    const [y, runningMean, runningVariance] = g.node(
      'BatchNormalization',
      [x, channel('scale'), channel('bias'), channel('mean'), channel('variance')],
      { training_mode: integer(1) },
      3,
    );
    builder.output(y!, 'y');
    builder.output(runningMean!, 'nextMean');
    builder.output(runningVariance!, 'nextVariance');
    expect(() =>
      compileTraining({
        forward: builder.build(),
        parameters: ['scale', 'bias'],
        state: { mean: 'nextMean', variance: 'nextVariance' },
        loss: mean,
        optimizer: sgd,
        batchSize: 1,
      }),
    ).toThrow(failsWith('MK_COMPILER_BATCH_STATISTICS_IMPOSSIBLE', { tensor: 'x', shape: '[1, 3]' }) as Error);
  });

  it('two outputs of one value stay apart', () => {
    const builder = new GraphBuilder('aliases');
    const g = new TypedOps(builder);
    const [x, w] = [typed(builder.input('x', 'float32', ['N', 2])), typed(builder.input('w', 'float32', [2, 1]))];
    const y = g.matMul(x, w);
    builder.output(y, 'y');
    builder.output(y, 'again');
    const compiled = compileTraining({ forward: builder.build(), parameters: ['w'], loss: mean, optimizer: sgd, batchSize: 2 });
    expect(compiled.predictions.map(({ name }) => name)).toEqual(['y', 'again']);
  });

  it('weights that start from one array, and a statistic that passes through, do not share memory', async () => {
    const builder = new GraphBuilder('inPlace');
    const g = new TypedOps(builder);
    const input = (name: string, shape: readonly (string | number)[]): TypedValue => typed(builder.input(name, 'float32', shape));
    const [x, v, w, s] = [input('x', ['N', 2]), input('v', [2, 2]), input('w', [2, 2]), input('s', [2])];
    builder.output(g.add(g.matMul(g.op('Tanh', [g.matMul(x, v)]), w), s), 'y');
    builder.output(g.op('Identity', [s]), 'next');
    const forward = builder.build();
    const settings = { forward, parameters: ['v', 'w'], state: { s: 'next' }, loss: mean, batchSize: 2 };
    const start = Float32Array.of(0.5, -0.25, 0.125, 1);
    const given = start.slice();
    const statistic = Float32Array.of(3, 4);
    const common = {
      runtime: onnxRuntime,
      data: { rowCount: 2, inputs: { x: Float32Array.of(1, 2, 3, 4) }, targets: Float32Array.of(0, 1, 1, 0) },
      weights: { v: given, w: given, s: statistic },
      learningRate: 0.1,
      seed: 1,
      nowMs: () => 0,
    };
    for (const trainer of [
      await Trainer.create({ ...common, compiled: compileTraining({ ...settings, optimizer: sgd }) }),
      await GradientTrainer.create({ ...common, compiled: compileGradients(settings), optimizer: sgd }),
    ]) {
      await trainer.runOnce(1);
      const after = trainer.weights();
      expect(after['v']).not.toEqual(after['w']);
      expect(after['s']).toEqual(Float32Array.of(3, 4));
      expect([given, statistic]).toEqual([start, Float32Array.of(3, 4)]);
      await trainer.release();
    }
  });
});

describe('data that cannot be learned from', () => {
  const network = multilayerPerceptron({ featureCount: 2, hiddenSizes: [], outputCount: 3 });
  const compiled = compileTraining({
    forward: network.graph,
    parameters: network.parameters,
    loss: { kind: 'softmaxCrossEntropy' },
    optimizer: sgd,
    batchSize: 4,
  });
  const create = (data: Partial<TrainingData>, runtime: Runtime = onnxRuntime): Promise<Trainer> =>
    Trainer.create({
      runtime,
      compiled,
      data: {
        rowCount: 6,
        inputs: { features: Float32Array.from({ length: 12 }, (_, at) => at / 12) },
        targets: Int32Array.of(0, 1, 2, 0, 1, 2),
        ...data,
      },
      weights: initialWeights(network.parameterShapes, 1),
      learningRate: 0.1,
      seed: 1,
      nowMs: () => 0,
    });

  it('a class that the network does not have is named with its row', async () => {
    await expect(create({ targets: Int32Array.of(0, 1, 2, 3, 0, 0) })).rejects.toMatchObject({
      code: 'MK_COMPILER_TRAINING_DATA_INVALID',
      params: { field: 'targets', reason: matching(/row 3 has class 3/) },
    });
  });

  it('a batch whose labels are all ignored changes no weight and has the loss 0', async () => {
    const settings = {
      forward: network.graph,
      parameters: network.parameters,
      loss: { kind: 'softmaxCrossEntropy', ignoreIndex: -100 } as const,
      batchSize: 4,
    };
    const weights = initialWeights(network.parameterShapes, 1);
    const common = {
      runtime: onnxRuntime,
      data: {
        rowCount: 6,
        inputs: { features: Float32Array.from({ length: 12 }, (_, at) => at / 12) },
        targets: new Int32Array(6).fill(-100),
      },
      weights,
      learningRate: 0.1,
      seed: 1,
      nowMs: () => 0,
    };
    for (const trainer of [
      await Trainer.create({ ...common, compiled: compileTraining({ ...settings, optimizer: sgd }) }),
      await GradientTrainer.create({ ...common, compiled: compileGradients(settings), optimizer: sgd }),
    ]) {
      expect(Array.from((await trainer.runOnce(2)).losses)).toEqual([0, 0]);
      for (const [name, values] of Object.entries(trainer.weights())) expect(values).toEqual(weights[name]);
      await trainer.release();
    }
  });

  it('a label that a loader writes out of range is named with its row', async () => {
    const trainer = await GradientTrainer.create({
      runtime: onnxRuntime,
      compiled: compileGradients({
        forward: network.graph,
        parameters: network.parameters,
        loss: { kind: 'softmaxCrossEntropy' },
        batchSize: 4,
      }),
      optimizer: sgd,
      data: {
        rowCount: 6,
        load: (rows, into) => rows.forEach((row, at) => (into['train.targets']![at] = row === 5 ? 7 : 1)),
      },
      weights: initialWeights(network.parameterShapes, 1),
      learningRate: 0.1,
      seed: 1,
      nowMs: () => 0,
    });
    const train = async (): Promise<void> => {
      for (;;) await trainer.runOnce(1);
    };
    await expect(train()).rejects.toMatchObject({
      code: 'MK_COMPILER_TRAINING_DATA_INVALID',
      params: { field: 'targets', reason: matching(/row 5 has class 7/) },
    });
    await trainer.release();
  });

  it('too few numbers, or of another type, are named', async () => {
    await expect(create({ inputs: { features: new Float32Array(11) } })).rejects.toMatchObject({
      params: { field: 'features', reason: matching(/11 numbers/) },
    });
    await expect(create({ inputs: { features: new Float64Array(12) } })).rejects.toMatchObject({
      params: { reason: matching(/float64, not float32/) },
    });
  });

  it.each([Number.NaN, Infinity])('%s is named with its row when it arrives, and the weights stay', async (value) => {
    const features = Float32Array.from({ length: 12 }, (_, at) => at / 12);
    features[9] = value;
    const trainer = await create({ inputs: { features } });
    const before = trainer.weights();
    const train = async (): Promise<void> => {
      for (;;) await trainer.runOnce(1);
    };
    await expect(train()).rejects.toMatchObject({
      code: 'MK_COMPILER_DATA_NOT_FINITE',
      params: { tensor: 'features', row: 4, value: String(value) },
    });
    for (const weight of Object.values(trainer.weights())) expect(weight.every(Number.isFinite)).toBe(true);
    expect(Object.keys(trainer.weights())).toEqual(Object.keys(before));
    await trainer.release();
  });

  it('a device that goes away in the middle is told, and training goes on from where it was', async () => {
    let gone = false;
    const failing: Runtime = {
      ...onnxRuntime,
      createSession: async (bytes): Promise<RuntimeSession> => {
        const session = await onnxRuntime.createSession(bytes);
        return {
          run: (feeds, fetches) => (gone ? Promise.reject(new Error('device was lost')) : session.run(feeds, fetches)),
          release: () => session.release(),
        };
      },
    };
    const [trainer, undisturbed] = [await create({}, failing), await create({})];
    await trainer.runOnce(1);
    gone = true;
    await expect(trainer.runOnce(1)).rejects.toMatchObject({
      code: 'MK_COMPILER_RUN_FAILED',
      params: { step: 2, reason: matching(/device was lost/) },
    });
    gone = false;
    await trainer.runOnce(1);
    await undisturbed.runOnce(1);
    await undisturbed.runOnce(1);
    expect(trainer.weights()).toEqual(undisturbed.weights());
    await Promise.all([trainer.release(), undisturbed.release()]);
  });
});
