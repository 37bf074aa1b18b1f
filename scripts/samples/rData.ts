// Reads data frames out of R's own files, so that nobody needs R: lazy-load databases (Rdata.rdx + Rdata.rdb) and .rda.
// Format: "R Internals", section 1.8 Serialization Formats; src/main/serialize.c. Only what data sets contain is read.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gunzipSync, inflateSync } from 'node:zlib';

/** Columns of equal length, in order. Missing is null; factors are their level names; dates are ISO text. */
export type DataFrame = Map<string, (string | number | boolean | null)[]>;

type RValue = { type: number; value: unknown; attributes: Map<string, RValue> };

/** One object of a lazy-load database, for example `('…/data/Rdata', 'wa_churn')`. */
export function readLazyLoad(base: string, name: string): DataFrame {
  const index = new Unserializer(gunzipSync(readFileSync(`${base}.rdx`))).readStream();
  const place = entry(entry(index, 'variables'), name).value as number[];
  const record = readFileSync(`${base}.rdb`).subarray(place[0]!, place[0]! + place[1]!);
  return toDataFrame(new Unserializer(decompressRecord(record)).readStream());
}

/** One object of an .rda file. */
export function readRda(file: string, name: string): DataFrame {
  const bytes = decompressFile(readFileSync(file));
  if (!/^RDX[23]\n/.test(bytes.toString('latin1', 0, 5))) throw new Error(`${file} is not an R data file`);
  return toDataFrame(entry(new Unserializer(bytes.subarray(5)).readStream(), name));
}

/** `record`: 4 bytes length of the content, then for bzip2 and xz one byte naming the method (R's R_decompress1 to 3). */
function decompressRecord(record: Buffer): Buffer {
  const method = String.fromCharCode(record[4]!);
  // Method Z is a raw LZMA2 stream without a header: the preset must be told.
  if (method === 'Z')
    return execFileSync('xz', ['-dc', '--format=raw', '--lzma2=preset=6'], { input: record.subarray(5), maxBuffer: 1 << 30 });
  if (method === '2') return execFileSync('bzip2', ['-dc'], { input: record.subarray(5), maxBuffer: 1 << 30 });
  return inflateSync(record.subarray(4));
}

function decompressFile(bytes: Buffer): Buffer {
  const command = { '1f8b': 'gzip', '425a': 'bzip2', fd37: 'xz' }[bytes.toString('hex', 0, 2)];
  return command === undefined ? bytes : execFileSync(command, ['-dc'], { input: bytes, maxBuffer: 1 << 30 });
}

const INTEGER_NA = -(2 ** 31);
const DOUBLE_NA_LOW_WORD = 1954; // R's NA is the NaN with this payload

class Unserializer {
  private offset = 0;
  private readonly references: RValue[] = [];
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  readStream(): RValue {
    if (this.bytes.toString('latin1', 0, 2) !== 'X\n') throw new Error('R data is not in the XDR format');
    this.offset = 2;
    const version = this.int();
    this.offset += 8; // the R that wrote it, the oldest R that reads it
    if (version === 3) this.offset += 4 + this.bytes.readInt32BE(this.offset); // native encoding
    return this.item();
  }

  private int(): number {
    this.offset += 4;
    return this.bytes.readInt32BE(this.offset - 4);
  }

  private double(): number | null {
    const low = this.bytes.readUInt32BE(this.offset + 4);
    const value = this.bytes.readDoubleBE(this.offset);
    this.offset += 8;
    return Number.isNaN(value) && low === DOUBLE_NA_LOW_WORD ? null : value;
  }

  private vector<T>(read: () => T): T[] {
    const length = this.int();
    if (length < 0) throw new Error('R vectors beyond 2^31 elements are not read');
    return Array.from({ length }, read);
  }

