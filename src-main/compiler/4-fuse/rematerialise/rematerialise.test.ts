import { describe, expect, it } from 'vitest';
import {
  compileGradients,
  compileTraining,
  estimateMemory,
  initialWeights,
  multilayerPerceptron,
  resNet,
  Trainer,
  transformerEncoder,
  type CompiledGradients,
  type GradientSettings,
  type Network,
  type Runtime,
} from '../../index.ts';
import { randomFeeds, runGradients } from '../../tests/runGradients.ts';
import { onnxRuntime, referenceRuntime } from '../../tests/runtimes.ts';
import { parseGraphText } from '../../tests/parseGraphText.ts';
import { executionOrder } from '../../onnx/executionOrder.ts';
import { peakBytes } from './peakBytes.ts';
import { stepParts } from './stepParts.ts';
import { withRecomputing } from './withRecomputing.ts';

/** Without the runtime's own fusions: it then runs the nodes that are written. */
const plainRuntime: Runtime = {
  ...onnxRuntime,
  createSession: (bytes) => onnxRuntime.createSession(bytes, { optimization: 'disabled' }),
};

interface Case {
  readonly network: Network;
  readonly batchSize: number;
  /** The least share of the memory that is reached. */
  readonly least: number;
}

const networks: Readonly<Record<string, Case>> = {
  'a transformer with Dropout': {
    network: transformerEncoder({
      vocabulary: 20,
      length: 8,
      width: 8,
      heads: 2,
      layers: 6,
      feedForward: 32,
      outputCount: 3,
      dropoutRate: 0.2,
      masked: true,
    }),
    batchSize: 4,
    least: 0.35,
  },
  'a residual network with batch statistics': {
    network: resNet({ imageShape: [1, 16, 16], blocks: [6], widths: [4], outputCount: 3 }),
    batchSize: 4,
    least: 0.75,
  },
  'a deep perceptron': {
    network: multilayerPerceptron({ featureCount: 8, hiddenSizes: Array<number>(8).fill(16), outputCount: 3, activation: 'Tanh' }),
    batchSize: 64,
    least: 0.7,
  },
};

describe.each(Object.entries(networks))('%s with a memory budget', (_, { network, batchSize, least }) => {
  const compile = (settings: Partial<GradientSettings> = {}): CompiledGradients =>
    compileGradients({
      forward: network.graph,
      parameters: network.parameters,
      state: network.state,
      loss: { kind: 'softmaxCrossEntropy' },
      batchSize,
      ...settings,
    });
  const { keptBytes, activationBytes: smallest } = compile({ memoryBudgetBytes: 1 }).memory!;

  it.each([0.85, 0.6, 0])(
    'has the same gradients, bit for bit where the runtime fuses nothing (budget: %f of what it takes)',
    async (share) => {
      const [whole, less] = [compile(), compile({ memoryBudgetBytes: share * keptBytes + 1 })];
      expect(less.memory!.repeatedNodes).toBeGreaterThan(0);
      for (const runtime of [plainRuntime, referenceRuntime]) {
        const feeds = randomFeeds(whole, 7, { integersBelow: 20, runtime });
        expect(await runGradients(less, feeds, runtime)).toEqual(await runGradients(whole, feeds, runtime));
      }
      const feeds = randomFeeds(whole, 7, { integersBelow: 20 });
      expectClose(await runGradients(less, feeds), await runGradients(whole, feeds));
    },
  );

  it('takes what the budget allows, says what it takes, and says so where it cannot be met', () => {
    expect(smallest).toBeLessThan(least * keptBytes);
    const easy = compile({ memoryBudgetBytes: keptBytes });
    expect(easy.memory).toMatchObject({ fits: true, activationBytes: keptBytes, repeatedNodes: 0, repeatedShare: 0 });
    const middle = compile({ memoryBudgetBytes: (keptBytes + smallest) / 2 });
    expect(middle.memory!.fits).toBe(true);
    expect(middle.memory!.activationBytes).toBeLessThanOrEqual((keptBytes + smallest) / 2);
    expect(middle.memory!.activationBytes).toBe(peakBytes(middle.stepGraph));
    expect(compile({ memoryBudgetBytes: 1 }).memory).toMatchObject({ fits: false, activationBytes: smallest });
    expect(estimateMemory(middle, { optimizer: { kind: 'sgd' } })).toMatchObject({
      activationBytes: middle.memory!.activationBytes,
      keptActivationBytes: keptBytes,
    });
  });
});

