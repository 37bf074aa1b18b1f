import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  compileGradients,
  convolutionalNetwork,
  decodeCheckpoint,
  encodeCheckpoint,
  GradientTrainer,
  initialWeights,
  type Checkpoint,
  type LossSettings,
} from '../../../compiler/index.ts';
import { openDuck, quoteText } from '../worker/table/duck.ts';
import { ortRuntime } from '../worker/threads/ortRuntime.ts';
import { startGradientThread } from '../worker/threads/startGradientThread.ts';
import { openPipeline } from './openPipeline.ts';
import type { PipelineSettings } from './pipelineSettings.ts';

const size = { width: 14, height: 14, channels: 1 } as const;
const classes = ['bag', 'dress', 'shirt', 'sneaker'];
const network = convolutionalNetwork({ imageShape: [1, 14, 14], channels: [4, 8], outputCount: 4, dropoutRate: 0.1 });
const samples = join(import.meta.dirname, '../../../../resources/samples');

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelkeep-pipeline-'));
  file = join(folder, 'fashion.parquet');
  using duck = await openDuck();
  await duck.connection.run(
    `COPY (SELECT content AS image, regexp_extract(filename, '([a-z]+)[\\\\/][0-9]+.png', 1) AS label FROM read_blob(${quoteText(`${samples}/fashion/images/*/*.png`)}) ORDER BY filename)
     TO ${quoteText(file)} (FORMAT parquet)`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const augmented: Partial<PipelineSettings> = {
  arrays: [
    {
      kind: 'images',
      name: 'images',
      column: 'image',
      size,
      mean: [0.3],
      deviation: [0.3],
      augment: [
        { kind: 'shift', pixels: 2 },
        { kind: 'flip', horizontal: 0.5 },
        { kind: 'affine', rotationDegrees: 10, scale: 1.1 },
        { kind: 'color', brightness: 0.2, contrast: 0.2 },
        { kind: 'erase', probability: 0.3 },
      ],
    },
    { kind: 'classes', name: 'train.targets', column: 'label', classes },
  ],
};
const mixed: Partial<PipelineSettings> = {
  arrays: [augmented.arrays![0]!, { kind: 'classes', name: 'train.targets', column: 'label', classes, oneHot: true }],
  batch: [{ kind: 'cutmix', alpha: 1, images: 'images', shape: size, targets: ['train.targets'] }],
};

interface Run {
  pipeline?: Partial<PipelineSettings>;
  loss?: LossSettings;
  from?: Checkpoint;
  /** Steps after which the training is broken off. */
  steps?: number;
  epochs?: number;
  workers?: number;
}

/** Trains with a pipeline and a trainer of its own, as a process that was started anew would. */
async function train({
  pipeline = augmented,
  loss = { kind: 'softmaxCrossEntropy' },
  from,
  steps = Infinity,
  epochs = 2,
  workers = 0,
}: Run) {
  await using loader = await openPipeline({ file, tmp: folder, arrays: [], ...pipeline });
  const compiled = compileGradients({ forward: network.graph, parameters: network.parameters, loss, batchSize: 32 / (workers + 1) });
  const trainer = await GradientTrainer.create({
    runtime: ortRuntime,
    compiled,
    optimizer: { kind: 'adam' },
    data: loader,
    weights: initialWeights(network.parameterShapes, 3, network.schemes),
    learningRate: 3e-3,
    seed: 7,
    nowMs: () => performance.now(),
    workers: Array.from({ length: workers }, startGradientThread),
  });
  try {
    if (from) trainer.restore(from);
    const losses: number[] = [];
    while (trainer.epoch < epochs && losses.length < steps) losses.push(...(await trainer.runOnce(1)).losses);
    return { losses, checkpoint: trainer.checkpoint() };
  } finally {
    await trainer.release();
  }
}

it('a training from augmented images repeats bit for bit, with any number of threads, and learns', async () => {
  const once = await train({ epochs: 12 });
  const again = await train({ epochs: 12, pipeline: { ...augmented, threads: 2, memoryMb: 0.1 } });
  expect(again).toEqual(once);
  const mean = (losses: number[]): number => losses.reduce((sum, each) => sum + each, 0) / losses.length;
  expect(mean(once.losses.slice(-8))).toBeLessThan(0.75 * mean(once.losses.slice(0, 8)));
});

it.each([
  { name: 'augmented', run: {} },
  { name: 'mixed targets', run: { pipeline: mixed, loss: { kind: 'klDivergence' } as const } },
  { name: 'two gradient threads', run: { workers: 1 } },
])('a training that ended in the middle of an epoch goes on as if it had not: $name', async ({ run }) => {
  const whole = await train(run);
  const half = await train({ ...run, steps: Math.floor(whole.losses.length / 2) + 1 });
  expect(half.checkpoint.batchInEpoch).toBeGreaterThan(0);
  const rest = await train({ ...run, from: decodeCheckpoint(encodeCheckpoint(half.checkpoint)) });
  expect([...half.losses, ...rest.losses]).toEqual(whole.losses);
  expect(rest.checkpoint).toEqual(whole.checkpoint);
});

it('an image that breaks in training stops it by name, with the weights of the step before', async () => {
  const broken = join(folder, 'broken.parquet');
  using duck = await openDuck();
  await duck.connection.run(
    `COPY (SELECT CASE WHEN file_row_number = 50 THEN image[1:99] ELSE image END AS image, label FROM read_parquet(${quoteText(file)}, file_row_number = true))
     TO ${quoteText(broken)} (FORMAT parquet)`,
  );
  await expect(train({ pipeline: { ...augmented, file: broken } })).rejects.toMatchObject({
    code: 'MK_TRAIN_ROW_UNREADABLE',
    params: { row: 50, column: 'image' },
  });
});
