// What a network, its data or its device may do wrong, and what is said about it.
import { describe, expect, it } from 'vitest';
import {
  compileTraining,
  encodeModel,
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
    ).toThrow(expect.objectContaining({ code: 'MK_COMPILER_BATCH_STATISTICS_IMPOSSIBLE' }) as Error);
  });

  it('a weight that is an output, and two outputs of one value, stay apart', () => {
    const builder = new GraphBuilder('aliases');
    const g = new TypedOps(builder);
    const [x, w] = [typed(builder.input('x', 'float32', ['N', 2])), typed(builder.input('w', 'float32', [2, 1]))];
    const y = g.matMul(x, w);
    builder.output(y, 'y');
    builder.output(y, 'again');
    const compiled = compileTraining({ forward: builder.build(), parameters: ['w'], loss: mean, optimizer: sgd, batchSize: 2 });
    expect(compiled.predictions.map(({ name }) => name)).toEqual(['y', 'again']);
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
