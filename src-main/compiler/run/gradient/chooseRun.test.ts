import { describe, expect, it } from 'vitest';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { compileGradients, GradientTrainer, initialWeights, multilayerPerceptron } from '../../index.ts';
import { startGradientThread } from '../../../stages/4-train/worker/threads/startGradientThread.ts';
import { onnxRuntime } from '../../tests/runtimes.ts';
import { chooseRun, type ChooseRunSettings, type RunChoice } from './chooseRun.ts';

/** A machine by what a run costs on it, on a clock of its own. */
function machine(msOf: (choice: RunChoice) => number, settings: Partial<ChooseRunSettings> = {}) {
  let now = 0;
  let longest = 0;
  let released = 0;
  const tried: RunChoice[] = [];
  return {
    tried,
    longest: () => longest,
    spent: () => now,
    released: () => released,
    choose: () =>
      chooseRun({
        batchRows: 64,
        providers: ['cpu'],
        threads: 2,
        mayCut: true,
        nowMs: () => now,
        create: async (choice) => {
          tried.push(choice);
          const ms = msOf(choice);
          return {
            batchRows: choice.rowsPerRun * (choice.workers + 1),
            async runOnce(batches) {
              now += ms * batches;
              longest = Math.max(longest, ms);
              return { losses: new Float32Array(batches) };
            },
            release: async () => void released++,
          };
        },
        ...settings,
      }),
  };
}

/** 1 ms a run and so much a row; threads with parts share the rows. */
const perRow = (ms: number) => (choice: RunChoice) => 1 + ms * choice.rowsPerRun * (choice.threads > 1 ? 0.8 : 1);

describe('chooseRun', () => {
  it('takes the whole batch in one run where that is quick, on the threads that share it', async () => {
    const chosen = await machine(perRow(0.1)).choose();
    expect(chosen).toMatchObject({
      choice: { provider: 'cpu', rowsPerRun: 32, microBatch: 32, workers: 1, threads: 1, optimization: 'all' },
      runsPerStep: 1,
    });
    expect(chosen.msPerRun).toBeCloseTo(4.2, 9);
  });

  it('cuts a slow step into runs that a stop can wait for, and tries none that is slower', async () => {
    const slow = machine(perRow(150));
    const { choice, runsPerStep, msPerRun } = await slow.choose();
    expect(choice).toMatchObject({ rowsPerRun: 4, workers: 1 });
    expect(runsPerStep).toBe(8);
    expect(msPerRun).toBeLessThanOrEqual(1000);
    expect(slow.longest()).toBeLessThanOrEqual(1000);
    expect(slow.released()).toBe(slow.tried.length);
  });

  it('says how long a stop waits where one row takes too long', async () => {
    const { choice, runsPerStep, msPerRun } = await machine(perRow(3000)).choose();
    expect(choice).toMatchObject({ rowsPerRun: 1, microBatch: 1, workers: 1 });
    expect(runsPerStep).toBe(32);
    expect(msPerRun).toBe(3001);
  });

  it('never cuts a batch whose rows see each other', async () => {
    const whole = machine(perRow(100), { mayCut: false });
    const { choice, runsPerStep } = await whole.choose();
    expect(choice).toMatchObject({ rowsPerRun: 64, microBatch: 64, workers: 0, threads: 2 });
    expect(runsPerStep).toBe(1);
    expect(new Set(whole.tried.map(({ rowsPerRun, workers }) => `${rowsPerRun} ${workers}`))).toEqual(new Set(['64 0']));
  });

  it('chooses micro-batch, rewriting and threads by their time', async () => {
    const cost = ({ microBatch, optimization, workers, threads, rowsPerRun }: RunChoice) =>
      (microBatch === 16 ? 1 : 2) * (optimization === 'disabled' ? 1 : 1.5) * (workers > 0 ? 1.2 : threads > 1 ? 0.5 : 1) * rowsPerRun;
    const { choice } = await machine(cost).choose();
    expect(choice).toMatchObject({ microBatch: 16, optimization: 'disabled', workers: 0, threads: 2, rowsPerRun: 64 });
  });

  it('takes another device only where it is faster, and goes on without those that fail', async () => {
    const onDevice = (gain: number) => (choice: RunChoice) => {
      if (choice.provider === 'cuda') throw new ModelkeepError('MK_KERNELS_MEMORY_EXCEEDED', { neededMb: 2, limitMb: 1 });
      return perRow(0.1)(choice) * (choice.provider === 'webgpu' ? gain : 1);
    };
    const providers = ['cpu', 'webgpu', 'cuda'] as const;
    const slower = await machine(onDevice(0.9), { providers }).choose();
    expect(slower.choice.provider).toBe('cpu');
    expect(slower.entries.filter(({ failure }) => failure)).toMatchObject([
      { label: expect.stringContaining('cuda'), msPerThousandRows: null, failure: { code: 'MK_KERNELS_MEMORY_EXCEEDED' } },
    ]);
    const faster = await machine(onDevice(0.1), { providers }).choose();
    expect(faster.byProvider.map(({ choice }) => choice.provider)).toEqual(['cpu', 'webgpu']);
    expect(faster.choice).toMatchObject({ provider: 'webgpu', rowsPerRun: 64, workers: 0, threads: 1 });
    await expect(machine(onDevice(1), { providers: ['cuda'] }).choose()).rejects.toMatchObject({ code: 'MK_KERNELS_MEMORY_EXCEEDED' });
  });

  it('gives the same for the same times', async () => {
    const cost = (choice: RunChoice) => perRow(2)(choice) * (1 + ((choice.microBatch * 7) % 5) / 10);
    expect(await machine(cost).choose()).toEqual(await machine(cost).choose());
  });

  it('ends when a stop is asked for', async () => {
    let asked = 0;
    const stopped = machine(perRow(1), { shouldStop: () => asked++ > 5 });
    await expect(stopped.choose()).rejects.toMatchObject({ code: 'MK_JOB_CANCELLED' });
    expect(stopped.released()).toBe(stopped.tried.length);
  });

  it('times real trainings', async () => {
    const network = multilayerPerceptron({ featureCount: 4, hiddenSizes: [8], outputCount: 2 });
    const chosen = await chooseRun({
      batchRows: 8,
      providers: ['cpu'],
      threads: 2,
      mayCut: true,
      nowMs: () => performance.now(),
      msPerCandidate: 5,
      create: ({ rowsPerRun, microBatch, workers, threads, optimization }) =>
        GradientTrainer.create({
          runtime: onnxRuntime,
          compiled: compileGradients({
            ...network,
            forward: network.graph,
            loss: { kind: 'softmaxCrossEntropy' },
            batchSize: rowsPerRun,
            microBatch,
          }),
          optimizer: { kind: 'adam' },
          data: { rowCount: 64, inputs: { features: new Float32Array(256) }, targets: new Int32Array(64) },
          weights: initialWeights(network.parameterShapes, 1),
          learningRate: 0.1,
          seed: 1,
          nowMs: () => performance.now(),
          session: { threads, optimization },
          workers: Array.from({ length: workers }, startGradientThread),
        }),
    });
    const { rowsPerRun, microBatch, workers } = chosen.choice;
    expect(rowsPerRun * (workers + 1) * chosen.runsPerStep).toBe(8);
    expect(rowsPerRun % microBatch).toBe(0);
    expect(chosen.entries.filter(({ failure }) => failure)).toEqual([]);
    expect(chosen.entries.some(({ msPerThousandRows }) => msPerThousandRows === chosen.msPerThousandRows)).toBe(true);
  });
});
