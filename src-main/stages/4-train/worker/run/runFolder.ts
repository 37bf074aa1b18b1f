// What a run keeps on the disk so that a kill costs seconds: its candidates, and each fit that is done.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurable } from '../../../../platform/files.ts';
import type { LearnerState } from '../../learners/learner.ts';
import type { Proposal } from '../../search/proposer.ts';
import type { FitResult } from '../fit/fitOrder.ts';
import { decodeLearnerState } from '../fit/learnerStateFile.ts';

export interface KeptFit extends FitResult {
  /** The process that did it. */
  worker: number;
  /** Since the run began, all attempts together. */
  fromMs: number;
  toMs: number;
}

export interface KeptCandidate {
  at: number;
  proposal: Proposal;
  /** By fold; null where it was not fitted. */
  fits: (KeptFit | null)[];
  state: 'open' | 'done' | 'failed' | 'stopped';
  dropped: 'worse' | 'time' | null;
}

interface Progress {
  /** Of the time budget, used by all attempts so far. */
  elapsedMs: number;
  /** Added to the budget while the run was going on. */
  addedMs: number;
  candidates: KeptCandidate[];
}

/** Each file is replaced whole; `progress.json` is written last, so what it names is there. */
export class RunFolder {
  readonly path: string;
  #progress: Progress;

  private constructor(path: string, progress: Progress) {
    this.path = path;
    this.#progress = progress;
  }

  static async open(path: string): Promise<RunFolder> {
    await mkdir(join(path, 'fits'), { recursive: true });
    const stored = await readFile(join(path, 'progress.json'), 'utf8').catch(() => null);
    const progress = stored === null ? { elapsedMs: 0, addedMs: 0, candidates: [] } : (JSON.parse(stored) as Progress);
    return new RunFolder(path, progress);
  }

  get progress(): Readonly<Progress> {
    return this.#progress;
  }

  async keep(progress: Progress): Promise<void> {
    this.#progress = progress;
    await writeFileDurable(join(this.path, 'progress.json'), JSON.stringify(progress));
  }

  /** Files of one fit: the fitted learner, its answers to the fold's validation rows, and where a fit under way stands. */
  files(at: number, fold: number): { stateFile: string; answersFile: string; checkpointFile: string } {
    const stem = join(this.path, 'fits', `${at}-${fold}`);
    return { stateFile: `${stem}.state`, answersFile: `${stem}.answers`, checkpointFile: `${stem}.checkpoint` };
  }

  async answers(at: number, fold: number): Promise<Float32Array> {
    const bytes = Uint8Array.from(await readFile(this.files(at, fold).answersFile));
    return new Float32Array(bytes.buffer, 0, bytes.length / 4);
  }

  async state(at: number, fold: number): Promise<LearnerState> {
    return decodeLearnerState(await readFile(this.files(at, fold).stateFile));
  }
}
