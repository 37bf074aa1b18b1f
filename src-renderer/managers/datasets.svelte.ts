// Datasets and one dataset version: what it holds, how it changed, what was built from it.
import type { Cell, ColumnType } from '../../src-shared/domain/table.ts';
import type { Params, Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export type DatasetEntry = Result<'data.list'>[number];
export type RowFilter = NonNullable<Params<'data.rows'>['filter']>;
/** One row of a version by column; `number` is its position in the version, from 0. */
export interface DataRow {
  number: number;
  cells: Record<string, Cell>;
}

export class DatasetsManager {
  readonly list = new Loaded<DatasetEntry[]>(() => client.call('data.list', {}));
  readonly load = (): Promise<void> => this.list.reload();
}

/** One version; without `version` the newest. */
export class DatasetManager {
  readonly #name: string;
  readonly #version: number | undefined;
  readonly info: Loaded<Result<'data.get'>>;
  readonly profile: Loaded<Result<'data.profile'>>;
  readonly usedBy: Loaded<Result<'data.usedBy'>>;

  constructor(name: string, version?: number) {
    this.#name = name;
    this.#version = version;
    const at = { name, ...(version === undefined ? {} : { version }) };
    this.info = new Loaded(() => client.call('data.get', at));
    this.profile = new Loaded(() => client.call('data.profile', at));
    this.usedBy = new Loaded(() => client.call('data.usedBy', { name, version: this.version }));
  }

  get name(): string {
    return this.#name;
  }
  /** The version that is shown; 1 until the newest is known. */
  get version(): number {
    return this.#version ?? this.info.value?.version ?? 1;
  }
  /** Reads the facts first: what else is shown depends on the kind. */
  readonly load = async (): Promise<void> => {
    await Promise.all([this.info.reload(), this.profile.reload(), ...(this.#version === undefined ? [] : [this.usedBy.reload()])]);
  };

  /** A window of rows; any size of table. */
  async rows(window: { offset: number; limit: number; sort: { column: string; descending: boolean } | null }, filter?: RowFilter) {
    const { sort, ...range } = window;
    const answer = await client.call('data.rows', {
      name: this.#name,
      version: this.version,
      ...range,
      ...(sort ? { sort } : {}),
      ...(filter ? { filter } : {}),
    });
    const rows = answer.rows.map((cells, index): DataRow => ({
      number: answer.rowNumbers[index] ?? range.offset + index,
      cells: Object.fromEntries(answer.columns.map(({ name }, at) => [name, cells[at] ?? null])),
    }));
    return { rows, total: answer.total, columns: answer.columns };
  }

  /** An image as an address for `<img>`. */
  async image(row: number, column?: string): Promise<ImageData64> {
    return readImage(this.#name, this.version, row, column);
  }

  diff(from: number, to: number): Promise<Result<'data.diff'>> {
    return client.call('data.diff', { name: this.#name, from, to });
  }

  /** Starts the job that makes a new version with other column types. */
  async retype(types: Record<string, ColumnType>): Promise<string> {
    return (await client.call('data.retype', { name: this.#name, version: this.version, types })).jobId;
  }

  async exportTo(format: 'csv' | 'parquet', file: string): Promise<string> {
    return (await client.call('data.export', { name: this.#name, version: this.version, format, file })).jobId;
  }
}

export interface ImageData64 {
  src: string;
  width: number;
  height: number;
}

export async function readImage(name: string, version: number, row: number, column?: string): Promise<ImageData64> {
  const { base64, mime, width, height } = await client.call('data.image', { name, version, row, ...(column ? { column } : {}) });
  return { src: `data:${mime};base64,${base64}`, width, height };
}
