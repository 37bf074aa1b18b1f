import type { DuckDBDataChunk } from '@duckdb/node-api';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { streamKey, tableAugmenter, type RowArray, type RowAugmenter } from '../../../compiler/index.ts';
import type { BatchPart } from './batchPart.ts';
import { ByteLog } from './ByteLog.ts';
import { batchForm, elementBytes, type TableArray } from './pipelineSettings.ts';
import { fieldsOf, isMissing, type FieldType, type TableField } from './tableFields.ts';

interface Place {
  readonly array: TableArray;
  readonly fields: readonly TableField[];
  readonly type: FieldType;
  /** Within a record. */
  readonly start: number;
  readonly bytes: number;
  readonly augment: RowAugmenter | undefined;
}

export interface TableRowsSettings {
  readonly file: string;
  readonly arrays: readonly TableArray[];
  /** Number of rows that this thread may be given. */
  readonly rowCount: number;
  readonly memoryBytes: number;
  /** Of the scratch file. */
  readonly path: string;
}

/** Table rows as records: the bytes of each array in turn, so that loading a row is copying. */
export class TableRows implements Disposable {
  readonly expressions: readonly string[];
  readonly #file: string;
  readonly #places: readonly Place[];
  readonly #log: ByteLog;
  readonly #addresses: Float64Array;
  readonly #record: Uint8Array;
  /** The record as numbers of each type. */
  readonly #views: Readonly<Record<FieldType, Float32Array | Float64Array | Int32Array | BigInt64Array>>;

  /** Throws MK_TRAIN_COLUMN_UNFIT and MK_COMPILER_SETTING_INVALID. */
  constructor({ file, arrays, rowCount, memoryBytes, path }: TableRowsSettings) {
    const places: Place[] = [];
    let start = 0;
    // Numbers of 8 bytes first: each lies at a multiple of its size.
    const bySize = arrays
      .map((array) => ({ array, fields: fieldsOf(array) }))
      .toSorted((a, b) => elementBytes(b.fields[0]!.type) - elementBytes(a.fields[0]!.type));
    for (const { array, fields } of bySize) {
      const { type } = fields[0]!;
      const bytes = fields.length * elementBytes(type);
      const steps = array.kind === 'numbers' && array.augment?.length ? array.augment : undefined;
      if (steps && type !== 'float32')
        throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', {
          setting: `${array.name}.augment`,
          value: type,
          expected: 'of float32 numbers only',
        });
      places.push({ array, fields, type, start, bytes, augment: steps && tableAugmenter(steps, fields.length) });
      start += bytes;
    }
    this.#file = file;
    this.#places = places;
    this.expressions = places.flatMap(({ fields }) => fields.map(({ expression }) => expression));
    const buffer = new ArrayBuffer(Math.ceil(start / 8) * 8);
    this.#record = new Uint8Array(buffer, 0, start);
    this.#views = {
      float32: new Float32Array(buffer),
      float64: new Float64Array(buffer),
      int32: new Int32Array(buffer),
      int64: new BigInt64Array(buffer),
    };
    this.#log = new ByteLog({ memoryBytes, path });
    this.#addresses = new Float64Array(rowCount);
  }

  /** Takes rows `wanted` (places in the chunk) as slots of this thread; `first` is the column of the first expression. Throws MK_TRAIN_ROW_UNREADABLE. */
  take(chunk: DuckDBDataChunk, first: number, wanted: readonly { at: number; row: number; slot: number }[]): void {
    let column = first;
    const sources = this.#places.flatMap((place) => {
      const index = place.start / elementBytes(place.type);
      return place.fields.map((field, at) => ({
        place,
        field,
        items: itemsOf(chunk, column++),
        view: this.#views[place.type],
        index: index + at,
      }));
    });
    for (const { at, row, slot } of wanted) {
      for (const { place, field, items, view, index } of sources) {
        let value = items[at]!;
        if (isMissing(value, place.array, field.type)) {
          if (field.missing === undefined) throw this.#refused(row, field);
          value = field.type === 'int64' ? BigInt(field.missing) : field.missing;
        }
        view[index] = value as never;
      }
      this.#addresses[slot] = this.#log.append(this.#record)!;
    }
  }

  /** Writes a part of a batch. */
  write(part: BatchPart): void {
    const targets = this.#places.map((place, at) => {
      const array = part.into[place.array.name]!;
      return {
        place,
        at,
        array,
        bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
        size: batchForm(place.array, 0).size,
      };
    });
    for (const { place: rowPlace, row, slot } of part.rows) {
      const record = this.#log.read(this.#addresses[slot]!, this.#record.length);
      for (const { place, at, array, bytes, size } of targets) {
        if (place.array.kind === 'classes' && place.array.oneHot) {
          writeOneHot(array, rowPlace * size, size, record, place.start);
          continue;
        }
        bytes.set(record.subarray(place.start, place.start + place.bytes), rowPlace * place.bytes);
        place.augment?.((array as Float32Array).subarray(rowPlace * size, (rowPlace + 1) * size), streamKey(part.key, row, at));
      }
    }
  }

  [Symbol.dispose](): void {
    this.#log[Symbol.dispose]();
  }

  #refused(row: number, { column, reason }: TableField): ModelkeepError {
    return new ModelkeepError('MK_TRAIN_ROW_UNREADABLE', { row, column, file: this.#file, reason });
  }
}

function writeOneHot(array: RowArray, start: number, size: number, record: Uint8Array, at: number): void {
  const code = record[at]! | (record[at + 1]! << 8) | (record[at + 2]! << 16) | (record[at + 3]! << 24);
  (array as Float32Array).fill(0, start, start + size);
  array[start + code] = 1;
}

/** See readTable.ts: the numbers as DuckDB holds them. */
function itemsOf(chunk: DuckDBDataChunk, column: number): ArrayLike<number | bigint> {
  return (chunk.getColumnVector(column) as unknown as { items: ArrayLike<number | bigint> }).items;
}
