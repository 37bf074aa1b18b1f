import { afterEach, describe, expect, it } from 'vitest';
import {
  compileGradients,
  DeviceTrainer,
  GradientTrainer,
  initialWeights,
  multilayerPerceptron,
  type LostDevice,
  type Runtime,
} from '../../index.ts';
import { onnxRuntime, testRandom } from '../../tests/runtimes.ts';

const open: { release(): Promise<void> }[] = [];
afterEach(async () => {
  // What vanished does not let itself be released.
  for (const each of open.splice(0)) await each.release().catch(() => undefined);
});

const [featureCount, rowCount, batchRows] = [5, 44, 8];

/** A training of steps of 8 rows, in so many runs each. */
function trainer(runtime: Runtime, runsPerStep: number, rows = batchRows): Promise<GradientTrainer> {
  const network = multilayerPerceptron({ featureCount, hiddenSizes: [7], outputCount: 3 });
  const random = testRandom(3);
  return GradientTrainer.create({
    runtime,
    compiled: compileGradients({
      ...network,
      forward: network.graph,
      loss: { kind: 'softmaxCrossEntropy' },
      batchSize: rows / runsPerStep,
    }),
    optimizer: { kind: 'adam' },
    accumulate: runsPerStep,
    data: {
      rowCount,
      inputs: { features: Float32Array.from({ length: rowCount * featureCount }, () => random() * 2 - 1) },
      targets: Int32Array.from({ length: rowCount }, () => Math.floor(random() * 3)),
    },
    weights: initialWeights(network.parameterShapes, 5, network.schemes),
    learningRate: 0.01,
    seed: 11,
    nowMs: () => 0,
  });
}

/** ONNX Runtime on a device that is gone from run number `lostAt` on. */
function vanishing(lostAt: number): Runtime {
  let runs = 0;
  return {
    ...onnxRuntime,
    async createSession(bytes, settings) {
      const session = await onnxRuntime.createSession(bytes, settings);
      return {
        run: (feeds, fetches) => (++runs >= lostAt ? Promise.reject(new Error('device lost')) : session.run(feeds, fetches)),
        release: async () => {
          await session.release();
          if (runs >= lostAt) throw new Error('device lost');
        },
      };
    },
  };
}

async function train(devices: Parameters<typeof DeviceTrainer.create>[0]['devices']) {
  const lost: LostDevice[] = [];
  const training = await DeviceTrainer.create({ devices, onLost: (each) => lost.push(each) });
  open.push(training);
  const losses: number[] = [];
  for await (const run of training.train({ epochs: 3 })) losses.push(...run.losses);
  return { training, losses, lost };
}

describe('a device that vanishes in mid-run', () => {
  it.each([
    { cpuRuns: 1, lostAt: 9, step: 8 },
    { cpuRuns: 2, lostAt: 9, step: 8 },
    { cpuRuns: 4, lostAt: 1, step: 0 },
    { cpuRuns: 2, lostAt: 7, step: 6 },
  ])('is followed by the CPU from the step before, which is told: %j', async ({ cpuRuns, lostAt, step }) => {
    const { training, losses, lost } = await train([
      { name: 'webgpu', open: () => trainer(vanishing(lostAt), 1) },
      { name: 'cpu', open: () => trainer(onnxRuntime, cpuRuns) },
    ]);
    expect(lost).toEqual([{ from: 'webgpu', to: 'cpu', step, reason: 'device lost' }]);
    expect(training.device).toBe('cpu');
    // As if somebody had stopped there and gone on with the other.
    const first = await trainer(onnxRuntime, 1);
    const second = await trainer(onnxRuntime, cpuRuns);
    open.push(first, second);
    const expected: number[] = [];
    while (first.step < step) expected.push(...(await first.runOnce(1)).losses);
    const checkpoint = first.checkpoint();
    second.restore({ ...checkpoint, batchInEpoch: checkpoint.batchInEpoch * cpuRuns });
    while (second.epoch < 3) expected.push(...(await second.runOnce(1)).losses);
    expect(losses).toHaveLength(18);
    expect(losses).toEqual(expected);
    expect(training.trainer.checkpoint()).toEqual(second.checkpoint());
  });

  it('in the middle of a step of several runs takes the whole step back', async () => {
    const { losses, lost } = await train([
      { name: 'cuda', open: () => trainer(vanishing(7), 4) },
      { name: 'cpu', open: () => trainer(onnxRuntime, 4) },
    ]);
    expect(lost).toMatchObject([{ step: 1 }]);
    const straight = await train([{ name: 'cpu', open: () => trainer(onnxRuntime, 4) }]);
    expect(losses).toEqual(straight.losses);
  });

  it.each([
    [1, 4],
    [4, 2],
  ])('leaves a checkpoint that another device goes on from (%d and %d runs a step)', async (before, after) => {
    const first = await DeviceTrainer.create({
      devices: [{ name: 'webgpu', open: () => trainer(onnxRuntime, before) }],
      onLost: () => undefined,
    });
    const second = await DeviceTrainer.create({
      devices: [{ name: 'cpu', open: () => trainer(onnxRuntime, after) }],
      onLost: () => undefined,
    });
    open.push(first, second);
    await first.trainer.runOnce(3);
    const checkpoint = first.checkpoint();
    expect(checkpoint).toMatchObject({ step: 3, epoch: 0, batchInEpoch: 3 });
    second.restore(checkpoint);
    expect(second.checkpoint()).toEqual(checkpoint);
    const theirs = [...(await second.trainer.runOnce(3)).losses];
    [...(await first.trainer.runOnce(3)).losses].forEach((loss, at) => expect(theirs[at]).toBeCloseTo(loss, 5));
    expect(second.trainer.epoch).toBe(1);
  });

  it('is passed over when it does not open', async () => {
    const { training, losses, lost } = await train([
      { name: 'cuda', open: () => Promise.reject(new Error('no adapter')) },
      { name: 'webgpu', open: () => trainer(vanishing(3), 1) },
      { name: 'cpu', open: () => trainer(onnxRuntime, 1) },
    ]);
    expect(lost.map(({ from, to, step }) => [from, to, step])).toEqual([
      ['cuda', 'webgpu', 0],
      ['webgpu', 'cpu', 2],
    ]);
    expect(training.device).toBe('cpu');
    expect(losses).toHaveLength(18);
  });

  it('and is the last is an error', async () => {
    await expect(train([{ name: 'cpu', open: () => trainer(vanishing(5), 1) }])).rejects.toMatchObject({
      code: 'MK_COMPILER_RUN_FAILED',
      params: { step: 5, reason: 'device lost' },
    });
    await expect(train([{ name: 'cuda', open: () => Promise.reject(new Error('no adapter')) }])).rejects.toThrow('no adapter');
  });

  it('is not followed by one that would make other steps', async () => {
    const devices = [
      { name: 'webgpu', open: () => trainer(vanishing(2), 1) },
      { name: 'cpu', open: () => trainer(onnxRuntime, 1, 4) },
    ];
    await expect(train(devices)).rejects.toThrow('steps of 8 and of 4 rows');
  });
});