it('micro-batches make again what they dropped, too', async () => {
  const { network } = networks['a transformer with Dropout']!;
  const compile = (memoryBudgetBytes?: number): CompiledGradients =>
    compileGradients({
      forward: network.graph,
      parameters: network.parameters,
      loss: { kind: 'softmaxCrossEntropy' },
      batchSize: 8,
      microBatch: 2,
      ...(memoryBudgetBytes && { memoryBudgetBytes }),
    });
  const [whole, less] = [compile(), compile(1)];
  expect(less.memory!.activationBytes).toBeLessThan(0.5 * less.memory!.keptBytes);
  const feeds = randomFeeds(whole, 5, { integersBelow: 20 });
  expect(await runGradients(less, feeds, plainRuntime)).toEqual(await runGradients(whole, feeds, plainRuntime));
});

it('a training in one graph learns the same', async () => {
  const { network } = networks['a deep perceptron']!;
  const run = async (memoryBudgetBytes?: number): Promise<readonly number[]> => {
    const compiled = compileTraining({
      forward: network.graph,
      parameters: network.parameters,
      loss: { kind: 'meanSquaredError' },
      optimizer: { kind: 'adam' },
      batchSize: 8,
      ...(memoryBudgetBytes && { memoryBudgetBytes }),
    });
    expect(compiled.memory?.fits).toBe(memoryBudgetBytes ? false : undefined);
    const trainer = await Trainer.create({
      runtime: plainRuntime,
      compiled,
      data: {
        rowCount: 20,
        inputs: { features: Float32Array.from({ length: 160 }, (_, at) => Math.sin(at)) },
        targets: Float32Array.from({ length: 60 }, (_, at) => Math.cos(at)),
      },
      weights: initialWeights(network.parameterShapes, 1, network.schemes),
      learningRate: 0.01,
      seed: 1,
      nowMs: () => 0,
    });
    const { losses } = await trainer.runOnce(3);
    await trainer.release();
    return Array.from(losses);
  };
  expect(await run(1)).toEqual(await run());
});

describe('what is made again', () => {
  const step = `step (float32[64,64] x, float32[64,64] w) => (float32[] loss, float32[64,64] gradient.w) {
  all = int64[2] {0, 1}
  a = MatMul(x, w)
  b = Exp(a)
  c = Erf(b)
  d = MatMul(c, x)
  loss = ReduceSum <keepdims=0>(d, all)
  e = Mul(d, d)
  f = MatMul(e, w)
  g = Mul(f, c)
  h = Mul(g, b)
  gradient.w = Gemm <transA=1>(x, h)
}
`;
  const graph = parseGraphText(step);
  const parts = stepParts(graph, new Set(['gradient.w']), new Set(['w']));
  const { graph: less } = withRecomputing(parts, new Set(['b', 'c']));

  it('waits for the backward half and is made when it is read', () => {
    const order = executionOrder(less).map(({ outputs }) => outputs[0]!);
    const repeated = order.filter((name) => name.endsWith('.again'));
    expect(repeated).toEqual(['b.again', 'c.again']);
    for (const name of repeated) expect(order.indexOf(name)).toBeGreaterThan(order.indexOf('f'));
  });

  it('is no twin of the first: each reads what was kept through an After', () => {
    const source = less.nodes.find(({ outputs }) => outputs[0] === 'b.again')!.inputs[0]!;
    const after = less.nodes.find(({ outputs }) => outputs[0] === source)!;
    expect([after.domain, after.opType, after.inputs]).toEqual(['modelkeep', 'After', ['a', 'f']]);
  });
});

it('refuses a budget that is no number of bytes', () => {
  const { network } = networks['a deep perceptron']!;
  expect(() =>
    compileGradients({
      forward: network.graph,
      parameters: network.parameters,
      loss: { kind: 'meanSquaredError' },
      batchSize: 4,
      memoryBudgetBytes: Number.NaN,
    }),
  ).toThrow(expect.objectContaining({ code: 'MK_COMPILER_SETTING_INVALID' }) as Error);
});

function expectClose(got: Readonly<Record<string, readonly number[]>>, expected: Readonly<Record<string, readonly number[]>>): void {
  for (const [name, values] of Object.entries(expected)) {
    const scale = Math.max(...values.map(Math.abs), 1e-6);
    const worst = Math.max(...values.map((each, at) => Math.abs(got[name]![at]! - each)));
    expect(worst / scale).toBeLessThan(2e-6);
  }
}