  private item(): RValue {
    const flags = this.int();
    const type = flags & 0xff;
    const hasAttributes = (flags & 0x200) !== 0;
    const hasTag = (flags & 0x400) !== 0;
    const result: RValue = { type, value: null, attributes: new Map() };
    switch (type) {
      case 254: // NILVALUE
      case 253: // GLOBALENV
      case 242: // EMPTYENV
      case 241: // BASEENV
        return result;
      case 255: // REFSXP
        return this.references[(flags >> 8 || this.int()) - 1]!;
      case 1: // SYMSXP
        result.value = this.item().value;
        this.references.push(result);
        return result;
      case 247: // PERSISTSXP: an environment kept elsewhere in the database
        this.offset += 4;
        result.value = this.vector(() => this.item().value);
        this.references.push(result);
        return result;
      case 2: // LISTSXP
        return this.pairlist(flags);
      case 9: {
        // CHARSXP
        const length = this.int();
        if (length >= 0) result.value = this.bytes.toString('utf8', this.offset, (this.offset += length));
        return result;
      }
      case 10: // LGLSXP
        result.value = this.vector(() => this.int()).map((v) => (v === INTEGER_NA ? null : v !== 0));
        break;
      case 13: // INTSXP
        result.value = this.vector(() => this.int()).map((v) => (v === INTEGER_NA ? null : v));
        break;
      case 14: // REALSXP
        result.value = this.vector(() => this.double());
        break;
      case 16: // STRSXP
        result.value = this.vector(() => this.item().value);
        break;
      case 19: // VECSXP
        result.value = this.vector(() => this.item());
        break;
      case 238: // ALTREP_SXP
        return this.alternative();
      default:
        throw new Error(`R object of type ${type}${hasTag ? ' (tagged)' : ''} is not read`);
    }
    if (hasAttributes) result.attributes = namedItems(this.item());
    return result;
  }

  /** A chain of [attributes] [tag] value, ended by NILVALUE. */
  private pairlist(first: number): RValue {
    const values: RValue[] = [];
    const names: string[] = [];
    for (let flags = first; (flags & 0xff) === 2; flags = this.int()) {
      if (flags & 0x200) this.item();
      names.push(flags & 0x400 ? String(this.item().value) : '');
      values.push(this.item());
    }
    return { type: 2, value: values, attributes: new Map([['names', { type: 16, value: names, attributes: new Map() }]]) };
  }

  /** Compact vectors of R 3.5 and later: class, state, attributes. */
  private alternative(): RValue {
    const name = String((this.item().value as RValue[])[0]!.value);
    const state = this.item();
    const attributes = namedItems(this.item());
    if (name === 'compact_intseq' || name === 'compact_realseq') {
      const [length, start, step] = state.value as [number, number, number];
      return { type: 13, value: Array.from({ length }, (_, at) => start + at * step), attributes };
    }
    const inner = (state.value as RValue[])[0]!;
    if (name.startsWith('wrap_')) return { ...inner, attributes };
    if (name === 'deferred_string')
      return { type: 16, value: (inner.value as (number | null)[]).map((v) => (v === null ? null : String(v))), attributes };
    throw new Error(`R vector class ${name} is not read`);
  }
}

function namedItems(list: RValue): Map<string, RValue> {
  if (list.value === null) return new Map();
  const names = list.attributes.get('names')!.value as string[];
  return new Map((list.value as RValue[]).map((value, at) => [names[at]!, value]));
}

function entry(list: RValue, name: string): RValue {
  const found = namedItems(list).get(name);
  if (found === undefined) throw new Error(`R data has no "${name}"; it has ${[...namedItems(list).keys()].join(', ')}`);
  return found;
}

function toDataFrame(object: RValue): DataFrame {
  return new Map([...namedItems(object)].map(([name, column]) => [name, plainColumn(column)]));
}

function plainColumn(column: RValue): (string | number | boolean | null)[] {
  const values = column.value as (string | number | boolean | null)[];
  const classes = (column.attributes.get('class')?.value ?? []) as string[];
  const levels = column.attributes.get('levels')?.value as string[] | undefined;
  if (levels) return values.map((code) => (code === null ? null : levels[(code as number) - 1]!));
  if (classes.includes('Date'))
    return values.map((days) => (days === null ? null : new Date((days as number) * 86_400_000).toISOString().slice(0, 10)));
  if (classes.includes('POSIXct'))
    return values.map((seconds) => (seconds === null ? null : new Date((seconds as number) * 1000).toISOString()));
  return values;
}
