import { describe, expect, it } from 'vitest';
import {
  batchNorm,
  compileGradients,
  initialWeights,
  linear,
  ModelBuilder,
  relu,
  type GradientSettings,
  type Network,
  type Runtime,
} from '../../index.ts';
import { onnxRuntime, testRandom } from '../../tests/runtimes.ts';
import { GradientTrainer } from './GradientTrainer.ts';
import { SizedTrainer, type SizedBatch, type SizedTrainerSettings } from './SizedTrainer.ts';

const width = 3;

/** A label for each token: linear, ReLU, linear. */
function tagger({ normalised = false } = {}): Network {
  const m = new ModelBuilder('tagger');
  const x = m.input('x', ['N', 'tokens', width]);
  const hidden = linear(m, x, { name: 'first', units: 4 });
  const flat = normalised ? m.g.transpose(batchNorm(m, m.g.transpose(hidden, [0, 2, 1]), { name: 'norm' }), [0, 2, 1]) : hidden;
  m.output(linear(m, relu(m, flat), { name: 'head', units: 2 }), 'output');
  return m.build();
}

function settingsOf(network: Network, overrides: Partial<SizedTrainerSettings> = {}): SizedTrainerSettings {
  const step: GradientSettings = {
    forward: network.graph,
    parameters: network.parameters,
    state: network.state,
    loss: { kind: 'meanSquaredError' },
    batchSize: 4,
    bindings: { tokens: 5 },
  };
  return {
    runtime: onnxRuntime,
    step,
    optimizer: { kind: 'adam' },
    weights: initialWeights({ ...network.parameterShapes, ...network.stateShapes }, 3, network.schemes),
    learningRate: 0.01,
    seed: 1,
    ...overrides,
  };
}

function batchOf(rowCount: number, tokens: number, seed = rowCount * 100 + tokens): SizedBatch {
  const random = testRandom(seed);
  const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, () => random() - 0.5);
  return { rowCount, inputs: { x: numbers(rowCount * tokens * width) }, targets: numbers(rowCount * tokens * 2) };
}

describe('SizedTrainer', () => {
  it('does for each batch what a trainer compiled for its sizes does, whatever came before', async () => {
    const network = tagger();
    const trainer = await SizedTrainer.create(settingsOf(network));
    for (const [rowCount, tokens] of [
      [4, 5],
      [3, 5],
      [4, 9],
      [1, 2],
      [10, 5],
      [4, 5],
    ] as const) {
      const batch = batchOf(rowCount, tokens);
      const alone = await GradientTrainer.create({
        runtime: onnxRuntime,
        compiled: compileGradients({
          ...settingsOf(network).step,
          batchSize: rowCount,
          bindings: { tokens },
        }),
        optimizer: { kind: 'sgd' },
        data: batch,
        weights: trainer.weights(),
        learningRate: 0,
        seed: 1,
        nowMs: () => 0,
      });
      const [expected, got] = [await alone.runOnce(1), await trainer.trainBatch(batch)];
      expect(got.loss).toBeCloseTo(expected.losses[0]!, 6);
      expect(got.gradientNorm).toBeCloseTo(expected.gradientNorms[0]!, 6);
      expect(got.sizes).toEqual({ batchSize: Math.ceil(rowCount / 4) * 4, bindings: { tokens } });
      await alone.release();
    }
    expect([trainer.step, trainer.compiledSizes]).toEqual([6, 4]);
    await trainer.release();
  });

  it('compiles a combination once, keeps as many as asked, and releases the one not used for longest', async () => {
    let [made, released] = [0, 0];
    const counting: Runtime = {
      ...onnxRuntime,
      createSession: async (bytes, settings) => {
        made++;
        const session = await onnxRuntime.createSession(bytes, settings);
        return { run: (feeds, fetches) => session.run(feeds, fetches), release: () => (released++, session.release()) };
      },
    };
    const trainer = await SizedTrainer.create(settingsOf(tagger(), { runtime: counting, limit: 2 }));
    for (const tokens of [5, 5, 6, 5]) await trainer.trainBatch(batchOf(4, tokens));
    expect([made, released]).toEqual([2, 0]);
    await trainer.trainBatch(batchOf(4, 7)); // 6 goes
    await trainer.trainBatch(batchOf(4, 5));
    expect([made, released, trainer.compiledSizes]).toEqual([3, 1, 2]);
    await trainer.trainBatch(batchOf(4, 6));
    expect(made).toBe(4);
    await trainer.release();
    expect(released).toBe(4);
  });

  it('carries running statistics from size to size', async () => {
    const network = tagger({ normalised: true });
    const trainer = await SizedTrainer.create(settingsOf(network));
    const [name] = Object.keys(network.state);
    const seen = [trainer.weights()[name!]!];
    for (const tokens of [5, 6, 5]) {
      await trainer.trainBatch(batchOf(4, tokens, 9));
      const now = trainer.weights()[name!]!;
      // A tenth of the way to the statistics of the batch, from where the batch before left it.
      expect(now).not.toEqual(seen.at(-1));
      seen.push(now);
    }
    await trainer.release();
  });

  it('goes on from a checkpoint with the same bits, through changing sizes', async () => {
    const settings = settingsOf(tagger());
    const sizes = [
      [4, 5],
      [2, 8],
      [4, 6],
      [3, 5],
    ] as const;
    const straight = await SizedTrainer.create(settings);
    const losses = [];
    for (const [rows, tokens] of sizes) losses.push((await straight.trainBatch(batchOf(rows, tokens))).loss);
    const first = await SizedTrainer.create(settings);
    for (const [rows, tokens] of sizes.slice(0, 2)) await first.trainBatch(batchOf(rows, tokens));
    const second = await SizedTrainer.create(settings);
    second.restore(first.checkpoint());
    const rest = [];
    for (const [rows, tokens] of sizes.slice(2)) rest.push((await second.trainBatch(batchOf(rows, tokens))).loss);
    expect(rest).toEqual(losses.slice(2));
    expect(second.weights()).toEqual(straight.weights());
    await Promise.all([straight, first, second].map((each) => each.release()));
  });

  it('names the input that fits no length, and trains on', async () => {
    const trainer = await SizedTrainer.create(settingsOf(tagger()));
    await expect(trainer.trainBatch({ ...batchOf(4, 5), inputs: { x: new Float32Array(4 * 5 * width + 1) } })).rejects.toMatchObject({
      code: 'MK_COMPILER_TRAINING_DATA_INVALID',
      params: { field: 'x' },
    });
    await expect(trainer.trainBatch({ ...batchOf(4, 5), targets: new Float32Array(3) })).rejects.toMatchObject({
      code: 'MK_COMPILER_TRAINING_DATA_INVALID',
    });
    expect((await trainer.trainBatch(batchOf(4, 5))).loss).toBeGreaterThan(0);
    await trainer.release();
  });
});
