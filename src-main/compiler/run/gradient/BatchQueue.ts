import { stepNames } from '../../3-differentiate/differentiate.ts';
import type { CompiledGradients } from '../../compileGradients.ts';
import { streamKey } from '../counterRandom.ts';
import { epochOrder } from '../epochOrder.ts';
import type { FloatArray } from '../runtime.ts';
import type { RowArray } from '../trainingData.ts';
import { batchArrays, checkClasses, type RowLoader } from './rowLoader.ts';

/** 1 to 3 are the order of rows, Dropout and noise. */
const loaderStream = 4;

export interface BatchQueueSettings {
  readonly compiled: CompiledGradients;
  readonly loader: RowLoader;
  /** Weight of each row in the loss; default 1. */
  readonly rowWeights: FloatArray | undefined;
  readonly seed: number;
  readonly parts: number;
}

interface Loading {
  readonly epoch: number;
  readonly batch: number;
  /** Which of the two sets of arrays. */
  readonly into: number;
  readonly done: Promise<void>;
}

/** Batches in the order of their epoch, loaded into one set of arrays while the other is in use. */
export class BatchQueue {
  /** Two sets of arrays, shared between threads where there are several parts or the loader's threads write them. */
  readonly arrays: readonly Record<string, RowArray>[];
  /** Which rows each set holds; padding repeats the first. */
  readonly rowNumbers: readonly Int32Array[];
  readonly batchRows: number;
  readonly #settings: BatchQueueSettings;
  readonly #order: Int32Array;
  #shuffledEpoch = -1;
  #loading: Loading | undefined;
  /** Resolves when nothing is being loaded. */
  #idle: Promise<void> = Promise.resolve();
  #turn = 0;

  constructor(settings: BatchQueueSettings) {
    const { compiled, loader, parts } = settings;
    this.#settings = settings;
    this.batchRows = compiled.batchSize * parts;
    this.arrays = [0, 1].map(() => batchArrays(compiled, parts, parts > 1 || loader.threaded === true));
    this.rowNumbers = [0, 1].map(() => new Int32Array(this.batchRows));
    this.#order = Int32Array.from({ length: loader.rowCount }, (_, row) => row);
  }

  get batchesPerEpoch(): number {
    return Math.ceil(this.#settings.loader.rowCount / this.batchRows);
  }

  /** Loads a batch unless it is there; gives the number of its set of arrays, which stay as they are until the batch after the next is asked for. */
  async take(epoch: number, batch: number): Promise<number> {
    const known = this.#loading;
    const loading = known?.epoch === epoch && known.batch === batch ? known : this.#start(epoch, batch);
    this.#loading = undefined;
    await loading.done;
    this.#turn = 1 - loading.into;
    return loading.into;
  }

  /** Begins to load the batch after this one. */
  prefetchAfter(epoch: number, batch: number): void {
    const last = batch + 1 === this.batchesPerEpoch;
    this.#loading = this.#start(last ? epoch + 1 : epoch, last ? 0 : batch + 1);
  }

  /** Loads these rows, whatever comes next, into the first set of arrays. */
  async loadRows(rows: Int32Array): Promise<void> {
    await this.settle();
    this.#loading = undefined;
    await this.#load(rows, 0, 0);
  }

  /** When nothing is being loaded any more. */
  async settle(): Promise<void> {
    await this.#idle;
  }

  #start(epoch: number, batch: number): Loading {
    const into = this.#turn;
    const done = this.#idle.then(() => this.#loadBatch(epoch, batch, into));
    // Whoever waits for `done` gets the error.
    this.#idle = done.catch(() => undefined);
    return { epoch, batch, into, done };
  }

  async #loadBatch(epoch: number, batch: number, into: number): Promise<void> {
    if (this.#shuffledEpoch !== epoch) {
      epochOrder(this.#order, this.#settings.seed, epoch);
      this.#shuffledEpoch = epoch;
    }
    await this.#load(this.#order.subarray(batch * this.batchRows, (batch + 1) * this.batchRows), epoch, into);
  }

  /** Places beyond the rows count nothing; they hold the first rows of the epoch, because statistics of a batch see them. */
  async #load(rows: Int32Array, epoch: number, into: number): Promise<void> {
    const { seed, compiled, loader, rowWeights } = this.#settings;
    const [arrays, all] = [this.arrays[into]!, this.rowNumbers[into]!];
    all.set(rows);
    for (let at = rows.length; at < all.length; at++) all[at] = this.#order[(at - rows.length) % this.#order.length]!;
    await loader.load(all, arrays, streamKey(seed, loaderStream, epoch));
    checkClasses(compiled, arrays, all);
    const shares = arrays[stepNames.rowShares] as Float32Array;
    shares.fill(0);
    for (let at = 0; at < rows.length; at++) shares[at] = (rowWeights?.[rows[at]!] ?? 1) / rows.length;
  }
}
