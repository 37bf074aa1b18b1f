import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { compileGradients, GradientTrainer, initialWeights, type TrainingWorker } from '../../../../compiler/index.ts';
import { batchNorm, dropout, linear, ModelBuilder, relu } from '../../../../compiler/layers/index.ts';
import { testRandom } from '../../../../compiler/tests/runtimes.ts';
import { ortRuntime } from './ortRuntime.ts';
import { startGradientThread, trainingWorker } from './startGradientThread.ts';

const [featureCount, rowCount, batchRows] = [6, 44, 8];

/** A network with running statistics and Dropout, trained on halves or quarters of each batch. */
function open(workers: TrainingWorker[], units = 7): Promise<GradientTrainer> {
  const m = new ModelBuilder('shared');
  const hidden = batchNorm(m, linear(m, m.input('features', ['N', featureCount]), { name: 'first', units }), { name: 'norm' });
  m.output(linear(m, dropout(m, relu(m, hidden), 0.3), { name: 'head', units: 3 }), 'output');
  const network = m.build();
  const random = testRandom(3);
  return GradientTrainer.create({
    runtime: ortRuntime,
    compiled: compileGradients({
      ...network,
      forward: network.graph,
      loss: { kind: 'softmaxCrossEntropy' },
      batchSize: batchRows / (workers.length + 1),
    }),
    optimizer: { kind: 'adam', weightDecay: 0.01 },
    data: {
      rowCount,
      inputs: { features: Float32Array.from({ length: rowCount * featureCount }, () => random() * 2 - 1) },
      targets: Int32Array.from({ length: rowCount }, () => Math.floor(random() * 3)),
    },
    weights: initialWeights({ ...network.parameterShapes, ...network.stateShapes }, 5, network.schemes),
    learningRate: 0.01,
    seed: 11,
    nowMs: () => 0,
    workers,
  });
}

async function trained(workers: TrainingWorker[]) {
  const trainer = await open(workers);
  const losses = [];
  while (trainer.epoch < 3) losses.push(...(await trainer.runOnce()).losses);
  const result = { losses, checkpoint: trainer.checkpoint(), lost: trainer.lostWorkers };
  await trainer.release();
  return result;
}

function dying(dieInRun: number, by: 'exit' | 'error'): TrainingWorker {
  const entry = new URL('./fixtures/dyingThread.ts', import.meta.url);
  return trainingWorker(new Worker(entry, { workerData: { dieInRun, by } }));
}

describe('a thread that dies while it computes its part of a batch', () => {
  const reasons = { exit: /exit code 3/, error: /fault of its own/ };

  it.each(['exit', 'error'] as const)('leaves the same bits as one that lives, by %s', async (by) => {
    const lived = await trained([startGradientThread()]);
    expect(lived.lost).toEqual([]);
    const died = await trained([dying(9, by)]);
    expect(died.lost).toMatchObject([{ worker: 2, reason: expect.stringMatching(reasons[by]) }]);
    expect(died.losses).toEqual(lived.losses);
    expect(died.checkpoint).toEqual(lived.checkpoint);
  });

  it('leaves its part to this thread, and theirs to the others', async () => {
    const lived = await trained([startGradientThread(), startGradientThread(), startGradientThread()]);
    const died = await trained([dying(3, 'exit'), startGradientThread(), dying(7, 'exit')]);
    expect(died.lost.map(({ worker }) => worker)).toEqual([2, 4]);
    expect(died.losses).toEqual(lived.losses);
    expect(died.checkpoint).toEqual(lived.checkpoint);
  });

  it('while it starts is an error, and no thread is left', async () => {
    const other = startGradientThread();
    const gone = new Promise<string>((resolve) => other.onEnd(resolve));
    await expect(open([other, dying(0, 'exit'), startGradientThread()])).rejects.toMatchObject({
      code: 'MK_COMPILER_WORKER_LOST',
      params: { worker: 3, workers: 4, reason: 'exit code 3' },
    });
    expect(await gone).toBe('exit code 0');
  });
});

describe('a thread that is not needed any more', () => {
  it('ends after the run that is under way', async () => {
    const thread = startGradientThread();
    let ended: string | undefined;
    thread.onEnd((reason) => (ended = reason));
    const trainer = await open([thread], 2048);
    const running = trainer.runOnce(1);
    await sleep(1);
    await Promise.all([running, trainer.release()]);
    expect(ended).toBe('exit code 0');
    expect((await running).losses).toHaveLength(1);
    expect(trainer.lostWorkers).toEqual([]);
  });

  it('lets its process exit in order while it is in a run', () => {
    const { status, signal, stdout } = spawnSync(process.execPath, [
      fileURLToPath(new URL('./fixtures/exitingProcess.ts', import.meta.url)),
    ]);
    expect({ status, signal, said: String(stdout) }).toEqual({ status: 0, signal: null, said: 'in a run\n' });
  });

  it('is let go when the settings of the training are refused', async () => {
    const thread = startGradientThread();
    const gone = new Promise<string>((resolve) => thread.onEnd(resolve));
    await expect(
      GradientTrainer.create({ workers: [thread], accumulate: 0 } as unknown as Parameters<typeof GradientTrainer.create>[0]),
    ).rejects.toMatchObject({ code: 'MK_COMPILER_SETTING_INVALID' });
    expect(await gone).toBe('exit code 0');
  });
});
