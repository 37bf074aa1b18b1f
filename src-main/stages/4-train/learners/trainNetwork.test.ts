import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { counterRandom } from '../../../platform/random.ts';
import { ortRuntime } from '../worker/ortRuntime.ts';
import { RunFolder } from '../worker/runFolder.ts';
import type { Matrix, NetworkTarget } from './matrix.ts';
import { fitTemperature, networkLoss, softmax } from './networkLoss.ts';
import { planCandidates, type Plan } from './plan.ts';
import { trainNetwork, type NetworkData, type NetworkState, type TrainedNetwork, type TrainingControl } from './trainNetwork.ts';

const plan: Plan = {
  learner: 'mlp',
  hidden: [16],
  learningRate: 0.01,
  weightDecay: 0.01,
  dropout: 0.2,
  batchSize: 16,
  maxEpochs: 12,
  seed: 3,
};

/** Two noisy rings: no line separates them. */
function rings(rows: number, seed: number): { features: Matrix; target: NetworkTarget } {
  const random = counterRandom(seed);
  const data = new Float32Array(rows * 2);
  const codes = Int32Array.from({ length: rows }, (_, row) => {
    const outer = row % 2;
    const [angle, radius] = [random.next() * 2 * Math.PI, 1 + outer + 0.2 * random.normal()];
    data.set([radius * Math.cos(angle), radius * Math.sin(angle)], row * 2);
    return outer;
  });
  return { features: { rows, width: 2, data }, target: { kind: 'class', codes, classes: 2 } };
}
const data: NetworkData = { train: rings(300, 1), validation: rings(200, 2) };

const control = (more: Partial<TrainingControl> = {}): TrainingControl => ({
  runtime: ortRuntime,
  nowMs: () => performance.now(),
  memoryBytes: () => process.memoryUsage.rss(),
  shouldStop: () => 'no',
  onPoint: () => {},
  onState: async () => {},
  resume: null,
  ...more,
});

async function weightsOf(trained: TrainedNetwork): Promise<Record<string, number[]>> {
  const weights = Object.fromEntries(Object.entries(trained.weights).map(([name, each]) => [name, [...each]]));
  await trained.release();
  return weights;
}

describe('training a network', () => {
  it('keeps the weights of the epoch with the lowest validation loss', async () => {
    const trained = await trainNetwork({ ...plan, maxEpochs: 60, dropout: 0 }, data, control());
    const outputs = await trained.predict(data.validation.features);
    const losses = trained.curve.map((point) => point.validationLoss!);
    expect(networkLoss(outputs, data.validation.target)).toBeCloseTo(Math.min(...losses), 6);
    expect(Math.min(...losses)).toBeLessThan(0.1);
    expect(trained.curve[trained.epochs - 1]!.validationLoss).toBe(Math.min(...losses));
    await trained.release();
  });

  it('stops when asked, with what it has', async () => {
    let asked = 0;
    const trained = await trainNetwork(plan, data, control({ shouldStop: () => (++asked > 3 ? 'asked' : 'no') }));
    expect(trained.ended).toBe('asked');
    expect(trained.curve.length).toBeGreaterThan(0);
    await trained.release();
  });

  it('stops at its deadline even inside the first epoch', async () => {
    const trained = await trainNetwork(plan, data, control({ shouldStop: () => 'time' }));
    expect(trained).toMatchObject({ ended: 'time', epochs: 0 });
    await trained.release();
  });
});

describe('a training that is cut off', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'modelkeep-train-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('goes on from the disk, wherever it stood, and ends with the same bits', async () => {
    const whole = await weightsOf(await trainNetwork(plan, data, control()));
    // Every place where a state could have been kept: between epochs and inside them.
    const states: NetworkState[] = [];
    const cut = await trainNetwork(plan, data, control({ onState: async (state) => void states.push(structuredClone(state())) }));
    await cut.release();
    expect(states.length).toBeGreaterThan(12);
    expect(states.some((state) => state.trainer.batchInEpoch > 0)).toBe(true);
    for (const state of states.filter((_, at) => at % 5 === 0)) {
      await (await RunFolder.open(folder)).keepState(4, state, 1000);
      const reopened = await RunFolder.open(folder);
      expect(reopened.elapsedMs).toBe(1000);
      const resume = await reopened.state(4);
      expect(resume).toEqual(state);
      expect(await weightsOf(await trainNetwork(plan, data, control({ resume })))).toEqual(whole);
    }
  });

  it('starts a candidate over when the kept state is of another or damaged', async () => {
    const folderOf = await RunFolder.open(folder);
    let kept: NetworkState | null = null;
    await (await trainNetwork(plan, data, control({ onState: async (state) => void (kept ??= state()) }))).release();
    await folderOf.keepState(1, kept!, 0);
    expect(await folderOf.state(2)).toBeNull();
    const { writeFile, readFile } = await import('node:fs/promises');
    const file = join(folder, 'current.state');
    await writeFile(file, (await readFile(file)).subarray(0, 200));
    expect(await folderOf.state(1)).toBeNull();
  });
});

describe('temperature', () => {
  it('undoes logits that are three times too sure', () => {
    const random = counterRandom(11);
    const rows = 4000;
    const logits = new Float32Array(rows * 2);
    const codes = Int32Array.from({ length: rows }, (_, row) => {
      const z = 2 * random.normal();
      logits.set([0, 3 * z], row * 2);
      return random.next() < 1 / (1 + Math.exp(-z)) ? 1 : 0;
    });
    expect(fitTemperature(logits, { kind: 'class', codes, classes: 2 })).toBeCloseTo(3, 0);
  });

  it('leaves the order of classes and the sum of one', () => {
    const p = softmax([1, 2, 3, 5000, 0, 0], 3, 2);
    expect(p[0]! + p[1]! + p[2]!).toBeCloseTo(1, 12);
    expect([...p.subarray(3)]).toEqual([1, 0, 0]);
  });
});

describe('the plan', () => {
  it('depends on the request alone', () => {
    const input = { task: 'binary', learners: ['baseline', 'linear', 'mlp'], trainRows: 5000, timeBudgetMs: 60_000, seed: 1 } as const;
    expect(planCandidates(input)).toEqual(planCandidates(input));
    expect(planCandidates(input).map((each) => each.learner)).toEqual([
      'baseline',
      'linear',
      'linear',
      'linear',
      'mlp',
      'mlp',
      'mlp',
      'mlp',
    ]);
    expect(planCandidates({ ...input, seed: 2 })).not.toEqual(planCandidates(input));
    expect(planCandidates({ ...input, learners: ['linear'] }).every((each) => each.learner === 'linear')).toBe(true);
  });
});
