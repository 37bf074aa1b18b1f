import type { Column } from '../../../../src-shared/domain/table.ts';
import type { BatchAugmentation, ImageAugmentation, RowArray, TableAugmentation } from '../../../compiler/index.ts';
import type { ImageSize } from '../../3-features/api.ts';

/** What fills one input or target of the network; `name` is its name there. */
export type PipelineArray = NumbersArray | PresenceArray | ClassesArray | ImagesArray | MemoryArray;
/** Those that threads read from the file. */
export type FileArray = Exclude<PipelineArray, MemoryArray>;
export type TableArray = Exclude<FileArray, ImagesArray>;

/** Numbers `[rows, columns]`, in the form in which `readTable` gives them: truth values 1 and 0, dates in days. */
export interface NumbersArray {
  readonly kind: 'numbers';
  readonly name: string;
  readonly columns: readonly Column[];
  /** Default float32. */
  readonly dtype?: 'float32' | 'float64' | 'int32' | 'int64';
  /** What a missing cell (or one that is no such number) becomes. Default 'refuse': MK_TRAIN_ROW_UNREADABLE. Whole numbers cannot be 'nan'. */
  readonly missing?: 'refuse' | 'nan' | number;
  /** float32 only. */
  readonly augment?: readonly TableAugmentation[];
}

/** `[rows, columns] float32`: 1 where there is a value, 0 where `readTable` would have it missing. */
export interface PresenceArray {
  readonly kind: 'presence';
  readonly name: string;
  readonly columns: readonly Column[];
}

/** The number of a cell's text among the classes: `[rows] int32`, or `[rows, classes] float32`. Other texts: MK_TRAIN_ROW_UNREADABLE. */
export interface ClassesArray {
  readonly kind: 'classes';
  readonly name: string;
  readonly column: string;
  readonly classes: readonly string[];
  /** Probabilities 0 and 1, for mixup and the loss `klDivergence`. Default false. */
  readonly oneHot?: boolean;
}

/** Images `[rows, channels, height, width] float32`: decoded by `decodeImage`, divided by 255, augmented, then (x − mean) / deviation. */
export interface ImagesArray {
  readonly kind: 'images';
  readonly name: string;
  readonly column: string;
  readonly size: ImageSize;
  readonly augment?: readonly ImageAugmentation[];
  /** By channel; default 0. */
  readonly mean?: readonly number[];
  /** By channel; default 1. */
  readonly deviation?: readonly number[];
  /** Missing, broken and truncated images: an error that names the row, or black as `readTable` has them. Default 'refuse'. */
  readonly unreadable?: 'refuse' | 'black';
}

/** Values that are in memory already, one row for each row of the training. */
export interface MemoryArray {
  readonly kind: 'memory';
  readonly name: string;
  readonly values: RowArray;
}

export interface PipelineSettings {
  /** A Parquet file. */
  readonly file: string;
  /** Numbers in the file of the rows to train on, from 0. Default all. */
  readonly rowNumbers?: Int32Array;
  readonly arrays: readonly PipelineArray[];
  readonly batch?: readonly BatchAugmentation[];
  /** Threads that read, decode and augment. Default 1; the result is the same for any number. */
  readonly threads?: number;
  /**
   * Memory for rows and images, of all threads together; default 512. Rows beyond it go to a scratch file, decoded images beyond
   * it are decoded again. Reading a row group takes its size in addition.
   */
  readonly memoryMb?: number;
  /** Folder for scratch files. */
  readonly tmp: string;
}

/** How the elements of an array are stored in a batch, and how many a row has. */
export function batchForm(array: PipelineArray, rowCount: number): { type: ArrayType; size: number } {
  switch (array.kind) {
    case 'numbers':
      return { type: array.dtype ?? 'float32', size: array.columns.length };
    case 'presence':
      return { type: 'float32', size: array.columns.length };
    case 'classes':
      return array.oneHot ? { type: 'float32', size: array.classes.length } : { type: 'int32', size: 1 };
    case 'images':
      return { type: 'float32', size: array.size.channels * array.size.height * array.size.width };
    case 'memory':
      return { type: typeOf(array.values), size: array.values.length / rowCount };
  }
}

export type ArrayType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8';

const arrayTypes = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
} as const satisfies Record<ArrayType, unknown>;

export function typeOf(array: RowArray): ArrayType {
  return (Object.keys(arrayTypes) as ArrayType[]).find((type) => array instanceof arrayTypes[type])!;
}

export function elementBytes(type: ArrayType): number {
  return arrayTypes[type].BYTES_PER_ELEMENT;
}
