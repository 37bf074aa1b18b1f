import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { compileGradients, GradientTrainer, initialWeights, minimizeLbfgs, type GradientTrainerSettings } from '../../index.ts';
import { batchNorm, dropout, linear, ModelBuilder, relu } from '../../layers/index.ts';
import { onnxRuntime, testRandom } from '../../tests/runtimes.ts';

const open: GradientTrainer[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.release();
});

let runs = 0;
/** Counts the runs of step graphs. */
const counting: GradientTrainerSettings['runtime'] = {
  ...onnxRuntime,
  async createSession(bytes, settings) {
    const session = await onnxRuntime.createSession(bytes, settings);
    return {
      run(feeds, fetches) {
        runs++;
        return session.run(feeds, fetches);
      },
      release: () => session.release(),
    };
  },
};

/** A network with running statistics and Dropout: all that a step moves on. */
async function trainer({ units, rowCount, batchSize, accumulate }: Record<'units' | 'rowCount' | 'batchSize' | 'accumulate', number>) {
  const featureCount = 16;
  const m = new ModelBuilder('stopping');
  const hidden = relu(m, batchNorm(m, linear(m, m.input('features', ['N', featureCount]), { name: 'first', units }), { name: 'norm' }));
  m.output(linear(m, dropout(m, linear(m, hidden, { name: 'second', units }), 0.3), { name: 'head', units: 3 }), 'output');
  const network = m.build();
  const random = testRandom(3);
  const made = await GradientTrainer.create({
    runtime: counting,
    compiled: compileGradients({ ...network, forward: network.graph, loss: { kind: 'softmaxCrossEntropy' }, batchSize }),
    optimizer: { kind: 'adam', weightDecay: 0.01 },
    accumulate,
    data: {
      rowCount,
      inputs: { features: Float32Array.from({ length: rowCount * featureCount }, () => random() * 2 - 1) },
      targets: Int32Array.from({ length: rowCount }, () => Math.floor(random() * 3)),
    },
    weights: initialWeights({ ...network.parameterShapes, ...network.stateShapes }, 5, network.schemes),
    learningRate: 0.01,
    seed: 11,
    nowMs: () => performance.now(),
  });
  open.push(made);
  runs = 0;
  return made;
}

describe('a stop inside a step of several runs', () => {
  const settings = { units: 8, rowCount: 44, batchSize: 4, accumulate: 4 };

  it.each([1, 2, 3])('gives the step up after %d runs, as if it had not begun', async (after) => {
    const straight = await trainer(settings);
    const losses = [];
    while (straight.epoch < 3) losses.push(...(await straight.runOnce(1)).losses);
    const stopped = await trainer(settings);
    const before = [...(await stopped.runOnce(1)).losses];
    const checkpoint = stopped.checkpoint();
    runs = 0;
    const report = await stopped.runOnce(2, () => runs === after);
    expect(report).toMatchObject({ gaveUp: true, step: 1, epoch: 0, losses: new Float32Array(0) });
    expect(runs).toBe(after);
    expect(stopped.checkpoint()).toEqual(checkpoint);
    while (stopped.epoch < 3) before.push(...(await stopped.runOnce(1)).losses);
    expect(before).toEqual(losses);
    expect(stopped.checkpoint()).toEqual(straight.checkpoint());
  });

  it('keeps the steps that were made in the same run', async () => {
    const stopped = await trainer(settings);
    const reports = [];
    for await (const report of stopped.train({ epochs: 2, shouldStop: () => runs === 6 })) reports.push(report);
    expect(reports).toMatchObject([{ gaveUp: true, step: 1, batchInEpoch: 4 }]);
    expect(runs).toBe(6);
  });

  it('ends a slow step before its end when the wish arrives as a message', async () => {
    const slow = await trainer({ units: 768, rowCount: 20_480, batchSize: 128, accumulate: 160 });
    let asked = false;
    const wish = sleep(20).then(() => (asked = true));
    const reports = [];
    for await (const report of slow.train({ epochs: 1, shouldStop: async () => (await setImmediate(), asked) })) reports.push(report);
    await wish;
    expect(reports).toEqual([]);
    expect(runs).toBeGreaterThan(0);
    expect(runs).toBeLessThan(slow.runsPerStep);
    expect(slow.step).toBe(0);
  });
});

describe('a stop inside an evaluation of L-BFGS', () => {
  it('gives the iteration up between two batches, with the weights before it', async () => {
    const settings = { units: 8, rowCount: 44, batchSize: 4, accumulate: 1 };
    const whole = await trainer(settings);
    const expected = await minimizeLbfgs((each) => whole.lossAndGradient(each), whole.parametersInOrder(), { iterations: 2 });
    const stopped = await trainer(settings);
    // In the middle of the third iteration: each evaluation has 11 batches.
    const last = 11 * expected.evaluations + 5;
    const result = await minimizeLbfgs((each) => stopped.lossAndGradient(each, () => runs === last), stopped.parametersInOrder());
    expect(runs).toBe(last);
    expect(result).toEqual({ ...expected, evaluations: expected.evaluations + 1, ended: 'asked' });
  });
});
