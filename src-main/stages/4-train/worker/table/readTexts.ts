// Texts of a Parquet file by other ways than cell by cell, which costs two calls into the engine for each.
import { isAscii } from 'node:buffer';
import type { DuckDBBlobValue, DuckDBConnection } from '@duckdb/node-api';
import { parquetRows } from './duck.ts';

/** A text column: its name and the SQL of its texts, without NULLs. */
export interface TextSource {
  name: string;
  expression: string;
}

export interface TextPlan {
  /** Columns of few values: codes come from the engine, values once. */
  levels: ReadonlyMap<string, Levels>;
  /** Columns of many values: `readPacked` reads them afterwards. */
  packed: ReadonlyMap<string, PackedTexts>;
  /** Drops the types of the codes. */
  release(): Promise<void>;
}

export interface Levels {
  /** SQL of the place of a text in `values`, an INTEGER. */
  code: string;
  values: string[];
}

export interface PackedTexts extends TextSource {
  /** Bytes of each block of rows. */
  blockBytes: number[];
}

/** Of fewer rows the cells are read faster than the file is looked over. */
const fewestRows = 10_000;
/** Values in the first block of rows. A file that is sorted by the column may have many more in all: slower, not wrong. */
const mostLevels = 4000;
const rowsPerBlock = 131_072;
/** Of a column, in the engine at once. A column with a larger block has texts so long that a call for each does not matter. */
const bytesAtOnce = 64_000_000;
/** Joined to one text, which is cut apart here. */
const rowsPerPart = 2048;

let types = 0;

