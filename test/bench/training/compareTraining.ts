import { setTimeout as sleep } from 'node:timers/promises';
import { cpus } from 'node:os';
import { median, type BenchResult } from '../benchmark.ts';
import { startOurs, type OurModel, type OurTraining } from './ourTraining.ts';
import { startTorch, type StepTime, type TorchModel } from './torchPeer.ts';

/** One model in both implementations. */
export interface TrainingCase {
  readonly name: string;
  readonly torch: Omit<TorchModel, 'batch' | 'rows'>;
  readonly batch: number;
  readonly rows: number;
  ours(): Omit<OurModel, 'batch'>;
  /** Steps in one turn: long enough to measure, short enough to take turns often. */
  readonly stepsPerTurn: number;
}

/** ms a step. */
export interface Figure {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  /** Of the processor, median: what another program on the machine changes least. */
  readonly cpuMs: number;
}

export interface ComparedTraining {
  readonly name: string;
  /** 'ours 1', 'eager 1', 'compile 1', … by the number of threads. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** Contenders that could not run, with the reason. */
  readonly unavailable: Readonly<Record<string, string>>;
  /** Ours by number of threads: how it ran, and what came before the first step. */
  readonly starts: Readonly<Record<string, Pick<OurTraining, 'form' | 'compileMs' | 'sessionMs' | 'calibrateMs'>>>;
  readonly version: string;
}

/** How many turns each contender has; the first two are not counted: memory, caches, run length. */
export const turns = 9;
const warmUps = 2;

/** All contenders in turn within one run: whatever else the machine does falls on all of them. */
export async function compareTraining(
  each: TrainingCase,
  { threads = [1, 2], modes = ['eager', 'compile'] }: { threads?: readonly number[]; modes?: readonly ('eager' | 'compile')[] } = {},
): Promise<ComparedTraining> {
  const model = { ...each.ours(), batch: each.batch };
  const contenders: { name: string; run(steps: number): Promise<StepTime>; stop(): unknown }[] = [];
  const unavailable: Record<string, string> = {};
  const starts: Record<string, OurTraining> = {};
  let version = '';
  for (const count of threads) {
    const ours = await startOurs(model, count);
    starts[`ours ${count}`] = ours;
    contenders.push({ name: `ours ${count}`, run: (steps) => ours.run(steps), stop: () => ours.stop() });
    for (const mode of modes) {
      const name = `${mode} ${count}`;
      const torch = await startTorch(
        { ...each.torch, batch: each.batch, rows: each.rows },
        { threads: count, compile: mode === 'compile' },
      );
      if ('unavailable' in torch) {
        unavailable[name] = torch.unavailable;
        continue;
      }
      version = torch.version;
      contenders.push({ name, run: (steps) => torch.run(steps), stop: () => torch.stop() });
    }
  }
  const times = new Map(contenders.map(({ name }) => [name, [] as StepTime[]]));
  for (let turn = 0; turn < warmUps + turns; turn++) {
    for (const { name, run } of contenders) {
      const time = await run(each.stepsPerTurn);
      if (turn >= warmUps) times.get(name)!.push(time);
      // Threads that wait actively for more work fall asleep.
      await sleep(20);
    }
  }
  for (const { stop } of contenders) await stop();
  return {
    name: each.name,
    figures: Object.fromEntries([...times].map(([name, values]) => [name, figureOf(values)])),
    unavailable,
    starts,
    version,
  };
}

/** The first case is the headline, one thread against eager; everything else is in `extra`. */
export function trainingResult(name: string, compared: readonly ComparedTraining[], notes: string): BenchResult {
  const [first] = compared;
  const [ours, peer] = [first!.figures['ours 1']!, first!.figures['eager 1']!];
  const extra: Record<string, number | string> = {};
  for (const each of compared) {
    for (const [contender, { median: ms, p10, p90, cpuMs }] of Object.entries(each.figures))
      extra[`${each.name}: ${contender}`] = `${short(ms)} ms (${short(p10)}–${short(p90)}), processor ${short(cpuMs)} ms`;
    for (const [contender, reason] of Object.entries(each.unavailable)) extra[`${each.name}: ${contender}`] = `not available: ${reason}`;
    for (const [contender, { median: ms }] of Object.entries(each.figures)) {
      const own = each.figures[`ours ${contender.split(' ')[1]}`]!;
      if (!contender.startsWith('ours')) extra[`${each.name}: ratio to ${contender}`] = short(ms / own.median);
    }
    for (const [contender, { form, compileMs, sessionMs, calibrateMs }] of Object.entries(each.starts))
      extra[`${each.name}: ${contender} start`] =
        `compile ${short(compileMs)} ms, session ${short(sessionMs)} ms, calibration ${short(calibrateMs)} ms chose ${form}`;
  }
  return {
    name,
    ours: short(ours.median),
    peer: short(peer.median),
    unit: 'ms/step',
    ratio: short(peer.median / ours.median),
    higherIsBetter: false,
    peerVersion: first!.version,
    machine: `${cpus()[0]?.model ?? ''}, ${cpus().length} cores`,
    runs: turns,
    notes: `${ratiosOf(compared)} The figures are ${first!.name}, Adam (PyTorch: fused), one thread; "compile" is torch.compile with inductor, numbers after a contender are threads, ranges are p10–p90. Includes shuffling and gathering rows. ${notes}`,
    extra,
  };
}

/** Of every model to every contender, in one sentence: peer's time over ours, medians. */
function ratiosOf(compared: readonly ComparedTraining[]): string {
  const each = compared.map(({ name, figures, unavailable }) => {
    const ratios = Object.entries(figures).flatMap(([contender, { median: ms }]) => {
      const threads = contender.split(' ')[1]!;
      return contender.startsWith('ours') ? [] : [`${contender}: ${(ms / figures[`ours ${threads}`]!.median).toFixed(2)}`];
    });
    return `${name} (${[...ratios, ...Object.keys(unavailable).map((contender) => `${contender}: not available`)].join(', ')})`;
  });
  return `Ratios to PyTorch, by threads: ${each.join('; ')}.`;
}

function figureOf(times: readonly StepTime[]): Figure {
  const sorted = times.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  return { median: median(sorted), p10: at(0.1), p90: at(0.9), cpuMs: median(times.map(({ cpuMs }) => cpuMs)) };
}

function short(value: number): number {
  return Number(value.toPrecision(4));
}
