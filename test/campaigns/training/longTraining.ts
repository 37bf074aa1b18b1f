// One long training in a process of its own: node longTraining.ts KIND STEPS FOLDER. Goes on from FOLDER/checkpoint when there is one,
// writes it atomically about twice a second, prints a line of JSON now and then, and at the end the hash of everything it carries.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  compileGradients,
  compileTraining,
  decodeCheckpoint,
  encodeCheckpoint,
  GradientTrainer,
  initialWeights,
  Trainer,
  warmUp,
  cosine,
} from '../../../src-main/compiler/index.ts';
import { batchNorm, dropout, linear, ModelBuilder, relu } from '../../../src-main/compiler/layers/index.ts';
import { writeFileDurable } from '../../../src-main/platform/files.ts';
import { ortRuntime } from '../../../src-main/stages/4-train/worker/threads/ortRuntime.ts';
import { startGradientThread } from '../../../src-main/stages/4-train/worker/threads/startGradientThread.ts';

export type TrainingKind = 'graph' | 'gradients' | 'threads';

const [rowCount, featureCount, classCount, batchSize] = [2048, 64, 10, 32];
const optimizer = { kind: 'adam', weightDecay: 0.01, clipNorm: 1, average: { kind: 'exponential' } } as const;

function network() {
  const m = new ModelBuilder('long');
  const hidden = relu(
    m,
    batchNorm(m, linear(m, m.input('features', ['N', featureCount]), { name: 'first', units: 128 }), { name: 'norm' }),
  );
  m.output(linear(m, dropout(m, hidden, 0.2), { name: 'head', units: classCount }), 'output');
  return m.build();
}

async function open(kind: TrainingKind, steps: number): Promise<Trainer | GradientTrainer> {
  const built = network();
  let state = 12_345;
  const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const features = Float32Array.from({ length: rowCount * featureCount }, () => random() * 2 - 1);
  const targets = Int32Array.from({ length: rowCount }, (_, row) => (features[row * featureCount]! > 0 ? 1 : 0) + Math.floor(random() * 5));
  const common = { ...built, forward: built.graph, loss: { kind: 'softmaxCrossEntropy' } as const };
  const rest = {
    runtime: ortRuntime,
    data: { rowCount, inputs: { features }, targets },
    weights: initialWeights({ ...built.parameterShapes, ...built.stateShapes }, 1, built.schemes),
    learningRate: warmUp(100, cosine({ rate: 1e-3, steps: steps - 100 })),
    seed: 7,
    nowMs: () => performance.now(),
  };
  if (kind === 'graph') return Trainer.create({ ...rest, compiled: compileTraining({ ...common, optimizer, batchSize }) });
  const workers = kind === 'threads' ? [startGradientThread()] : [];
  const compiled = compileGradients({ ...common, batchSize: batchSize / (workers.length + 1), microBatch: 8 });
  return GradientTrainer.create({ ...rest, compiled, optimizer, workers });
}

export async function trainLong(kind: TrainingKind, steps: number, folder: string, say: (line: object) => void): Promise<void> {
  const trainer = await open(kind, steps);
  const file = join(folder, 'checkpoint');
  if (existsSync(file)) trainer.restore(decodeCheckpoint(readFileSync(file)));
  let [saved, said] = [performance.now(), 0];
  while (trainer.step < steps) {
    await trainer.runOnce(Math.min(128, steps - trainer.step));
    if (performance.now() - saved > 500) {
      await writeFileDurable(file, encodeCheckpoint(trainer.checkpoint()));
      saved = performance.now();
    }
    if (trainer.step - said >= steps / 100) {
      globalThis.gc?.();
      say({ step: trainer.step, rssMb: process.memoryUsage().rss / 2 ** 20 });
      said = trainer.step;
    }
  }
  const hash = createHash('sha256').update(encodeCheckpoint(trainer.checkpoint())).digest('hex');
  await trainer.release();
  say({ done: trainer.step, hash });
}

if (import.meta.main) {
  const [kind, steps, folder] = process.argv.slice(2) as [TrainingKind, string, string];
  await trainLong(kind, Number(steps), folder, (line) => console.log(JSON.stringify(line)));
  process.exit(0);
}