/** What is best for each column; those in neither group are read cell by cell. */
export async function planTexts(connection: DuckDBConnection, file: string, sources: readonly TextSource[]): Promise<TextPlan> {
  const levels = new Map<string, Levels>();
  const packed = new Map<string, PackedTexts>();
  const made: string[] = [];
  const release = async (): Promise<void> => {
    for (const type of made) await connection.run(`DROP TYPE ${type}`);
  };
  if (sources.length === 0 || (await rowsOf(connection, file)) < fewestRows) return { levels, packed, release };
  const found = await lookOver(connection, file, sources);
  try {
    for (const [at, source] of sources.entries()) {
      const { distinct, blockBytes } = found[at]!;
      if (distinct <= mostLevels) {
        const type = `text_levels_${types++}`;
        await connection.run(`CREATE TYPE ${type} AS ENUM (SELECT DISTINCT ${source.expression} FROM ${parquetRows(file)})`);
        made.push(type);
        levels.set(source.name, { code: `enum_code((${source.expression})::${type})::INTEGER`, values: await valuesOf(connection, type) });
      } else if (blockBytes.every((bytes) => bytes <= bytesAtOnce)) packed.set(source.name, { ...source, blockBytes });
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { levels, packed, release };
}

/** Codes by first appearance in `rows` (numbers in the file, increasing), and their texts. `pause` between parts of 2,048 rows. */
export async function readPacked(
  connection: DuckDBConnection,
  file: string,
  { expression, blockBytes }: PackedTexts,
  rows: Int32Array,
  pause: () => Promise<void>,
): Promise<{ codes: Int32Array; dictionary: string[] }> {
  const codes = new Int32Array(rows.length);
  const codeOf = new Map<string, number>();
  let at = 0;
  for (const [start, end] of slices(blockBytes)) {
    const texts = `SELECT file_row_number AS row, ${expression} AS text FROM ${parquetRows(file)} WHERE file_row_number >= ${start} AND file_row_number < ${end}`;
    const result = await connection.stream(
      `SELECT (row // ${rowsPerPart})::INTEGER AS part, encode(string_agg(text, '' ORDER BY row)) AS bytes, list(strlen(text)::INTEGER ORDER BY row) AS lengths FROM (${texts}) GROUP BY part ORDER BY part`,
    );
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const [parts, bytes, lengths] = [0, 1, 2].map((column) => chunk.getColumnVector(column));
      for (let item = 0; item < chunk.rowCount; item++) {
        const first = (parts!.getItem(item) as number) * rowsPerPart;
        const own = lengthsOf(lengths, item);
        if (at < rows.length && rows[at]! < first + own.length)
          at = cutPart({ bytes: bytesOf(bytes!.getItem(item) as DuckDBBlobValue), lengths: own, first }, rows, at, codes, codeOf);
        await pause();
      }
    }
  }
  return { codes, dictionary: [...codeOf.keys()] };
}

/** The bytes of a cell as text; all of them, a byte order mark too. */
export function textOf(cell: DuckDBBlobValue): string {
  return bytesOf(cell).toString('utf8');
}

interface Part {
  bytes: Buffer;
  lengths: Int32Array;
  /** Number of its first row. */
  first: number;
}

/** Codes of the part's rows among `rows`, from `at` on; returns where the next part goes on. */
function cutPart({ bytes, lengths, first }: Part, rows: Int32Array, at: number, codes: Int32Array, codeOf: Map<string, number>): number {
  // Four times as fast for short texts.
  const encoding = isAscii(bytes) ? 'latin1' : 'utf8';
  let offset = 0;
  for (let place = 0; place < lengths.length; place++) {
    const end = offset + lengths[place]!;
    if (rows[at] === first + place) {
      const text = bytes.toString(encoding, offset, end);
      let code = codeOf.get(text);
      if (code === undefined) codeOf.set(text, (code = codeOf.size));
      codes[at++] = code;
    }
    offset = end;
  }
  return at;
}

/** From row to row: as many blocks as are at once in the engine. */
function slices(blockBytes: readonly number[]): [start: number, end: number][] {
  const found: [number, number][] = [];
  let [first, bytes] = [0, 0];
  for (const [block, own] of blockBytes.entries()) {
    if (bytes + own > bytesAtOnce && block > first) {
      found.push([first * rowsPerBlock, block * rowsPerBlock]);
      [first, bytes] = [block, 0];
    }
    bytes += own;
  }
  return [...found, [first * rowsPerBlock, blockBytes.length * rowsPerBlock]];
}

async function rowsOf(connection: DuckDBConnection, file: string): Promise<number> {
  const [[rows]] = (await (await connection.run(`SELECT count(*)::DOUBLE FROM ${parquetRows(file)}`)).getRows()) as [[number]];
  return rows;
}

async function lookOver(
  connection: DuckDBConnection,
  file: string,
  sources: readonly TextSource[],
): Promise<{ distinct: number; blockBytes: number[] }[]> {
  const select = async (fields: (source: TextSource) => string, rest: string): Promise<number[][]> => {
    const sql = `SELECT ${sources.map(fields).join(', ')} FROM ${parquetRows(file)} ${rest}`;
    return (await (await connection.run(sql)).getRows()) as number[][];
  };
  const distinctOf = ({ expression }: TextSource): string => `approx_count_distinct(${expression})::DOUBLE`;
  const [distinct] = await select(distinctOf, `WHERE file_row_number < ${rowsPerBlock}`);
  const byBlock = `GROUP BY file_row_number // ${rowsPerBlock} ORDER BY file_row_number // ${rowsPerBlock}`;
  const bytes = await select(({ expression }) => `sum(strlen(${expression}))::DOUBLE`, byBlock);
  return sources.map((_, at) => ({ distinct: distinct![at]!, blockBytes: bytes.map((block) => block[at]!) }));
}

/** Of an enum type, by code. */
async function valuesOf(connection: DuckDBConnection, type: string): Promise<string[]> {
  const result = await connection.run(`SELECT encode(unnest(enum_range(NULL::${type}))::VARCHAR)`);
  return ((await result.getRows()) as [DuckDBBlobValue][]).map(([cell]) => textOf(cell));
}

function bytesOf({ bytes }: DuckDBBlobValue): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The numbers of a list as DuckDB holds them; the field is private in its types. */
function lengthsOf(vector: unknown, item: number): Int32Array {
  return (vector as { getItemVector(item: number): { items: Int32Array } }).getItemVector(item).items;
}
