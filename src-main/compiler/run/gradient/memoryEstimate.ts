import { replay } from '../../2-shapes/replay.ts';
import { TypedOps, type TypedValue } from '../../2-shapes/typedOps.ts';
import type { CompiledGradients } from '../../compileGradients.ts';
import { elementCount, type DataType, type Graph } from '../../onnx/graph.ts';
import { GraphBuilder } from '../../onnx/graphBuilder.ts';
import type { OptimizerSettings } from '../../optimizers/index.ts';
import { flatLength, flatNumbers } from './FlatParameters.ts';

export interface MemoryEstimate {
  /** Parameters, gradients of each thread, the optimizer's state, running and frozen weights, copies for threads. */
  readonly weightsBytes: number;
  /** Two batches of input and target rows, and what Dropout draws. */
  readonly batchBytes: number;
  /** The most that values of a micro-batch take at once, in all threads together. */
  readonly activationBytes: number;
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
    flatNumbers(compiled.parameters, optimizer, threads, accumulate > 1) +
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
  const activationBytes = threads * peakBytes(compiled.stepGraph);
  const reserveBytes = reserveShare * activationBytes + threads * sessionBytes;
  return {
    weightsBytes,
    batchBytes,
    activationBytes,
    reserveBytes,
    totalBytes: weightsBytes + batchBytes + activationBytes + reserveBytes,
  };
}

/** Operators whose result is their input under another shape: no memory of its own. */
const views = new Set(['Reshape', 'Identity', 'Flatten', 'Squeeze', 'Unsqueeze']);

/** The most bytes that computed values of a graph take at once: each lives from its node to its last use, outputs to the end. */
export function peakBytes(graph: Graph): number {
  const builder = new GraphBuilder('shapes');
  const g = new TypedOps(builder);
  const values = replay(g, graph, new Map(graph.inputs.map((each) => [each.name, builder.input(each.name, each.dtype, each.shape)])));
  const kept = new Set(graph.outputs.map(({ name }) => values.get(name)?.name));
  const owner = new Map<string, string>();
  const ownerOf = (name: string): string => owner.get(name) ?? name;
  for (const { operator, inputs, outputs } of g.tape)
    if (views.has(operator) && inputs[0]) owner.set(outputs[0]!.name, ownerOf(inputs[0].name));
  const lastUse = new Map<string, number>();
  g.tape.forEach(({ inputs, outputs }, at) => {
    for (const each of [...inputs, ...outputs]) if (each) lastUse.set(ownerOf(each.name), at);
  });
  for (const name of kept) if (name !== undefined) lastUse.set(ownerOf(name), Infinity);
  let [live, peak] = [0, 0];
  const alive = new Map<string, number>();
  g.tape.forEach(({ inputs, outputs }, at) => {
    for (const each of outputs) {
      if (owner.has(each.name)) continue;
      const bytes = bytesOf(each);
      alive.set(each.name, bytes);
      live += bytes;
    }
    peak = Math.max(peak, live);
    for (const each of new Set([...inputs, ...outputs].map((value) => value && ownerOf(value.name)))) {
      const until = each === undefined ? undefined : lastUse.get(each);
      if (each === undefined || until === undefined || until > at) continue;
      live -= alive.get(each) ?? 0;
      alive.delete(each);
    }
  });
  return peak;
}

function bytesOf({ shape, dtype }: TypedValue): number {
  return elementCount(shape) * elementBytes(dtype);
}

function elementBytes(dtype: DataType): number {
  if (dtype === 'bool') return 1;
  const bits = Number(/\d+$/.exec(dtype)?.[0] ?? 32);
  return bits / 8;
}
