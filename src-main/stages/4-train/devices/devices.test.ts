import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { multilayerPerceptron, type LostDevice, type Runtime } from '../../../compiler/index.ts';
import { testRandom } from '../../../compiler/tests/runtimes.ts';
import { ortRuntime } from '../worker/threads/ortRuntime.ts';
import { Calibrations, thisMachine } from './Calibrations.ts';
import { openTraining, type TrainingSettings } from './openTraining.ts';
import { providersHere } from './providers.ts';

let folder: string;
const open: { release(): Promise<void> }[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelkeep-devices-'));
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.release();
  await rm(folder, { recursive: true });
});

const [featureCount, rowCount] = [5, 48];

/** ONNX Runtime on the CPU in the place of a device; sessions are counted, and it is gone from run number `lostAt` on. */
function device(lostAt = Infinity) {
  const counted = { sessions: 0, runs: 0, failing: false };
  const runtime: Runtime = {
    ...ortRuntime,
    async createSession(bytes, settings) {
      counted.sessions++;
      const session = await ortRuntime.createSession(bytes, { ...settings, provider: 'cpu' });
      if (settings?.provider !== 'webgpu') return session;
      return {
        run: (feeds, fetches) =>
          counted.failing && ++counted.runs >= lostAt ? Promise.reject(new Error('device lost')) : session.run(feeds, fetches),
        release: () => session.release(),
      };
    },
  };
  return { counted, runtime };
}

async function openHere(overrides: Partial<TrainingSettings> = {}) {
  const random = testRandom(3);
  const lost: LostDevice[] = [];
  const opened = await openTraining({
    network: multilayerPerceptron({ featureCount, hiddenSizes: [7], outputCount: 3 }),
    loss: { kind: 'softmaxCrossEntropy' },
    optimizer: { kind: 'adam' },
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
    calibrations: new Calibrations(folder),
    providers: [{ provider: 'cpu' }],
    onLost: (each) => lost.push(each),
    msPerCandidate: 1,
    ...overrides,
  });
  open.push(opened.training);
  return { ...opened, lost };
}

describe('openTraining', () => {
  it('measures at the first time, and looks the choice up afterwards', async () => {
    const first = await openHere();
    expect(first.calibration).toMatchObject({ machine: thisMachine(), choice: first.choice[0]!.choice });
    const again = device();
    const second = await openHere({ runtime: again.runtime });
    expect(second.calibration).toEqual(first.calibration);
    // Two that ask for the processor's blocks, one that trains.
    expect(again.counted.sessions).toBeLessThanOrEqual(3);
    const given = await openHere({ choice: first.choice });
    expect(given.calibration).toBeUndefined();
    for (const { training } of [first, second, given]) for await (const _ of training.train({ epochs: 2 }));
    expect(second.training.trainer.checkpoint()).toEqual(first.training.trainer.checkpoint());
    expect(given.training.trainer.checkpoint()).toEqual(first.training.trainer.checkpoint());
  });

  it('measures anew for another graph, batch, number of threads or machine, and where the file is damaged', async () => {
    const files = async () => (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.json'));
    await openHere();
    expect(await files()).toHaveLength(1);
    await openHere({ batchRows: 4 });
    await openHere({ network: multilayerPerceptron({ featureCount, hiddenSizes: [6], outputCount: 3 }) });
    await openHere({ calibrations: new Calibrations(folder, { ...thisMachine(), onnxRuntime: '0' }) });
    expect(await files()).toHaveLength(4);
    for (const name of await files()) await writeFile(join(folder, name), '{"choice": {');
    expect((await openHere()).calibration?.entries.length).toBeGreaterThan(1);
  });

  it('goes on with the CPU when the device is lost, and tells', async () => {
    const { runtime, counted } = device(5);
    const providers = [{ provider: 'cpu' }, { provider: 'webgpu' }, { provider: 'cuda', unusable: 'no driver' }] as const;
    const measured = await openHere({ runtime, providers });
    const byProvider = measured.calibration!.byProvider;
    expect(byProvider.map(({ choice }) => choice.provider)).toEqual(['cpu', 'webgpu']);
    counted.failing = true;
    const { training, lost } = await openHere({ runtime, providers, choice: byProvider.toReversed() });
    const losses = [];
    for await (const run of training.train({ epochs: 2 })) losses.push(...run.losses);
    expect(lost).toEqual([{ from: 'webgpu', to: 'cpu', step: expect.any(Number), reason: 'device lost' }]);
    expect(losses).toHaveLength(12);
    expect(training.device).toBe('cpu');
  });
});

describe('providersHere', () => {
  it('has the CPU first, and a reason for each device that does not work', async () => {
    const states = await providersHere(new Calibrations(folder));
    expect(states[0]).toEqual({ provider: 'cpu' });
    expect(states.map(({ provider }) => provider)).toEqual(['cpu', 'cuda', 'webgpu']);
    for (const { unusable } of states) if (unusable !== undefined) expect(unusable).toMatch(/\w{4}/);
  });

  it('does not believe a device that computes wrongly', async () => {
    const wrong: Runtime = {
      ...ortRuntime,
      async createSession(bytes) {
        const session = await ortRuntime.createSession(bytes);
        return {
          async run(feeds, fetches) {
            const result = await session.run(feeds, fetches);
            (result['product']!.data as Float32Array)[7]! += 1;
            return result;
          },
          release: () => session.release(),
        };
      },
    };
    const states = await providersHere(new Calibrations(folder), wrong);
    expect(states.find(({ provider }) => provider === 'webgpu')!.unusable).toMatch(/computes wrongly|does not have it/);
  });

  it('leaves out a device that ended the process twice, until it was tried with success', async () => {
    const calibrations = new Calibrations(folder);
    const dies = () =>
      spawnSync(process.execPath, [
        '--input-type=module',
        '-e',
        `const { Calibrations } = await import(${JSON.stringify(new URL('./Calibrations.ts', import.meta.url).href)});
         await new Calibrations(${JSON.stringify(folder)}).trying('webgpu');
         process.kill(process.pid, 'SIGKILL');`,
      ]).signal;
    expect(dies()).toBe('SIGKILL');
    expect(await calibrations.endsProcesses('webgpu')).toBe(false);
    dies();
    expect(await calibrations.endsProcesses('webgpu')).toBe(true);
    const states = await providersHere(calibrations, device().runtime);
    expect(states.find(({ provider }) => provider === 'webgpu')!.unusable).toMatch(/twice in a row|does not have it/);
    await calibrations.tried('webgpu');
    expect(await calibrations.endsProcesses('webgpu')).toBe(false);
  });
});
