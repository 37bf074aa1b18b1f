import { setTimeout as sleep } from 'node:timers/promises';
import { median, type Benchmark, type BenchResult, type SkippedBenchmark } from './benchmark.ts';
import { prepareCudaRuntime } from './gpu/cudaRuntime.ts';
import { findGpu } from './gpu/findGpu.ts';
import { gpuCase, gpuCaseNames, type GpuCaseName } from './gpu/gpuCases.ts';
import { startOnGpu, type GpuTrainingSettings } from './gpu/ourGpu.ts';
import { startTorch, type StepTime } from './training/torchPeer.ts';
import { softwareGpuEnvironment } from '../peers/webgpu/softwareGpu.ts';

const name = 'train-gpu';
const warmUps = 2;

/** With `--software` the script itself is tried: WebGPU on SwiftShader, PyTorch on the processor, small models. No figure of it is a claim. */
export const benchmark: Benchmark = {
  name,
  about: 'training steps on an NVIDIA GPU (CUDA, WebGPU) against PyTorch CUDA; --software: the script itself, on a device in software',
  async run(flags) {
    const software = flags.includes('--software');
    const gpu = software ? { name: 'SwiftShader (software)' } : findGpu();
    if ('missing' in gpu) return skip(`no GPU: ${gpu.missing}`);
    const ours: Omit<GpuTrainingSettings, 'case'>[] = [];
    if (software) {
      const env = softwareGpuEnvironment();
      if (!env) return skip('no software device: neither Chromium nor Electron is installed');
      ours.push({ provider: 'webgpu', software, env });
    } else {
      ours.push({ provider: 'cuda', software, env: await prepareCudaRuntime() });
      ours.push({ provider: 'webgpu', software, env: {} });
    }
    const compared: Compared[] = [];
    for (const each of gpuCaseNames) compared.push(await compare(each, ours, software));
    return resultOf(compared, gpu.name, software);
  },
};

function skip(reason: string): SkippedBenchmark {
  return { name, skipped: reason };
}

interface Compared {
  readonly title: string;
  readonly unit: string;
  readonly perStep: number;
  /** ms a step by contender. */
  readonly times: ReadonlyMap<string, number>;
  readonly notes: Readonly<Record<string, string>>;
  readonly version: string;
}

/** All contenders in turn within one run. */
async function compare(which: GpuCaseName, ours: readonly Omit<GpuTrainingSettings, 'case'>[], software: boolean): Promise<Compared> {
  const { model, unit, perStep } = gpuCase(which, software);
  const contenders: { name: string; run(steps: number): Promise<StepTime>; stop(): unknown }[] = [];
  const notes: Record<string, string> = {};
  let version = '';
  for (const settings of ours) {
    const label = `ours ${settings.provider}`;
    const started = await startOnGpu({ ...settings, case: which });
    if ('unavailable' in started) notes[label] = `not available: ${started.unavailable}`;
    else {
      const failed = started.entries
        .filter(({ failure }) => failure)
        .map((each) => `${each.label} failed: ${each.failure!.reason.slice(0, 120)}`);
      notes[label] = [started.form, ...failed].join('; ');
      contenders.push({ name: label, ...started });
    }
  }
  for (const compile of software ? [false] : [false, true]) {
    const label = `PyTorch ${compile ? 'compile' : 'eager'}`;
    const torch = await startTorch(
      { ...model.torch, batch: model.batch, rows: model.rows },
      { threads: 1, compile, ...(!software && { device: 'cuda' }) },
    );
    if ('unavailable' in torch) notes[label] = `not available: ${torch.unavailable}`;
    else {
      version = torch.version;
      contenders.push({ name: label, run: (steps) => torch.run(steps), stop: () => torch.stop() });
    }
  }
  const turns = software ? 2 : 9;
  const steps = software ? model.stepsPerTurn : 64;
  const times = new Map(contenders.map((each) => [each.name, [] as number[]]));
  for (let turn = 0; turn < (software ? 0 : warmUps) + turns; turn++)
    for (const each of contenders) {
      const { ms } = await each.run(steps);
      if (software || turn >= warmUps) times.get(each.name)!.push(ms);
      await sleep(20);
    }
  for (const { stop } of contenders) await stop();
  return {
    title: model.name,
    unit,
    perStep,
    notes,
    version,
    times: new Map([...times].map(([contender, values]) => [contender, median(values)])),
  };
}

/** The headline is the model at which ours compares worst. */
function resultOf(compared: readonly Compared[], device: string, software: boolean): BenchResult | SkippedBenchmark {
  const extra: Record<string, number | string> = {};
  let worst: { each: Compared; ours: number; peer: number } | undefined;
  for (const each of compared) {
    for (const [contender, ms] of each.times)
      extra[`${each.title}: ${contender}`] = `${short(ms)} ms/step, ${short((each.perStep * 1000) / ms)} ${each.unit}`;
    for (const [contender, note] of Object.entries(each.notes)) extra[`${each.title}: ${contender}, how`] = note;
    const fastest = (start: string): number | undefined => {
      const values = [...each.times].filter(([contender]) => contender.startsWith(start)).map(([, ms]) => ms);
      return values.length > 0 ? Math.min(...values) : undefined;
    };
    const [ours, peer] = [fastest('ours'), fastest('PyTorch eager')];
    if (ours === undefined || peer === undefined) continue;
    extra[`${each.title}: ratio to eager`] = short(peer / ours);
    const compiled = fastest('PyTorch compile');
    if (compiled !== undefined) extra[`${each.title}: ratio to compile`] = short(compiled / ours);
    if (!worst || peer / ours < worst.peer / worst.ours) worst = { each, ours, peer };
  }
  if (!worst) return skip(`nothing to compare on ${device}: ${compared.flatMap(({ notes }) => Object.values(notes)).join(' | ')}`);
  return {
    name: software ? `${name}-software` : name,
    ours: short(worst.ours),
    peer: short(worst.peer),
    unit: 'ms/step',
    ratio: short(worst.peer / worst.ours),
    higherIsBetter: false,
    peerVersion: worst.each.version,
    machine: device,
    runs: software ? 2 : 9,
    notes: software
      ? 'SOFTWARE DEVICE: shows that the script works; the figures say nothing about a GPU.'
      : `${worst.each.title}, where ours compares worst; Adam (PyTorch: fused), TF32 allowed on both sides; PyTorch's data lie on the device, ours in memory.`,
    extra,
  };
}

function short(value: number): number {
  return Number(value.toPrecision(4));
}
