import { peakBytes } from '../../4-fuse/rematerialise/peakBytes.ts';
import { elementBytes } from '../../4-fuse/rematerialise/valueSizes.ts';
import type { CompiledGradients } from '../../compileGradients.ts';
import { elementCount } from '../../onnx/graph.ts';
import type { OptimizerSettings } from '../../optimizers/index.ts';
import { flatLength, flatNumbers } from './FlatParameters.ts';

export interface MemoryEstimate {
  /** Parameters, gradients of each thread, the optimizer's state, running and frozen weights, copies for threads. */
  readonly weightsBytes: number;
  /** Two batches of input and target rows, and what Dropout draws. */
  readonly batchBytes: number;
  /** The most that values of a micro-batch take at once, in all threads together. */
  readonly activationBytes: number;
  /** The same without a memory budget, when nothing is computed twice. */
  readonly keptActivationBytes: number;
  /** What sessions and the runtime's allocator take beside that: it grows by doubling and leaves gaps. */
  readonly reserveBytes: number;
  readonly totalBytes: number;
}

/**
 * Both measured with ONNX Runtime 1.30 on six trainings (a transformer, a convolutional network and one of MiniLM's size, two
 * micro-batches each): the total came within 17 % of what the process grew by.
 */
const reserveShare = 1.25;
const sessionBytes = 32 * 2 ** 20;

/**
 * Memory that a training will add to the process, before it starts: from shapes, without running anything. The data and the
 * process itself (about 100 MB) come on top.
 */
export function estimateMemory(
  compiled: CompiledGradients,
  { optimizer, workers = 0, accumulate = 1 }: { optimizer: OptimizerSettings; workers?: number; accumulate?: number },
): MemoryEstimate {
  const threads = workers + 1;
  const length = flatLength(compiled.parameters, optimizer);
  const loops = compiled.batchSize > compiled.microBatch;
  const fixed = [...compiled.frozen, ...compiled.state].reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const numbers =
    flatNumbers({ specs: compiled.parameters, optimizer, parts: threads, accumulates: accumulate > 1, rowTables: compiled.rowTables }) +
    // What threads share, and each one's own vectors.
    (workers > 0 ? length + workers * 3 * length : 0) +
    // A loop carries its sums in and out, beside the gradient that it adds.
    (loops ? threads * 3 * length : 0) +
    threads * fixed;
  const row = [...compiled.dataInputs, ...compiled.targets].reduce(
    (sum, { shape, dtype }) => sum + elementCount(shape) * elementBytes(dtype),
    4,
  );
  const copies = workers > 0 ? 4 : 2;
  const micro = compiled.batchSize / compiled.microBatch;
  const drawn =
    compiled.masks.reduce((sum, { shape }) => sum + micro * elementCount(shape), 0) +
    compiled.noises.reduce((sum, { shape }) => sum + micro * elementCount(shape) * 4, 0);
  const weightsBytes = numbers * 4;
  const batchBytes = threads * (copies * compiled.batchSize * row + drawn);
  const activationBytes = threads * (compiled.memory?.activationBytes ?? peakBytes(compiled.stepGraph));
  const reserveBytes = reserveShare * activationBytes + threads * sessionBytes;
  return {
    weightsBytes,
    batchBytes,
    activationBytes,
    keptActivationBytes: compiled.memory ? threads * compiled.memory.keptBytes : activationBytes,
    reserveBytes,
    totalBytes: weightsBytes + batchBytes + activationBytes + reserveBytes,
  };
}
