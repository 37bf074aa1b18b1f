import { DuckDBBlobValue, type DuckDBDataChunk } from '@duckdb/node-api';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { imageAugmenter, streamKey, type RowAugmenter } from '../../../compiler/index.ts';
import { decodeImage } from '../../3-features/api.ts';
import { quoteName } from '../worker/table/duck.ts';
import type { BatchPart, PartRow } from './batchPart.ts';
import { ByteLog } from './ByteLog.ts';
import type { ImagesArray } from './pipelineSettings.ts';

/** Decoded at a time: libvips works in other threads, so one decodes while another is awaited. */
const lanes = 2;
/** Of the address of an image that was not read yet. */
const absent = Number.NaN;

export interface ImageRowsSettings {
  readonly file: string;
  readonly array: ImagesArray;
  /** Keeps the random numbers of two arrays apart. */
  readonly stream: number;
  readonly rowCount: number;
  readonly memoryBytes: number;
  readonly path: string;
  readonly stopped: () => boolean;
}

/**
 * Images of one column. Encoded bytes are kept (in memory and a scratch file), decoded pixels as far as memory goes: decoding
 * costs far more than augmenting, and every epoch asks for the same pixels.
 */
export class ImageRows implements Disposable {
  readonly expression: string;
  readonly #settings: ImageRowsSettings;
  readonly #pixelCount: number;
  readonly #augment: RowAugmenter | undefined;
  readonly #encoded: ByteLog;
  readonly #addresses: Float64Array;
  readonly #lengths: Int32Array;
  readonly #decoded: ByteLog;
  readonly #pixelAddresses: Float64Array;
  readonly #offsets: Float32Array;
  readonly #factors: Float32Array;

  /** Throws MK_COMPILER_SETTING_INVALID. */
  constructor(settings: ImageRowsSettings) {
    const { array, rowCount, memoryBytes, path } = settings;
    const { size, augment, mean, deviation } = array;
    this.#settings = settings;
    this.expression = quoteName(array.column);
    this.#pixelCount = size.channels * size.height * size.width;
    this.#augment = augment?.length ? imageAugmenter(augment, size) : undefined;
    this.#factors = byChannel(array, 'deviation', deviation ?? Array.from({ length: size.channels }, () => 1)).map((each) => 1 / each);
    this.#offsets = byChannel(array, 'mean', mean ?? Array.from({ length: size.channels }, () => 0));
    if (this.#factors.some((each) => !(each > 0 && Number.isFinite(each))))
      throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', {
        setting: `${array.name}.deviation`,
        value: String(deviation),
        expected: 'above 0',
      });
    this.#encoded = new ByteLog({ memoryBytes: memoryBytes / 4, path });
    this.#addresses = new Float64Array(rowCount);
    this.#lengths = new Int32Array(rowCount);
    this.#decoded = new ByteLog({ memoryBytes: (memoryBytes * 3) / 4, path: null });
    this.#pixelAddresses = new Float64Array(rowCount).fill(absent);
  }

  get name(): string {
    return this.#settings.array.name;
  }

  take(chunk: DuckDBDataChunk, column: number, wanted: readonly { at: number; row: number; slot: number }[]): void {
    const cells = chunk.getColumnValues(column);
    for (const { at, row, slot } of wanted) {
      const cell = cells[at];
      if (!(cell instanceof DuckDBBlobValue)) {
        if (this.#settings.array.unreadable !== 'black') throw this.#refused(row, cell === null ? 'no image' : 'not bytes');
        this.#lengths[slot] = 0;
        continue;
      }
      this.#addresses[slot] = this.#encoded.append(cell.bytes)!;
      this.#lengths[slot] = cell.bytes.length;
    }
  }

  /** Writes a part of a batch. Throws MK_TRAIN_ROW_UNREADABLE. */
  async write(part: BatchPart): Promise<void> {
    const undecoded: PartRow[] = [];
    for (const each of part.rows) {
      const address = this.#pixelAddresses[each.slot]!;
      if (Number.isNaN(address)) undecoded.push(each);
      else this.#place(this.#decoded.read(address, this.#pixelCount), each, part);
    }
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < undecoded.length && !this.#settings.stopped()) {
        const each = undecoded[next++]!;
        this.#place(await this.#decode(each), each, part);
      }
    };
    // All lanes end before an error is told: nobody writes into the batch afterwards.
    const ends = await Promise.allSettled(Array.from({ length: lanes }, lane));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  [Symbol.dispose](): void {
    this.#encoded[Symbol.dispose]();
    this.#decoded[Symbol.dispose]();
  }

  async #decode({ slot, fileRow }: PartRow): Promise<Uint8Array> {
    const { size, unreadable } = this.#settings.array;
    const length = this.#lengths[slot]!;
    const pixels = length > 0 ? await decodeImage(this.#encoded.read(this.#addresses[slot]!, length), size) : null;
    if (!pixels && unreadable !== 'black') throw this.#refused(fileRow, 'a broken or truncated image');
    const result = pixels ?? new Uint8Array(this.#pixelCount);
    this.#pixelAddresses[slot] = this.#decoded.append(result) ?? absent;
    return result;
  }

  /** [height, width, channels] 0 to 255 → [channels, height, width], augmented and scaled. */
  #place(pixels: Uint8Array, { place, row }: PartRow, { into, key }: BatchPart): void {
    const { array, stream } = this.#settings;
    const { channels } = array.size;
    const plane = this.#pixelCount / channels;
    const image = (into[array.name] as Float32Array).subarray(place * this.#pixelCount, (place + 1) * this.#pixelCount);
    for (let channel = 0; channel < channels; channel++)
      for (let to = channel * plane, from = channel; from < pixels.length; to++, from += channels) image[to] = pixels[from]! / 255;
    this.#augment?.(image, streamKey(key, row, stream));
    for (let channel = 0; channel < channels; channel++) {
      const [offset, factor] = [this.#offsets[channel]!, this.#factors[channel]!];
      if (offset === 0 && factor === 1) continue;
      for (let at = channel * plane; at < (channel + 1) * plane; at++) image[at] = (image[at]! - offset) * factor;
    }
  }

  #refused(row: number, reason: string): ModelkeepError {
    return new ModelkeepError('MK_TRAIN_ROW_UNREADABLE', { row, column: this.#settings.array.column, file: this.#settings.file, reason });
  }
}

function byChannel({ name, size }: ImagesArray, setting: string, values: readonly number[]): Float32Array {
  if (values.length !== size.channels || !values.every((each) => Number.isFinite(each)))
    throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', {
      setting: `${name}.${setting}`,
      value: String(values),
      expected: `${size.channels} finite numbers, one a channel`,
    });
  return Float32Array.from(values);
}
