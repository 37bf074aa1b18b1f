import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint, multilayerPerceptron, type Runtime } from '../../../../compiler/index.ts';
import { testRandom } from '../../../../compiler/tests/runtimes.ts';
import { Calibrations } from '../../devices/Calibrations.ts';
import type { ProviderState } from '../../devices/providers.ts';
import { ortRuntime } from '../../worker/threads/ortRuntime.ts';
import type { FitControl, FitNotice } from '../learner.ts';
import { testControl } from '../learnerTestData.ts';
import { largeFrom, openTrainer, type NetworkTrainer, type NetworkTraining } from './openTrainer.ts';

const [featureCount, rowCount] = [6, 100];
const random = testRandom(5);
const training: NetworkTraining = {
  network: multilayerPerceptron({ featureCount, hiddenSizes: [9], outputCount: 3 }),
  loss: { kind: 'softmaxCrossEntropy' },
  optimizer: { kind: 'adam', beta2: 0.95, weightDecay: 0.1, decayed: ['weight1'] },
  batchSize: 16,
  data: {
    rowCount,
    inputs: { features: Float32Array.from({ length: rowCount * featureCount }, () => random() * 2 - 1) },
    targets: Int32Array.from({ length: rowCount }, (_, row) => row % 3),
    rowWeights: Float32Array.from({ length: rowCount }, (_, row) => (row % 2 === 0 ? 0.5 : 1.5)),
  },
  learningRate: (step) => 0.02 / step,
  runMs: 1,
  measuredAs: 'a perceptron',
};

const open: NetworkTrainer[] = [];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelkeep-trainer-'));
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.release();
  await rm(folder, { recursive: true });
});

async function opened(from: number, control: Partial<FitControl> = {}): Promise<NetworkTrainer> {
  const trainer = await openTrainer(training, testControl(control), from);
  open.push(trainer);
  return trainer;
}

async function trained(trainer: NetworkTrainer, epochs: number): Promise<{ weights: Record<string, ArrayLike<number>>; losses: number[] }> {
  const losses: number[] = [];
  while (trainer.epoch < epochs) losses.push(...(await trainer.runOnce()).losses);
  return { weights: trainer.weights(), losses };
}

describe('a network', () => {
  it('is trained alike in the graph and outside: the same steps, losses and weights up to rounding', async () => {
    const [small, large] = [await opened(largeFrom), await opened(0)];
    const [first, second] = [await trained(small, 4), await trained(large, 4)];
    expect([small.step, small.stepsPerEpoch]).toEqual([28, 7]);
    expect([large.step, large.stepsPerEpoch]).toEqual([28, 7]);
    expect(second.losses).toHaveLength(first.losses.length);
    first.losses.forEach((loss, step) => expect(second.losses[step]).toBeCloseTo(loss, 5));
    for (const [name, values] of Object.entries(first.weights))
      Array.from(values).forEach((each, at) => expect(second.weights[name]![at]).toBeCloseTo(each, 4));
  });

  it('that is large goes on from bytes wherever it stood, with the same bits', async () => {
    const whole = await trained(await opened(0), 3);
    const half = await opened(0);
    await half.runOnce();
    await half.runOnce();
    const bytes = encodeCheckpoint(half.checkpoint());
    const rest = await opened(0);
    rest.restore(decodeCheckpoint(bytes));
    expect(rest.step).toBe(half.step);
    expect((await trained(rest, 3)).weights).toEqual(whole.weights);
  });

  it('that is large is measured once for all that agree where there is a device, and then trained with equal bits', async () => {
    const runtime: Runtime = {
      ...ortRuntime,
      createSession: (bytes, settings) => ortRuntime.createSession(bytes, { ...settings, provider: 'cpu' }),
    };
    const among = (...providers: ProviderState[]): Partial<FitControl> => ({
      runtime,
      devices: { calibrations: new Calibrations(folder), providers: () => Promise.resolve(providers) },
    });
    const files = async (): Promise<string[]> => (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.json'));
    await opened(0, among({ provider: 'cpu' }, { provider: 'webgpu', unusable: 'no driver' }));
    expect(await files()).toEqual([]);
    const both = among({ provider: 'cpu' }, { provider: 'webgpu' });
    const [a, b] = await Promise.all([opened(0, both), opened(0, both)]);
    expect(await files()).toHaveLength(1);
    expect(await trained(a, 2)).toEqual(await trained(b, 2));
  });

  it('that loses its device goes on with the processor, and says so', async () => {
    const notices: FitNotice[] = [];
    let runs = 0;
    const counted = { failing: false };
    const runtime: Runtime = {
      ...ortRuntime,
      async createSession(bytes, settings) {
        const session = await ortRuntime.createSession(bytes, { ...settings, provider: 'cpu' });
        if (settings?.provider !== 'webgpu') {
          // Slow: the other is chosen.
          return { run: async (...given) => (await new Promise((done) => setTimeout(done, counted.failing ? 0 : 4)), session.run(...given)), release: () => session.release() }; // prettier-ignore
        }
        return {
          run: (feeds, fetches) =>
            counted.failing && ++runs > 3 ? Promise.reject(new Error('the driver was restarted')) : session.run(feeds, fetches),
          release: () => session.release(),
        };
      },
    };
    const devices = {
      calibrations: new Calibrations(folder),
      providers: () => Promise.resolve([{ provider: 'cpu' }, { provider: 'webgpu' }] as const),
    };
    const trainer = await opened(0, { runtime, devices, onNotice: (notice) => notices.push(notice) });
    counted.failing = true;
    await trained(trainer, 2);
    expect(notices).toEqual([
      {
        code: 'deviceLost',
        params: { from: 'webgpu', to: 'cpu', step: expect.any(Number) as unknown, reason: 'the driver was restarted' },
      },
    ]);
    expect(trainer.step).toBe(14);
  });
});
