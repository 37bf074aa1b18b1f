import type { DuckDBDataChunk } from '@duckdb/node-api';
import { join } from 'node:path';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { openDuck, type Duck } from '../worker/table/duck.ts';
import type { BatchPart, PartRow } from './batchPart.ts';
import { ImageRows } from './ImageRows.ts';
import type { FileArray, ImagesArray, TableArray } from './pipelineSettings.ts';
import { RowGroups } from './RowGroups.ts';
import { TableRows } from './TableRows.ts';

export interface PipelinePartSettings {
  readonly file: string;
  readonly rowNumbers: Int32Array | undefined;
  readonly arrays: readonly FileArray[];
  /** This thread has the rows of the file whose number leaves `part` when divided by `parts`. */
  readonly part: number;
  readonly parts: number;
  readonly memoryBytes: number;
  /** Start of the paths of its scratch files. */
  readonly scratch: string;
  readonly stopped: () => boolean;
}

/** For the groups being read; the result is small at a time, since it is streamed. */
const duckMemoryMb = 512;

/** What one thread does: reads the row groups that a batch needs, each once, keeps its rows of them, and writes batches from these. */
export class PipelinePart implements Disposable {
  readonly #settings: PipelinePartSettings;
  readonly #duck: Duck;
  readonly #groups: RowGroups;
  readonly #read: Uint8Array;
  /** By row of the file; undefined: all. */
  readonly #wanted: Uint8Array | undefined;
  readonly #table: TableRows | undefined;
  readonly #images: readonly ImageRows[];

  /** Throws MK_FILE_UNREADABLE, MK_DATA_COLUMN_UNKNOWN, MK_DATA_NO_SUCH_ROW, and what the arrays' settings throw. */
  static async open(settings: PipelinePartSettings): Promise<PipelinePart> {
    const duck = await openDuck({ memoryMb: duckMemoryMb, threads: 1 });
    try {
      return new PipelinePart(settings, duck, await RowGroups.open(duck.connection, settings.file));
    } catch (error) {
      duck[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(settings: PipelinePartSettings, duck: Duck, groups: RowGroups) {
    const { file, rowNumbers, arrays, parts, part, memoryBytes, scratch, stopped } = settings;
    const subject = file.split(/[\\/]/).at(-1)!;
    for (const field of arrays.flatMap(columnsOf))
      if (!groups.columns.has(field)) throw new ModelkeepError('MK_DATA_COLUMN_UNKNOWN', { field, subject });
    const missing = rowNumbers?.find((row) => row < 0 || row >= groups.rowCount);
    if (missing !== undefined) throw new ModelkeepError('MK_DATA_NO_SUCH_ROW', { row: missing, subject, total: groups.rowCount });
    this.#settings = settings;
    this.#duck = duck;
    this.#groups = groups;
    this.#read = new Uint8Array(groups.count);
    if (rowNumbers) {
      this.#wanted = new Uint8Array(groups.rowCount);
      for (const row of rowNumbers) this.#wanted[row] = 1;
    }
    const rowCount = Math.ceil(groups.rowCount / parts);
    const images = arrays.filter((each): each is ImagesArray => each.kind === 'images');
    const tables = arrays.filter((each): each is TableArray => each.kind !== 'images');
    const path = (name: string): string => join(scratch, `${name}-${part}`);
    // Images are by far the larger.
    const ofTables = images.length > 0 ? memoryBytes / 8 : memoryBytes;
    if (tables.length > 0) this.#table = new TableRows({ file, arrays: tables, rowCount, memoryBytes: ofTables, path: path('rows') });
    this.#images = images.map(
      (array, stream) =>
        new ImageRows({
          file,
          array,
          // Table arrays have 0 and up.
          stream: -1 - stream,
          rowCount,
          memoryBytes: (memoryBytes - ofTables) / images.length,
          path: path(`images-${stream}`),
          stopped,
        }),
    );
  }

  get rowCount(): number {
    return this.#groups.rowCount;
  }

  /** Writes those of the rows that are this thread's. `rows` are numbers in the training, `fileRows` in the file. */
  async load(rows: Int32Array, fileRows: Int32Array, into: BatchPart['into'], key: number): Promise<void> {
    const { part, parts } = this.#settings;
    const mine: PartRow[] = [];
    fileRows.forEach((fileRow, place) => {
      if (fileRow % parts === part) mine.push({ place, row: rows[place]!, fileRow, slot: Math.floor(fileRow / parts) });
    });
    for (const { fileRow } of mine) {
      const group = this.#groups.of(fileRow);
      if (this.#read[group]) continue;
      await this.#readGroup(group);
      if (this.#settings.stopped()) return;
    }
    const work = { rows: mine, into, key };
    this.#table?.write(work);
    for (const each of this.#images) await each.write(work);
  }

  [Symbol.dispose](): void {
    this.#table?.[Symbol.dispose]();
    for (const each of this.#images) each[Symbol.dispose]();
    this.#duck[Symbol.dispose]();
  }

  async #readGroup(group: number): Promise<void> {
    const { part, parts } = this.#settings;
    const expressions = [...(this.#table?.expressions ?? []), ...this.#images.map(({ expression }) => expression)];
    await this.#groups.read(group, { expressions, part, parts, take: (chunk) => this.#take(chunk, parts) });
    this.#read[group] = 1;
  }

  #take(chunk: DuckDBDataChunk, parts: number): void {
    if (this.#settings.stopped()) throw new ModelkeepError('MK_TRAIN_PIPELINE_ENDED', { reason: 'it was closed' });
    const numbers = (chunk.getColumnVector(0) as unknown as { items: Int32Array }).items;
    const wanted: { at: number; row: number; slot: number }[] = [];
    for (let at = 0; at < chunk.rowCount; at++) {
      const row = numbers[at]!;
      if (!this.#wanted || this.#wanted[row]) wanted.push({ at, row, slot: Math.floor(row / parts) });
    }
    this.#table?.take(chunk, 1, wanted);
    this.#images.forEach((each, at) => each.take(chunk, 1 + (this.#table?.expressions.length ?? 0) + at, wanted));
  }
}

function columnsOf(array: FileArray): string[] {
  return array.kind === 'numbers' || array.kind === 'presence' ? array.columns.map(({ name }) => name) : [array.column];
}
