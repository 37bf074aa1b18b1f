import { describe, expect, it } from 'vitest';
import { counterRandom } from '../../../../platform/random.ts';
import { ortRuntime } from '../../worker/threads/ortRuntime.ts';
import { decodeLearnerState, encodeLearnerState } from '../../worker/fit/learnerStateFile.ts';
import type { Matrix, NetworkTarget } from '../matrix.ts';
import { fitTemperature, networkLoss, softmax } from '../networkLoss.ts';
import type { FitControl, FitData, LearnerState } from '../learner.ts';
import { mlpLearner } from './mlpLearner.ts';
import {
  trainNetwork,
  type NetworkData,
  type NetworkPlan,
  type NetworkState,
  type TrainedNetwork,
  type TrainingControl,
} from './trainNetwork.ts';

const plan: NetworkPlan = {
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
  it('goes on wherever it stood, and ends with the same bits', async () => {
    const whole = await weightsOf(await trainNetwork(plan, data, control()));
    // Every place where a state could have been kept: between epochs and inside them.
    const states: NetworkState[] = [];
    const cut = await trainNetwork(plan, data, control({ onState: async (state) => void states.push(structuredClone(state())) }));
    await cut.release();
    expect(states.length).toBeGreaterThan(12);
    expect(states.some((state) => state.trainer.batchInEpoch > 0)).toBe(true);
    for (const resume of states.filter((_, at) => at % 5 === 0))
      expect(await weightsOf(await trainNetwork(plan, data, control({ resume })))).toEqual(whole);
  });

  it('goes on from bytes of the disk, as a learner', async () => {
    const labelled = ({ features, target }: NetworkData['train']): FitData['train'] => ({
      features,
      target: target as { kind: 'class'; codes: Int32Array; classes: number },
    });
    const fitData: FitData = {
      task: { kind: 'class', classes: 2 },
      columns: [0, 1].map((at) => ({ name: `x${at}`, kind: 'number' as const })),
      train: labelled(data.train),
      validation: labelled(data.validation),
    };
    const kept: Uint8Array[] = [];
    const fitControl = (resume?: LearnerState): FitControl => ({
      nowMs: () => performance.now(),
      deadlineMs: Infinity,
      shouldStop: () => 'no',
      onPoint: () => {},
      seed: 3,
      runtime: ortRuntime,
      threads: 1,
      ...(resume ? { resume } : {}),
      onState: async (state) => void kept.push(encodeLearnerState(state())),
    });
    const settings = { hidden: [8], learningRate: 0.01, weightDecay: 0.01, dropout: 0.2, epochs: 6 };
    const whole = encodeLearnerState((await mlpLearner.fit(fitData, settings, fitControl())).state());
    for (const bytes of [kept[0]!, kept[kept.length >> 1]!, kept.at(-1)!]) {
      const resumed = await mlpLearner.fit(fitData, settings, fitControl(decodeLearnerState(bytes)));
      expect(decodeLearnerState(encodeLearnerState(resumed.state())).arrays).toEqual(decodeLearnerState(whole).arrays);
    }
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
