import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { stepNames } from '../3-differentiate/differentiate.ts';
import type { CompiledTraining, FedType } from '../compileTraining.ts';
import { elementCount } from '../onnx/graph.ts';
import type { FloatArray } from './runtime.ts';

/** Elements as ONNX Runtime takes them: token ids int64 as BigInt64Array or int32, pixels uint8, truth values one byte each. */
export type RowArray = FloatArray | Int32Array | BigInt64Array | Uint8Array;

/** All training rows, row-major. The arrays are read in place in every run: do not change them while training. */
export interface TrainingData {
  readonly rowCount: number;
  /** Per data input of the forward graph, `[rowCount, …]`. */
  readonly inputs: Readonly<Record<string, RowArray>>;
  /** Class numbers `[rowCount, …]`, or values of the prediction's shape. Where a loss has several, by name ('train.targets.<output>' without its start). */
  readonly targets?: Int32Array | FloatArray | Readonly<Record<string, Int32Array | FloatArray>>;
  /** Weight of each row in the loss, `[rowCount]`; should average 1. Default 1. */
  readonly rowWeights?: FloatArray;
}

/** The array that a target of the compiled training is fed from. */
export function targetArray(data: TrainingData, name: string): Int32Array | FloatArray | undefined {
  const { targets } = data;
  if (!targets || ArrayBuffer.isView(targets)) return name === stepNames.targets('') ? targets : undefined;
  return targets[name === stepNames.targets('') ? '' : name.slice(stepNames.targets('').length + 1)];
}

/** Throws MK_COMPILER_TRAINING_DATA_INVALID when an array has the wrong type or length, or a class number is out of range. */
export function checkTrainingData(compiled: Pick<CompiledTraining, 'dtype' | 'dataInputs' | 'targets'>, data: TrainingData): void {
  const refuse = (field: string, reason: string): never => {
    throw new ModelkeepError('MK_COMPILER_TRAINING_DATA_INVALID', { field, reason });
  };
  const { rowCount } = data;
  if (!Number.isSafeInteger(rowCount) || rowCount < 1 || rowCount >= 2 ** 31)
    refuse('rowCount', `${rowCount} rows; 1 to 2147483647 are possible`);
  const check = (field: string, array: RowArray | undefined, type: FedType, rowShape: readonly number[]): void => {
    if (!array) return refuse(field, 'it is missing');
    if (!(array instanceof arrayTypes[type]))
      refuse(field, `it holds ${array.constructor.name.replace('Array', '').toLowerCase()}, not ${type}`);
    if (array.length !== rowCount * elementCount(rowShape))
      refuse(field, `${array.length} numbers do not fill ${rowCount} rows of [${rowShape.join(', ')}]`);
  };
  for (const { name, shape, dtype } of compiled.dataInputs) check(name, data.inputs[name], dtype, shape);
  for (const { name, shape, dtype, classCount, ignoreIndex } of compiled.targets) {
    const field = compiled.targets.length === 1 ? 'targets' : name;
    const array = targetArray(data, name);
    check(field, array, dtype, shape);
    if (classCount === undefined) continue;
    const at = array!.findIndex((each) => (each < 0 || each >= classCount) && each !== ignoreIndex);
    if (at >= 0)
      refuse(field, `row ${Math.floor(at / elementCount(shape))} has class ${array![at]}, the network gives 0 to ${classCount - 1}`);
  }
  if (data.rowWeights) check('rowWeights', data.rowWeights, compiled.dtype, []);
}

/** Throws MK_COMPILER_DATA_NOT_FINITE for the first of these rows (numbers below 0 are padding) that holds NaN or an infinity. */
export function checkRowsFinite(compiled: CompiledTraining, data: TrainingData, rows: Int32Array, step: number): void {
  const sources = [
    ...compiled.dataInputs.map(({ name, shape }) => ({ name, shape, array: data.inputs[name]! })),
    ...compiled.targets.map(({ name, shape }) => ({ name, shape, array: targetArray(data, name)! })),
    { name: 'rowWeights', shape: [], array: data.rowWeights },
  ];
  for (const { name, shape, array } of sources) {
    if (!(array instanceof Float32Array || array instanceof Float64Array)) continue;
    const size = elementCount(shape);
    for (const row of rows) {
      const value = row < 0 ? undefined : array.subarray(row * size, (row + 1) * size).find((each) => !Number.isFinite(each));
      if (value !== undefined) throw new ModelkeepError('MK_COMPILER_DATA_NOT_FINITE', { step, tensor: name, value: String(value), row });
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
} satisfies Record<FedType, unknown>;

/**
 * Row weights from class weights (and weights of rows): class weight of the row's class × row weight, scaled to average 1
 * so that they do not change the learning rate.
 */
export function weightRows(classes: Int32Array, classWeights: readonly number[], rowWeights?: FloatArray): Float32Array<ArrayBuffer> {
  const weights = Float32Array.from(classes, (each, row) => classWeights[each]! * (rowWeights?.[row] ?? 1));
  const mean = weights.reduce((sum, each) => sum + each, 0) / weights.length;
  if (!(mean > 0)) throw new Error('Row weights must have a positive sum.');
  return weights.map((each) => each / mean);
}

/** rows / (classes present × rows of the class): each class counts the same. A class without rows gets 0. */
export function balancedClassWeights(classes: Int32Array, classCount: number): number[] {
  const counts = Array.from({ length: classCount }, () => 0);
  for (const each of classes) counts[each]!++;
  const present = counts.filter((each) => each > 0).length;
  return counts.map((each) => (each === 0 ? 0 : classes.length / (present * each)));
}
