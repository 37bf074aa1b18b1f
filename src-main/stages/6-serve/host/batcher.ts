// Adaptive batching: whatever came while the last run was computing is computed together in the next one. No timer: a lone request waits for nothing.
import type { OutputColumn } from '../protocol/answers.ts';
import type { ColumnData, InputColumn } from '../protocol/inputPlan.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { Timing } from '../statistics/endpointStatistics.ts';

export interface BatchTask {
  rows: number;
  columns: readonly InputColumn[];
  /** On the clock of `performance.now`: later, nobody waits for the answer any more. Absent: somebody does. */
  deadlineAt?: number | null;
  /** Called once. `error` is what the run threw on this task alone, or MK_SERVE_DEADLINE. `spent`: before its run, and in runs. */
  done(error: unknown, outputs: OutputColumn[] | null, spent: { queueUs: number; inferUs: number }): void;
  /** A part of a large task is done. */
  onProgress(): void;
}

export interface Runner {
  run(columns: readonly InputColumn[], rows: number): Promise<OutputColumn[]>;
}

export class Batcher {
  readonly #runner: Runner;
  readonly #chunkRows: number;
  readonly #batchable: boolean;
  #waiting: Waiting[] = [];
  #busy = false;
  /** Runs and rows so far, to see how well batching works. */
  runs = 0;
  rows = 0;
  #finished: { rows: number; us: number }[] = [];

  constructor(runner: Runner, { chunkRows, batchable }: { chunkRows: number; batchable: boolean }) {
    this.#runner = runner;
    this.#chunkRows = chunkRows;
    this.#batchable = batchable;
  }

  add(task: BatchTask): void {
    this.#waiting.push({ task, since: performance.now() });
    if (this.#busy) return;
    this.#busy = true;
    // The rest of what the socket delivered in this turn joins the batch.
    setImmediate(() => void this.#work());
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      if (batch.length === 1) await this.#runAlone(batch[0]!);
      else if (batch.length > 1) await this.#runTogether(batch);
    }
    this.#busy = false;
  }

  /** What ended since the last call. */
  takeRuns(): Timing['runs'] {
    const runs = this.#finished;
    this.#finished = [];
    return runs;
  }

  /** Tasks of equal dimensions from the front, up to the chunk size. Those whose time is over are answered instead. */
  #takeBatch(): Waiting[] {
    const now = performance.now();
    const late = this.#waiting.filter(({ task }) => isLate(task, now));
    if (late.length > 0) {
      this.#waiting = this.#waiting.filter(({ task }) => !isLate(task, now));
      for (const { task, since } of late)
        task.done(new ModelkeepError('MK_SERVE_DEADLINE', {}), null, { queueUs: (now - since) * 1000, inferUs: 0 });
      if (this.#waiting.length === 0) return [];
    }
    const first = this.#waiting[0]!.task;
    let rows = first.rows;
    let count = 1;
    while (
      this.#batchable &&
      count < this.#waiting.length &&
      rows + this.#waiting[count]!.task.rows <= this.#chunkRows &&
      sameDims(first.columns, this.#waiting[count]!.task.columns)
    ) {
      rows += this.#waiting[count]!.task.rows;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #runTogether(batch: readonly Waiting[]): Promise<void> {
    const startedAt = performance.now();
    const rows = batch.reduce((sum, { task }) => sum + task.rows, 0);
    let outputs: OutputColumn[];
    try {
      outputs = await this.#run(
        batch[0]!.task.columns.map(({ dims }, at) => ({ dims, data: concatData(batch.map(({ task }) => task.columns[at]!.data)) })),
        rows,
      );
    } catch {
      // One bad row must not fail its neighbours.
      for (const waiting of batch) await this.#runAlone(waiting);
      return;
    }
    const inferUs = (performance.now() - startedAt) * 1000;
    let start = 0;
    for (const { task, since } of batch) {
      const end = start + task.rows;
      task.done(
        null,
        outputs.map((output) => sliceRows(output, start, end)),
        { queueUs: (startedAt - since) * 1000, inferUs },
      );
      start = end;
    }
  }

  async #runAlone({ task, since }: Waiting): Promise<void> {
    const startedAt = performance.now();
    const spent = (): { queueUs: number; inferUs: number } => ({
      queueUs: (startedAt - since) * 1000,
      inferUs: (performance.now() - startedAt) * 1000,
    });
    let outputs: OutputColumn[];
    try {
      outputs = await this.#runChunks(task);
    } catch (error) {
      task.done(error, null, spent());
      return;
    }
    task.done(null, outputs, spent());
  }

  async #runChunks(task: BatchTask): Promise<OutputColumn[]> {
    if (task.rows <= this.#chunkRows) return this.#run(task.columns, task.rows);
    const chunks: OutputColumn[][] = [];
    for (let start = 0; start < task.rows; start += this.#chunkRows) {
      if (isLate(task, performance.now())) throw new ModelkeepError('MK_SERVE_DEADLINE', {});
      const end = Math.min(task.rows, start + this.#chunkRows);
      chunks.push(
        await this.#run(
          task.columns.map((column) => sliceRows(column, start, end)),
          end - start,
        ),
      );
      task.onProgress();
    }
    return chunks[0]!.map((output, at) => ({ ...output, data: concatData(chunks.map((chunk) => chunk[at]!.data)) }));
  }

  async #run(columns: readonly InputColumn[], rows: number): Promise<OutputColumn[]> {
    this.runs++;
    this.rows += rows;
    const startedAt = performance.now();
    try {
      return await this.#runner.run(columns, rows);
    } finally {
      this.#finished.push({ rows, us: (performance.now() - startedAt) * 1000 });
    }
  }
}

interface Waiting {
  task: BatchTask;
  since: number;
}

function isLate({ deadlineAt }: BatchTask, now: number): boolean {
  return deadlineAt !== undefined && deadlineAt !== null && now > deadlineAt;
}

function sameDims(a: readonly InputColumn[], b: readonly InputColumn[]): boolean {
  return a.every(({ dims }, at) => dims.every((dim, axis) => dim === b[at]!.dims[axis]));
}

function sliceRows<T extends { data: ColumnData; dims: readonly number[] }>(column: T, start: number, end: number): T {
  const width = column.dims.reduce((product, dim) => product * dim, 1);
  const { data } = column;
  return { ...column, data: Array.isArray(data) ? data.slice(start * width, end * width) : data.subarray(start * width, end * width) };
}

function concatData(parts: readonly ColumnData[]): ColumnData {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  if (Array.isArray(first)) return (parts as string[][]).flat();
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new (first.constructor as Float32ArrayConstructor)(length);
  let offset = 0;
  for (const part of parts as Float32Array[]) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
