// What `stages/4-train/devices` finds and chooses where there is a device: one line of JSON. `devices.test.ts` starts it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { multilayerPerceptron } from '../../../src-main/compiler/index.ts';
import { testRandom } from '../../../src-main/compiler/tests/runtimes.ts';
import { Calibrations } from '../../../src-main/stages/4-train/devices/Calibrations.ts';
import { openTraining } from '../../../src-main/stages/4-train/devices/openTraining.ts';
import { providersHere } from '../../../src-main/stages/4-train/devices/providers.ts';

const folder = mkdtempSync(join(tmpdir(), 'modelkeep-devices-'));
const calibrations = new Calibrations(folder);
const providers = await providersHere(calibrations);
const random = testRandom(3);
const [featureCount, rowCount] = [5, 32];
const settings = {
  network: multilayerPerceptron({ featureCount, hiddenSizes: [7], outputCount: 3 }),
  loss: { kind: 'softmaxCrossEntropy' } as const,
  optimizer: { kind: 'adam' } as const,
  data: {
    rowCount,
    inputs: { features: Float32Array.from({ length: rowCount * featureCount }, () => random() * 2 - 1) },
    targets: Int32Array.from({ length: rowCount }, () => Math.floor(random() * 3)),
  },
  batchRows: 8,
  learningRate: 0.01,
  seed: 11,
  nowMs: () => performance.now(),
  threads: 1,
  calibrations,
  providers,
  onLost: () => undefined,
  msPerCandidate: 1,
};
const { choice, calibration, training } = await openTraining(settings);
await training.release();
const losses: Record<string, number[]> = {};
for (const each of calibration!.byProvider) {
  const { training: there } = await openTraining({ ...settings, choice: [each] });
  losses[there.device] = [];
  for await (const run of there.train({ epochs: 3 })) losses[there.device]!.push(...run.losses);
  await there.release();
}
rmSync(folder, { recursive: true });
console.log(JSON.stringify({ providers, chosen: choice.map((each) => each.choice.provider), entries: calibration!.entries, losses }));
