// What a training keeps on the disk so that a kill costs seconds: finished candidates, and where the present one stands.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CurvePoint, Metrics } from '../../../../src-shared/domain/training.ts';
import { decodeCheckpoint, encodeCheckpoint, type FloatArray } from '../../../compiler/index.ts';
import { writeFileDurable } from '../../../platform/files.ts';
import type { NetworkState } from '../learners/trainNetwork.ts';
import type { Settings } from './order.ts';

export interface KeptCandidate {
  at: number;
  state: 'done' | 'failed' | 'stopped';
  settings: Settings;
  validation: Metrics;
  temperature: number;
  trainMs: number;
  curve: CurvePoint[];
  /** Loss at the epoch whose weights are kept. */
  losses: { train: number; validation: number } | null;
}

interface Progress {
  /** Of the time budget, used by all attempts so far. */
  elapsedMs: number;
  candidates: KeptCandidate[];
}

/** Each file is replaced whole; `progress.json` is written last, so what it names is there. */
export class RunFolder {
  readonly #folder: string;
  #progress: Progress = { elapsedMs: 0, candidates: [] };

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<RunFolder> {
    await mkdir(folder, { recursive: true });
    const opened = new RunFolder(folder);
    const stored = await readFile(join(folder, 'progress.json'), 'utf8').catch(() => null);
    if (stored !== null) opened.#progress = JSON.parse(stored) as Progress;
    return opened;
  }

  get elapsedMs(): number {
    return this.#progress.elapsedMs;
  }

  get candidates(): readonly KeptCandidate[] {
    return this.#progress.candidates;
  }

  async keepCandidate(candidate: KeptCandidate, weights: Record<string, FloatArray> | null, elapsedMs: number): Promise<void> {
    if (weights) await writeFileDurable(join(this.#folder, `${candidate.at}.weights`), encodeWeights(weights));
    this.#progress = { elapsedMs, candidates: [...this.#progress.candidates, candidate] };
    await this.#write();
  }

  async weights(at: number): Promise<Record<string, FloatArray>> {
    return { ...decodeCheckpoint(new Uint8Array(await readFile(join(this.#folder, `${at}.weights`)))).tensors };
  }

  async keepState(at: number, state: NetworkState, elapsedMs: number): Promise<void> {
    await writeFileDurable(join(this.#folder, 'current.state'), encodeState(at, state));
    this.#progress = { ...this.#progress, elapsedMs };
    await this.#write();
  }

  /** Where candidate `at` stood; null when it had not begun, or the file is of another candidate or unreadable. */
  async state(at: number): Promise<NetworkState | null> {
    try {
      return decodeState(at, await readFile(join(this.#folder, 'current.state')));
    } catch {
      return null; // it then starts from the beginning, with the same result
    }
  }

  async #write(): Promise<void> {
    await writeFileDurable(join(this.#folder, 'progress.json'), JSON.stringify(this.#progress));
  }
}

function encodeWeights(tensors: Record<string, FloatArray>): Uint8Array {
  return encodeCheckpoint({ seed: 0, step: 0, epoch: 0, batchInEpoch: 0, rowCount: 0, tensors });
}

/** Three parts, each after its length in four bytes: JSON, the trainer's checkpoint, the best one (empty when there is none). */
function encodeState(at: number, { trainer, best, ...rest }: NetworkState): Uint8Array {
  // JSON has no Infinity; a state without a best epoch has no best loss.
  const json = Buffer.from(JSON.stringify({ at, ...rest, bestLoss: best ? rest.bestLoss : null }));
  const parts = [json, encodeCheckpoint(trainer), best ? encodeCheckpoint(best) : new Uint8Array()];
  return Buffer.concat(parts.flatMap((part) => [uint32(part.length), part]));
}

function decodeState(at: number, bytes: Buffer): NetworkState | null {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const length = bytes.readUInt32LE(offset);
    parts.push(bytes.subarray(offset + 4, offset + 4 + length));
    offset += 4 + length;
  }
  const { at: found, ...rest } = JSON.parse(parts[0]!.toString()) as { at: number } & Omit<NetworkState, 'trainer' | 'best'>;
  if (found !== at) return null;
  const best = parts[2]!.length > 0 ? decodeCheckpoint(Uint8Array.from(parts[2]!)) : null;
  return { ...rest, bestLoss: best ? rest.bestLoss : Infinity, trainer: decodeCheckpoint(Uint8Array.from(parts[1]!)), best };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
