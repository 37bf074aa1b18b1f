import type { RowSpec } from '../../compileTraining.ts';
import type { CompiledGradients } from '../../compileGradients.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { stepNames } from '../../3-differentiate/differentiate.ts';
import { elementCount } from '../../onnx/graph.ts';
import { targetArray, type RowArray, type TrainingData } from '../trainingData.ts';

/**
 * Where minibatches come from. A loader that returns a promise works while the batch before is trained on: reading,
 * decoding and augmenting in worker threads belongs there.
 */
export interface RowLoader {
  readonly rowCount: number;
  /** True where other threads write: batches are then shared arrays. */
  readonly threaded?: boolean;
  /**
   * Writes rows, row-major, into the arrays of inputs and targets, in the order of `rows`. Random choices must follow from
   * `key` (which differs by epoch) and the row number, so that a training that was resumed sees the same.
   */
  load(rows: Int32Array, into: Readonly<Record<string, RowArray>>, key: number): void | Promise<void>;
}

/** Rows of arrays in memory. */
export function rowsInMemory(data: TrainingData, compiled: Pick<CompiledGradients, 'dataInputs' | 'targets'>): RowLoader {
  const sources = [
    ...compiled.dataInputs.map((each) => ({ ...each, from: data.inputs[each.name]! })),
    ...compiled.targets.map((each) => ({ ...each, from: targetArray(data, each.name)! })),
  ].map((each) => ({ name: each.name, from: each.from, size: elementCount(each.shape) }));
  return {
    rowCount: data.rowCount,
    load(rows, into) {
      for (const { name, from, size } of sources) {
        const array = into[name]!;
        for (let at = 0; at < rows.length; at++) {
          const row = rows[at]!;
          // One type on both sides, which checkTrainingData has seen to.
          if (size === 1) array[at] = from[row]!;
          else array.set(from.subarray(row * size, (row + 1) * size) as never, at * size);
        }
      }
    },
  };
}

/** Arrays of one whole batch by name, for all parts; `shared` where other threads read them. */
export function batchArrays(
  compiled: Pick<CompiledGradients, 'batchSize' | 'dataInputs' | 'targets'>,
  parts: number,
  shared: boolean,
): Record<string, RowArray> {
  const rows = compiled.batchSize * parts;
  const array = ({ shape, dtype }: Pick<RowSpec, 'shape' | 'dtype'>): RowArray => {
    const count = rows * elementCount(shape);
    const make = arrayTypes[dtype];
    return new make(
      (shared ? new SharedArrayBuffer(count * make.BYTES_PER_ELEMENT) : new ArrayBuffer(count * make.BYTES_PER_ELEMENT)) as ArrayBuffer,
    );
  };
  return Object.fromEntries(
    [...compiled.dataInputs, ...compiled.targets, { name: stepNames.rowShares, shape: [], dtype: 'float32' as const }].map((each) => [
      each.name,
      array(each),
    ]),
  );
}

/** One batch of `Trainer` as `GradientTrainer` would load it: rows of an order in which −1 is padding. */
export function loadedRows(
  compiled: Pick<CompiledGradients, 'batchSize' | 'dataInputs' | 'targets'>,
  data: TrainingData,
  order: Int32Array,
): { rows: Record<string, RowArray>; rowNumbers: Int32Array } {
  const rows = batchArrays(compiled, 1, false);
  const rowNumbers = order.map((row) => (row < 0 ? order[0]! : row));
  void rowsInMemory(data, compiled).load(rowNumbers, rows, 0);
  const count = order.filter((row) => row >= 0).length;
  const shares = rows[stepNames.rowShares] as Float32Array;
  for (let at = 0; at < order.length; at++) shares[at] = order[at]! < 0 ? 0 : (data.rowWeights?.[order[at]!] ?? 1) / count;
  return { rows, rowNumbers };
}

/** The arrays of part `part` of a batch: views. */
export function partOf(batch: Readonly<Record<string, RowArray>>, part: number, parts: number): Record<string, RowArray> {
  return Object.fromEntries(
    Object.entries(batch).map(([name, array]) => {
      const length = array.length / parts;
      return [name, array.subarray(part * length, (part + 1) * length)];
    }),
  );
}

/** Throws MK_COMPILER_TRAINING_DATA_INVALID when a loaded class number is out of range: a loader's data are seen here first. */
export function checkClasses(compiled: CompiledGradients, batch: Readonly<Record<string, RowArray>>, rows: Int32Array): void {
  for (const { name, shape, classCount, ignoreIndex } of compiled.targets) {
    if (classCount === undefined) continue;
    const array = batch[name] as Int32Array;
    const size = elementCount(shape);
    for (let at = 0; at < array.length; at++) {
      const found = array[at]!;
      if ((found < 0 || found >= classCount) && found !== ignoreIndex)
        throw new ModelkeepError('MK_COMPILER_TRAINING_DATA_INVALID', {
          field: compiled.targets.length === 1 ? 'targets' : name,
          reason: `row ${rows[Math.floor(at / size)]} has class ${found}, the network gives 0 to ${classCount - 1}`,
        });
    }
  }
}

const arrayTypes = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;
