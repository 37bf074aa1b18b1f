import { DuckDBBlobValue, type DuckDBConnection, type DuckDBDataChunk } from '@duckdb/node-api';
import type { Column, ColumnType } from '../../../../../src-shared/domain/table.ts';
import { decodeImage, type ImageSize, type RawColumn, type RawTable } from '../../../3-features/api.ts';
import { parquetRows, quoteName } from './duck.ts';
import { planTexts, readPacked, textOf, type TextPlan } from './readTexts.ts';

export interface ReadOptions {
  columns: readonly Column[];
  /** Size to which an image column is decoded; required for each image column. */
  images?: ReadonlyMap<string, ImageSize>;
  /** Rows to keep, by number in the file; default all. */
  keep?: (rowNumber: number) => boolean;
  /** At least as many as will be kept. */
  capacity: number;
  /** Between two chunks of 2,048 rows: lets messages in, may throw to stop. */
  pause?: (rowsRead: number) => Promise<void>;
}

export interface ReadTable extends RawTable {
  /** Number of each kept row in the file. */
  rowNumbers: Int32Array;
  /** Images that could not be decoded: they are read as black. */
  unreadableImages: number;
}

export type RawKind = RawColumn['kind'];

/** How a column of this type enters a model. */
export function rawKind(type: ColumnType): RawKind {
  switch (type) {
    case 'integer':
    case 'number':
    case 'boolean':
      return 'float32';
    case 'date':
    case 'timestamp':
      return 'float64';
    case 'category':
    case 'text':
    case 'identifier':
      return 'string';
    case 'image':
      return 'uint8';
  }
}

/** SQL that gives the model's form of a column, without NULLs (images aside), so that a whole chunk is copied at once. */
export function rawExpression({ name, type }: Column): string {
  const column = quoteName(name);
  switch (rawKind(type)) {
    case 'float32':
      // Beyond float32's range a cast fails; such a number is as good as infinite, which features read as missing.
      return `coalesce(TRY_CAST(${column} AS FLOAT), 'NaN'::FLOAT)`;
    case 'float64':
      return `coalesce(epoch(TRY_CAST(${column} AS TIMESTAMP)) / 86400, 'NaN'::DOUBLE)`;
    case 'string':
      return `coalesce(CAST(${column} AS VARCHAR), '')`;
    case 'uint8':
      return column;
  }
}

/** Texts as bytes: decoded here, they keep a byte order mark. */
function cellExpression(column: Column): string {
  const expression = rawExpression(column);
  return rawKind(column.type) === 'string' ? `encode(${expression})` : expression;
}

/** Columns of a Parquet file, in the form in which models take them. Same file, same result: rows come in the file's order. */
export async function readTable(connection: DuckDBConnection, file: string, options: ReadOptions): Promise<ReadTable> {
  const { columns, pause } = options;
  const texts = columns.filter(({ type }) => rawKind(type) === 'string');
  const plan = await planTexts(
    connection,
    file,
    texts.map((column) => ({ name: column.name, expression: rawExpression(column) })),
  );
  try {
    const table = await readStreamed(connection, file, options, plan);
    const found = new Map<string, RawColumn>(table.columns);
    for (const [name, packed] of plan.packed)
      found.set(name, {
        kind: 'string',
        ...(await readPacked(connection, file, packed, table.rowNumbers, async () => pause?.(table.rows))),
      });
    return { ...table, columns: new Map(columns.map(({ name }) => [name, found.get(name)!])) };
  } finally {
    await plan.release();
  }
}

/** All columns but those that are packed. */
async function readStreamed(connection: DuckDBConnection, file: string, options: ReadOptions, plan: TextPlan): Promise<ReadTable> {
  const { keep = () => true, capacity, pause } = options;
  const columns = options.columns.filter(({ name }) => !plan.packed.has(name));
  const fields = columns.map((column, at) => `${plan.levels.get(column.name)?.code ?? cellExpression(column)} AS c${at}`);
  const result = await connection.stream(`SELECT file_row_number::INTEGER AS row, ${fields.join(', ') || '0'} FROM ${parquetRows(file)}`);
  const builders = columns.map((column) => {
    const levels = plan.levels.get(column.name);
    return levels ? levelBuilder(capacity, levels.values) : builderFor(column, capacity, options.images?.get(column.name));
  });
  const rowNumbers = new Int32Array(capacity);
  let kept = 0;
  let read = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const numbers = itemsOf<Int32Array>(chunk, 0);
    const rows: number[] = [];
    for (let at = 0; at < chunk.rowCount; at++) if (keep(numbers[at]!)) rows.push(at);
    for (const [at, builder] of builders.entries()) await builder.append(chunk, at + 1, rows, kept);
    rows.forEach((row, at) => (rowNumbers[kept + at] = numbers[row]!));
    kept += rows.length;
    read += chunk.rowCount;
    await pause?.(read);
  }
  return {
    rows: kept,
    rowNumbers: rowNumbers.slice(0, kept),
    columns: new Map(columns.map((column, at) => [column.name, builders[at]!.finish(kept)])),
    unreadableImages: builders.reduce((sum, each) => sum + each.unreadable, 0),
  };
}

