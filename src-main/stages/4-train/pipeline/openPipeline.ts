import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { streamKey, stepNames, type RowArray, type RowLoader } from '../../../compiler/index.ts';
import { batchForm, elementBytes, typeOf, type FileArray, type MemoryArray, type PipelineSettings } from './pipelineSettings.ts';
import { startPipelineThread, type PipelineThread } from './startPipelineThread.ts';

/** A `RowLoader` whose work is done by threads. Dispose of it after the trainer was released. */
export interface Pipeline extends RowLoader, AsyncDisposable {}

/** Of the random numbers for whole batches; rows have 0 and up. */
const batchStream = -1;

/**
 * Minibatches from a Parquet file (tables, and images as its blobs), read, decoded and augmented by threads.
 *
 * Each thread has the rows whose number leaves its own when divided by the number of threads, so threads share nothing, and the
 * result is the same for any number of them. A row group is read when one of its rows is asked for, once; its rows are kept
 * (`memoryMb`, then a scratch file). Random choices follow from the epoch's key and the row's number in the training.
 *
 * Throws MK_FILE_UNREADABLE, MK_DATA_COLUMN_UNKNOWN, MK_DATA_NO_SUCH_ROW, MK_TRAIN_COLUMN_UNFIT, MK_COMPILER_SETTING_INVALID.
 * Loading throws MK_TRAIN_ROW_UNREADABLE naming row and column, MK_FILE_UNREADABLE, MK_FILE_UNWRITABLE (scratch file),
 * MK_COMPILER_TRAINING_DATA_INVALID where the network asks for other arrays, MK_TRAIN_PIPELINE_ENDED. After an error the same
 * batch may be asked for again.
 */
export async function openPipeline(settings: PipelineSettings): Promise<Pipeline> {
  const { file, rowNumbers, arrays, batch = [], threads = 1, memoryMb = 512, tmp } = settings;
  if (!Number.isSafeInteger(threads) || threads < 1 || threads > 64) refuseSetting('threads', threads, 'a whole number from 1 to 64');
  if (!(memoryMb > 0)) refuseSetting('memoryMb', memoryMb, 'above 0');
  const scratch = join(tmp, `pipeline-${randomUUID()}`);
  await mkdir(scratch, { recursive: true });
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const fromFile = arrays.filter((each): each is FileArray => each.kind !== 'memory');
  const memoryBytes = (memoryMb * 2 ** 20) / threads;
  const started = await Promise.allSettled(
    Array.from({ length: threads }, (_, part) =>
      startPipelineThread({ part: { file, rowNumbers, arrays: fromFile, part, parts: threads, memoryBytes, scratch }, batch, stop }),
    ),
  );
  const running = started.filter((each) => each.status === 'fulfilled').map(({ value }) => value);
  const pipeline = new ThreadedLoader(settings, running, stop, scratch);
  const failed = started.find((each) => each.status === 'rejected');
  try {
    if (failed) throw failed.reason;
    pipeline.check();
  } catch (error) {
    await pipeline[Symbol.asyncDispose]();
    throw error;
  }
  return pipeline;
}

class ThreadedLoader implements Pipeline {
  readonly rowCount: number;
  readonly threaded = true;
  readonly #settings: PipelineSettings;
  readonly #threads: readonly PipelineThread[];
  readonly #stop: Int32Array<SharedArrayBuffer>;
  readonly #scratch: string;
  /** Resolves when the load before has ended, well or not. */
  #idle: Promise<void> = Promise.resolve();
  #disposed: Promise<void> | undefined;

  constructor(settings: PipelineSettings, threads: readonly PipelineThread[], stop: Int32Array<SharedArrayBuffer>, scratch: string) {
    this.#settings = settings;
    this.#threads = threads;
    this.#stop = stop;
    this.#scratch = scratch;
    this.rowCount = settings.rowNumbers?.length ?? threads[0]?.rowCount ?? 0;
  }

