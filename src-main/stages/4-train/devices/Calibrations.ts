import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { join } from 'node:path';
import type { ChosenRun, Target } from '../../../compiler/index.ts';
import { canonicalJson } from '../../../platform/canonicalJson.ts';
import { writeFileDurable } from '../../../platform/files.ts';
import { onnxRuntimeVersion } from '../../../platform/onnxRuntime.ts';

/** What measured times depend on besides the training itself. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly system: string;
  readonly onnxRuntime: string;
}

export function thisMachine(): Machine {
  const all = cpus();
  return {
    processor: all[0]?.model ?? 'unknown',
    cores: all.length,
    system: `${platform()} ${arch()}`,
    onnxRuntime: onnxRuntimeVersion,
  };
}

/** As it is written down, with everything that was tried. */
export interface KeptCalibration extends ChosenRun {
  readonly machine: Machine;
  /** ISO 8601. */
  readonly measuredAt: string;
}

/**
 * Calibrations of this machine in a folder, a file each: another machine (or processor, or ONNX Runtime) that sees the same folder
 * measures for itself. Losing the folder costs time only; what cannot be read counts as not there.
 *
 * A device whose driver takes the process along leaves a mark behind, so that it is not tried for ever.
 */
export class Calibrations {
  readonly #folder: string;
  readonly #machine: Machine;

  constructor(folder: string, machine: Machine = thisMachine()) {
    this.#machine = machine;
    this.#folder = join(folder, digest(machine));
  }

  /** `training`: everything that decides how long a step takes. */
  async find(training: unknown): Promise<KeptCalibration | undefined> {
    const kept = await this.#read<KeptCalibration>(`run-${digest(training)}`);
    return kept && Array.isArray(kept.byProvider) && typeof kept.choice === 'object' ? kept : undefined;
  }

  /**
   * Gives what counts from now on: of several processes that measured at the same time, what the first one kept, so that equal
   * trainings run in equal form and give equal bits.
   */
  async keep(training: unknown, chosen: ChosenRun): Promise<KeptCalibration> {
    const kept: KeptCalibration = { ...chosen, machine: this.#machine, measuredAt: new Date().toISOString() };
    const name = `run-${digest(training)}`;
    const own = `${name}-${randomBytes(6).toString('hex')}`;
    await this.#write(own, kept);
    try {
      await link(this.#pathOf(own), this.#pathOf(name));
    } catch {
      const first = await this.find(training);
      if (first) return first;
      await this.#write(name, kept); // what is there cannot be read, or the file system has no links
    } finally {
      await rm(this.#pathOf(own), { force: true });
    }
    return kept;
  }

  /** Before a device is tried: if the process ends before `tried`, that is remembered. */
  async trying(provider: Target['provider']): Promise<void> {
    if (provider === 'cpu') return;
    const deaths = await this.#deaths(provider);
    await this.#write(`trying-${provider}`, { since: new Date().toISOString(), process: process.pid, deaths } satisfies Mark);
  }

  /** The process is still there: whatever was before is forgiven. */
  async tried(provider: Target['provider']): Promise<void> {
    if (provider !== 'cpu') await rm(join(this.#folder, `trying-${provider}.json`), { force: true });
  }

  /** True when two processes in a row ended while they tried it: one may have been ended by a person. `tried` forgives. */
  async endsProcesses(provider: Target['provider']): Promise<boolean> {
    return (await this.#deaths(provider)) >= 2;
  }

  async #deaths(provider: Target['provider']): Promise<number> {
    const mark = await this.#read<Mark>(`trying-${provider}`);
    return mark ? mark.deaths + Number(!isRunning(mark.process)) : 0;
  }

  #pathOf(name: string): string {
    return join(this.#folder, `${name}.json`);
  }

  async #write(name: string, value: unknown): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFileDurable(this.#pathOf(name), JSON.stringify(value));
  }

  async #read<Value>(name: string): Promise<Value | undefined> {
    try {
      return JSON.parse(await readFile(this.#pathOf(name), 'utf8')) as Value;
    } catch {
      return undefined;
    }
  }
}

interface Mark {
  readonly since: string;
  readonly process: number;
  readonly deaths: number;
}

function digest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 24);
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}