interface ColumnBuilder {
  append(chunk: DuckDBDataChunk, column: number, rows: number[], start: number): void | Promise<void>;
  finish(count: number): RawColumn;
  unreadable: number;
}

function builderFor({ name, type }: Column, capacity: number, image: ImageSize | undefined): ColumnBuilder {
  switch (rawKind(type)) {
    case 'float32': {
      const values = new Float32Array(capacity);
      return {
        unreadable: 0,
        append: (chunk, column, rows, start) => copyNumbers(values, itemsOf<Float32Array>(chunk, column), rows, start),
        finish: (count) => ({ kind: 'float32', values: values.slice(0, count) }),
      };
    }
    case 'float64': {
      const values = new Float64Array(capacity);
      return {
        unreadable: 0,
        append: (chunk, column, rows, start) => copyNumbers(values, itemsOf<Float64Array>(chunk, column), rows, start),
        finish: (count) => ({ kind: 'float64', values: values.slice(0, count) }),
      };
    }
    case 'string':
      return stringBuilder(capacity);
    case 'uint8':
      if (!image) throw new Error(`The image column "${name}" is read without a size.`);
      return imageBuilder(capacity, image);
  }
}

/** The numbers of a column as DuckDB holds them. The field is private in its types, yet the only way without a call for each cell. */
function itemsOf<Items>(chunk: DuckDBDataChunk, column: number): Items {
  return (chunk.getColumnVector(column) as unknown as { items: Items }).items;
}

type Numbers = Float32Array | Float64Array | Int32Array;

function copyNumbers(to: Numbers, from: Numbers, rows: number[], start: number): void {
  if (rows.length === from.length) return to.set(from, start);
  rows.forEach((row, at) => (to[start + at] = from[row]!));
}

function stringBuilder(capacity: number): ColumnBuilder {
  const codes = new Int32Array(capacity);
  const codeOf = new Map<string, number>();
  return {
    unreadable: 0,
    append: (chunk, column, rows, start) => {
      const texts = chunk.getColumnVector(column);
      rows.forEach((row, at) => {
        const text = textOf(texts.getItem(row) as DuckDBBlobValue);
        let code = codeOf.get(text);
        if (code === undefined) codeOf.set(text, (code = codeOf.size));
        codes[start + at] = code;
      });
    },
    finish: (count) => ({ kind: 'string', codes: codes.slice(0, count), dictionary: [...codeOf.keys()] }),
  };
}

/** Codes of the engine become codes by first appearance, values that no row has are left out. */
function levelBuilder(capacity: number, values: readonly string[]): ColumnBuilder {
  const codes = new Int32Array(capacity);
  return {
    unreadable: 0,
    append: (chunk, column, rows, start) => copyNumbers(codes, itemsOf<Int32Array>(chunk, column), rows, start),
    finish: (count) => {
      const own = codes.slice(0, count);
      const placeOf = new Int32Array(values.length).fill(-1);
      const dictionary: string[] = [];
      for (let at = 0; at < count; at++) {
        const code = own[at]!;
        if (placeOf[code]! < 0) placeOf[code] = dictionary.push(values[code]!) - 1;
        own[at] = placeOf[code]!;
      }
      return { kind: 'string', codes: own, dictionary };
    },
  };
}

function imageBuilder(capacity: number, size: ImageSize): ColumnBuilder {
  const pixels = size.width * size.height * size.channels;
  const values = new Uint8Array(capacity * pixels);
  const builder: ColumnBuilder = {
    unreadable: 0,
    append: async (chunk, column, rows, start) => {
      const cells = chunk.getColumnValues(column);
      for (const [at, row] of rows.entries()) {
        const cell = cells[row];
        const image = cell instanceof DuckDBBlobValue ? await decodeImage(cell.bytes, size) : null;
        if (image) values.set(image, (start + at) * pixels);
        else builder.unreadable++;
      }
    },
    finish: (count) => ({ kind: 'uint8', values: values.slice(0, count * pixels), shape: [size.height, size.width, size.channels] }),
  };
  return builder;
}