  check(): void {
    const { arrays } = this.#settings;
    if (this.rowCount < 1 || this.rowCount >= 2 ** 31)
      throw new ModelkeepError('MK_COMPILER_TRAINING_DATA_INVALID', {
        field: 'rowCount',
        reason: `${this.rowCount} rows; 1 to 2147483647 are possible`,
      });
    for (const each of arrays) {
      const { size } = batchForm(each, this.rowCount);
      if (each.kind === 'memory' && (!Number.isInteger(size) || size === 0))
        throw new ModelkeepError('MK_COMPILER_TRAINING_DATA_INVALID', {
          field: each.name,
          reason: `${each.values.length} numbers do not fill ${this.rowCount} rows`,
        });
    }
    const twice = arrays.find(({ name }, at) => arrays.findIndex((other) => other.name === name) !== at);
    if (twice) refuseSetting('arrays', twice.name, 'one array for each name');
  }

  load(rows: Int32Array, into: Readonly<Record<string, RowArray>>, key: number): Promise<void> {
    const loading = this.#idle.then(() => this.#load(rows, into, key));
    this.#idle = loading.catch(() => undefined);
    return loading;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#disposed ??= this.#end());
  }

  async #load(rows: Int32Array, into: Readonly<Record<string, RowArray>>, key: number): Promise<void> {
    if (this.#disposed) throw new ModelkeepError('MK_TRAIN_PIPELINE_ENDED', { reason: 'it was closed' });
    this.#checkArrays(rows, into);
    const { arrays, batch, rowNumbers } = this.#settings;
    const shared = Object.fromEntries(arrays.map(({ name }) => [name, sharedLike(into[name]!)]));
    for (const each of arrays) if (each.kind === 'memory') copyRows(each, rows, shared[each.name]!);
    const fileRows = rowNumbers ? rows.map((row) => rowNumbers[row]!) : rows;
    const ends = await Promise.allSettled(this.#threads.map((thread) => thread.ask({ kind: 'load', rows, fileRows, into: shared, key })));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    if (batch?.length)
      await this.#threads[0]!.ask({
        kind: 'augment',
        into: shared,
        rows: rows.length,
        key: streamKey(key, batchStream, rows[0]!),
      });
    // A load that was stopped midway wrote a part only.
    if (Atomics.load(this.#stop, 0) !== 0) throw new ModelkeepError('MK_TRAIN_PIPELINE_ENDED', { reason: 'it was closed' });
    for (const { name } of arrays) if (shared[name] !== into[name]) into[name]!.set(shared[name] as never);
  }

  #checkArrays(rows: Int32Array, into: Readonly<Record<string, RowArray>>): void {
    const refuse = (field: string, reason: string): never => {
      throw new ModelkeepError('MK_COMPILER_TRAINING_DATA_INVALID', { field, reason });
    };
    const { arrays } = this.#settings;
    const outside = rows.find((row) => row < 0 || row >= this.rowCount);
    if (outside !== undefined) refuse('rows', `row ${outside} of ${this.rowCount}`);
    const unfilled = Object.keys(into).find((name) => name !== stepNames.rowShares && !arrays.some((each) => each.name === name));
    if (unfilled !== undefined) refuse(unfilled, 'no array of the pipeline fills it');
    for (const each of arrays) {
      const array = into[each.name];
      if (!array) return refuse(each.name, 'the network does not take it');
      const { type, size } = batchForm(each, this.rowCount);
      if (typeOf(array) !== type) refuse(each.name, `the pipeline gives ${type}, not ${typeOf(array)}`);
      if (array.length !== rows.length * size)
        refuse(each.name, `the pipeline gives ${size} numbers a row, not ${array.length / rows.length}`);
    }
  }

  async #end(): Promise<void> {
    Atomics.store(this.#stop, 0, 1);
    await Promise.all(this.#threads.map((each) => each.stop()));
    await this.#idle;
    await rm(this.#scratch, { recursive: true, force: true });
  }
}

/** The array itself where threads can write into it. */
function sharedLike(array: RowArray): RowArray {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const buffer = new SharedArrayBuffer(array.length * elementBytes(typeOf(array)));
  return new (array.constructor as Float32ArrayConstructor)(buffer);
}

function copyRows({ values }: MemoryArray, rows: Int32Array, into: RowArray): void {
  const size = into.length / rows.length;
  rows.forEach((row, place) => into.set(values.subarray(row * size, (row + 1) * size) as never, place * size));
}

function refuseSetting(setting: string, value: string | number, expected: string): never {
  throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', { setting, value, expected });
}
