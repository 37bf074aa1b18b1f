import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { CompiledTraining } from '../compileTraining.ts';
import { elementCount } from '../onnx/graph.ts';
import type { FloatArray } from './runtime.ts';

/** All training rows, row-major. The arrays are read in place in every run: do not change them while training. */
export interface TrainingData {
  readonly rowCount: number;
  /** Per data input of the forward graph, `[rowCount, …]`. */
  readonly inputs: Readonly<Record<string, FloatArray>>;
  /** Class numbers `[rowCount]`, or values `[rowCount, outputs]`. */
  readonly targets: Int32Array | FloatArray;
  /** Weight of each row in the loss, `[rowCount]`; should average 1. Default 1. */
  readonly rowWeights?: FloatArray;
}

/** Throws MK_COMPILER_TRAINING_DATA_INVALID when an array has the wrong type or length, or a class number is out of range. */
export function checkTrainingData(compiled: CompiledTraining, data: TrainingData): void {
  const refuse = (field: string, reason: string): never => {
    throw new ModelkeepError('MK_COMPILER_TRAINING_DATA_INVALID', { field, reason });
  };
  const { rowCount } = data;
  if (!Number.isSafeInteger(rowCount) || rowCount < 1 || rowCount >= 2 ** 31)
    refuse('rowCount', `${rowCount} rows; 1 to 2147483647 are possible`);
  const check = (field: string, array: TrainingData['targets'] | undefined, type: string, rowShape: readonly number[]): void => {
    if (!array) return refuse(field, 'it is missing');
    const name = array.constructor.name.replace('Array', '').toLowerCase();
    if (name !== type) refuse(field, `it holds ${name}, not ${type}`);
    if (array.length !== rowCount * elementCount(rowShape))
      refuse(field, `${array.length} numbers do not fill ${rowCount} rows of [${rowShape.join(', ')}]`);
  };
  for (const { name, shape } of compiled.dataInputs) check(name, data.inputs[name], compiled.dtype, shape);
  check('targets', data.targets, compiled.targets.dtype, compiled.targets.shape);
  if (data.rowWeights) check('rowWeights', data.rowWeights, compiled.dtype, []);
  if (compiled.targets.dtype === 'int32') {
    const classes = compiled.output.shape[0]!;
    const row = data.targets.findIndex((each) => each < 0 || each >= classes);
    if (row >= 0) refuse('targets', `row ${row} has class ${data.targets[row]}, the network gives 0 to ${classes - 1}`);
  }
}

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
