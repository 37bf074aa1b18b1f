import { describe, expect, it } from 'vitest';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { compileGradients, GradientTrainer, initialWeights, multilayerPerceptron } from '../../index.ts';
import { onnxRuntime } from '../../tests/runtimes.ts';
import { calibrate, calibrateInTurn, microBatches, type Candidate } from './calibrate.ts';

let now = 0;
const nowMs = () => now;
let released = 0;
let created = 0;

/** A real trainer on a clock that goes on by `stepMs` in each step. */
async function trainer({
  batchSize = 8,
  microBatch,
  stepMs = 10,
}: {
  batchSize?: number;
  microBatch?: number;
  stepMs?: number;
}): Promise<GradientTrainer> {
  const network = multilayerPerceptron({ featureCount: 4, hiddenSizes: [], outputCount: 2 });
  const compiled = compileGradients({
    forward: network.graph,
    parameters: network.parameters,
    loss: { kind: 'softmaxCrossEntropy' },
    batchSize,
    ...(microBatch !== undefined && { microBatch }),
  });
  created++;
  return GradientTrainer.create({
    runtime: {
      ...onnxRuntime,
      async createSession(bytes, settings) {
        const session = await onnxRuntime.createSession(bytes, settings);
        return {
          run: (feeds, fetches) => {
            now += stepMs;
            return session.run(feeds, fetches);
          },
          release: () => {
            released++;
            return session.release();
          },
        };
      },
    },
    compiled,
    optimizer: { kind: 'sgd' },
    data: { rowCount: 16, inputs: { features: new Float32Array(64) }, targets: new Int32Array(16) },
    weights: initialWeights(network.parameterShapes, 1),
    learningRate: 0.1,
    seed: 1,
    nowMs,
  });
}

const candidate = (label: string, options: Parameters<typeof trainer>[0]): Candidate => ({ label, create: () => trainer(options) });

describe('calibrate', () => {
  it('gives the fastest per row, and releases every trainer', async () => {
    [created, released] = [0, 0];
    const { best, entries } = await calibrate(
      [candidate('slow', { stepMs: 20 }), candidate('fast', { stepMs: 10 }), candidate('large', { batchSize: 16, stepMs: 16 })],
      { nowMs, msPerCandidate: 100 },
    );
    expect(best.label).toBe('large');
    expect(entries).toMatchObject([
      { msPerThousandRows: 2500, msPerBatch: 20, steps: 5 },
      { msPerThousandRows: 1250, msPerBatch: 10, steps: 11 },
      { msPerThousandRows: 1000, msPerBatch: 16 },
    ]);
    expect([created, released]).toEqual([3, 3]);
  });

  it('keeps the simpler one where the difference is noise', async () => {
    const { best } = await calibrate([candidate('first', { stepMs: 100 }), candidate('second', { stepMs: 98 })], { nowMs });
    expect(best.label).toBe('first');
  });

  it('goes on without candidates that fail, and says why', async () => {
    const broken: Candidate = {
      label: 'broken',
      create: () => Promise.reject(new ModelkeepError('MK_KERNELS_MEMORY_EXCEEDED', { neededMb: 1, limitMb: 0 })),
    };
    const { best, entries } = await calibrate([broken, candidate('works', {})], { nowMs });
    expect(best.label).toBe('works');
    expect(entries[0]).toMatchObject({ msPerThousandRows: null, failure: { code: 'MK_KERNELS_MEMORY_EXCEEDED' } });
    await expect(calibrate([broken], { nowMs })).rejects.toMatchObject({ code: 'MK_KERNELS_MEMORY_EXCEEDED' });
  });

  it('chooses one dimension after the other', async () => {
    const create = ({ microBatch, stepMs }: { microBatch: number; stepMs: number }) => trainer({ microBatch, stepMs: stepMs * microBatch });
    const { choice, entries } = await calibrateInTurn(
      { microBatch: 8, stepMs: 10 },
      [
        [{ microBatch: 8 }, { microBatch: 4 }],
        [{ stepMs: 10 }, { stepMs: 3 }],
      ],
      create,
      { nowMs },
    );
    expect(choice).toEqual({ microBatch: 4, stepMs: 3 });
    expect(entries).toHaveLength(4);
  });

  it('halves batches while rows remain whole', () => {
    expect(microBatches(32)).toEqual([32, 16, 8, 4]);
    expect(microBatches(12)).toEqual([12, 6]);
    expect(microBatches(1)).toEqual([1]);
  });
});
