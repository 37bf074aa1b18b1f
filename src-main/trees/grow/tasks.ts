import { word, type Chunks } from '../../kernels/threads/control.ts';
import { afterControl, controlOf } from '../../kernels/threads/controlMemory.ts';
import type { TreeKernels } from '../../kernels/treeKernels.ts';

/** What threads do chunk by chunk. The arguments of each are listed where it is written below. */
export const task = {
  cuts: 0,
  bin: 1,
  gradients: 2,
  largest: 3,
  pack: 4,
  packLogistic: 5,
  packSquared: 6,
  identity: 7,
  histogram: 8,
  splits: 9,
  partition: 10,
  merge: 11,
  leaves: 12,
  apply: 13,
  loss: 14,
  quantiles: 15,
  sample: 16,
  magnitudes: 17,
  goss: 18,
  pick: 19,
  forest: 20,
  outOfBag: 21,
} as const;
export type TaskName = (typeof task)[keyof typeof task];

/** Results of chunks: an i32 and an f64 for each. */
export const mostChunks = 256;
export const chunkCounts = afterControl;
export const chunkSums = chunkCounts + mostChunks * 4;
/** 16 byte shuffles: those of 4 rows that a mask names, in their order. */
const partitionLookup = chunkSums + mostChunks * 8;
/** For each thread: blocks of rows, sorted categories, sums by digit. */
export const scratchByte = Math.ceil((partitionLookup + 256) / 64) * 64;
export const scratchBytes = 32_768;

/** Rows of a chunk: a multiple of 4, and at most `mostChunks` chunks. It must not depend on the number of threads. */
export function chunkRows(rows: number): number {
  return Math.max(2048, Math.ceil(rows / 64 / 4) * 4);
}

export const gradientKinds = ['squared', 'logistic', 'absolute', 'huber', 'quantile', 'poisson', 'gamma', 'tweedie', 'softmax'] as const;
export type GradientKind = (typeof gradientKinds)[number];
const lossKernels = {
  squared: 'squaredLoss',
  logistic: 'logLoss',
  absolute: 'absoluteLoss',
  huber: 'huberLoss',
  quantile: 'quantileLoss',
} as const;
export const lossKinds = ['squared', 'logistic', 'absolute', 'huber', 'quantile', 'deviance', 'softmax'] as const;
export type LossKind = (typeof lossKinds)[number];

/** Writes the constants that kernels look up. */
export function fillConstants(bytes: Uint8Array): void {
  for (let mask = 0; mask < 16; mask++) {
    let to = partitionLookup + mask * 16;
    for (let row = 0; row < 4; row++) if ((mask >> row) & 1) for (let byte = 0; byte < 4; byte++) bytes[to++] = row * 4 + byte;
  }
}

/** The chunk of a task, in any thread. */
export function runChunk(kernels: TreeKernels, buffer: SharedArrayBuffer): Chunks {
  const { words, arguments: list } = controlOf(buffer);
  const counts = new Int32Array(buffer, chunkCounts, mostChunks);
  const sums = new Float64Array(buffer, chunkSums, mostChunks);
  const ints = new Int32Array(buffer);
  const floats = new Float32Array(buffer);
  const at = (index: number): number => list[index]!;
  /** Rows of a chunk, cut off at the end. */
  const last = (chunk: number, size: number, rows: number): number => Math.min(rows, (chunk + 1) * size);

  const tasks: Record<TaskName, (chunk: number, thread: number) => void> = {
    // 0 sample (column after column), 1 its rows, 2 scratch per thread, 3 its bytes, 4 most bins, 5 cuts (256 float32 a column), 6 counts out
    [task.cuts]: (chunk, thread) => {
      const scratch = at(2) + thread * at(3);
      const found = kernels.cutPoints(at(0) + chunk * at(1) * 4, at(1), scratch + 8192, scratch, at(4), at(5) + chunk * 1024);
      ints[(at(6) >> 2) + chunk] = found;
    },
    // 0 values, 1 width, 2 rows here, 3 table, 4 slots, 5 first row, 6 columns, 7 column bytes, 8 rows, 9 row bytes, 10 rows a chunk
    [task.bin]: (chunk) => {
      const from = chunk * at(10);
      const count = last(chunk, at(10), at(2)) - from;
      const values = at(0) + from * at(1) * 4;
      kernels.binBlock(values, at(1), count, at(3), at(4), at(5) + from, at(6), at(7), at(8), at(9));
    },
    // 0 kind, 1 scores, 2 targets, 3 weights, 4 gradients, 5 hessians, 6 rows, 7 rows a chunk, 8 parameter, 9 classes, 10 class bytes, 11 class
    [task.gradients]: (chunk) => {
      const from = chunk * at(7);
      const rest = [at(2), at(3), at(4), at(5), from, last(chunk, at(7), at(6))];
      const kind = gradientKinds[at(0)]!;
      if (kind === 'softmax') kernels.softmaxGradients(at(1), at(10), at(9), at(11), ...rest);
      else kernels[`${kind}Gradients`](at(1), ...rest, at(8));
    },
    // 0 a, 1 b or 0, 2 rows, 3 rows a chunk
    [task.largest]: (chunk) => {
      sums[chunk] = kernels.largest(at(0), at(1), chunk * at(3), last(chunk, at(3), at(2)));
    },
    // 0 gradients or scores, 1 hessians or targets, 2 packed, 3 rows, 4 rows a chunk, 5 gradient scale, 6 hessian scale, 7 seed
    [task.pack]: (chunk) => {
      const to = last(chunk, at(4), at(3));
      kernels.packGradients(at(0), at(1), at(2), chunk * at(4), to, at(5), at(6), at(7));
    },
    [task.packLogistic]: (chunk) => {
      const to = last(chunk, at(4), at(3));
      kernels.packLogistic(at(0), at(1), at(2), chunk * at(4), to, at(5), at(6), at(7));
    },
    [task.packSquared]: (chunk) => {
      const to = last(chunk, at(4), at(3));
      kernels.packSquared(at(0), at(1), at(2), chunk * at(4), to, at(5), at(7));
    },
    // 0 order, 1 rows, 2 rows a chunk
    [task.identity]: (chunk) => {
      kernels.identityOrder(at(0), chunk * at(2), last(chunk, at(2), at(1)));
    },
    // 0 mode (0 range, 1 list, 2 list of rows far apart), 1 from, 2 to, 3 rows, 4 row bytes, 5 packed, 6 order, 7 histogram, 8 its bytes,
    // 9 copies of other threads, 10 wide groups, 11 groups, 12 their end, 13 rows a chunk
    [task.histogram]: (chunk, thread) => {
      const from = at(1) + chunk * at(13);
      const to = Math.min(at(2), from + at(13));
      const histogram = thread === 0 ? at(7) : at(9) + thread * at(8);
      if (!((Atomics.load(words, word.touched) >> thread) & 1)) {
        kernels.clear(histogram, at(8));
        Atomics.or(words, word.touched, 1 << thread);
      }
      const [rows, rowBytes, packed, order] = [at(3), at(4), at(5), at(6) + from * 4];
      const layout = [histogram, at(10), at(11), at(12)];
      if (at(0) === 0) kernels.rangeHistogram(rows, rowBytes, packed, from, to, ...layout);
      else if (at(0) === 1) kernels.gatherHistogram(rows, rowBytes, packed, order, to - from, ...layout);
      else kernels.gatherHistogramFar(rows, rowBytes, packed, order, to - from, ...layout, scratchByte + thread * scratchBytes);
    },
    // 0 smaller, 1 copies, 2 copy bytes, 3 touched, 4 larger, 5 first leaf, 6 second leaf (0: none), 7 settings, 8 slots, 9 slot count,
    // 10 slots a chunk, 11 bytes of a histogram
    [task.splits]: (chunk, thread) => {
      const from = chunk * at(10);
      const to = Math.min(at(9), from + at(10));
      const scratch = scratchByte + thread * scratchBytes;
      if (at(0) !== 0 && (at(4) !== 0 || at(3) > 1)) {
        const firstByte = ints[(at(8) + from * 16) >> 2]!;
        const lastByte = to === at(9) ? at(11) : ints[(at(8) + to * 16) >> 2]!;
        kernels.combineHistograms(at(0), at(1), at(2), at(3), at(4), firstByte, lastByte);
      }
      if (at(5) !== 0) kernels.findSplits(at(5), at(7), at(8), from, to, scratch);
      if (at(6) !== 0) kernels.findSplits(at(6), at(7), at(8), from, to, scratch);
    },
    // 0 from, 1 to, 2 column, 3 order, 4 left, 5 right, 6 offset, 7 last bin, 8 set or 0, 9 rows a chunk
    [task.partition]: (chunk) => {
      const from = at(0) + chunk * at(9);
      const count = Math.min(at(1), from + at(9)) - from;
      const [order, left, right] = [at(3) + from * 4, at(4) + from * 4, at(5) + from * 4];
      counts[chunk] = at(8)
        ? kernels.partitionSetInto(at(2), order, count, at(8), left, right)
        : kernels.partitionInto(at(2), order, count, at(6), at(7), left, right, partitionLookup);
    },
    // 0 from, 1 to, 2 order, 3 left, 4 right, 5 rows a chunk; after partition, sample or goss
    [task.merge]: (chunk) => {
      const from = at(0) + chunk * at(5);
      const count = Math.min(at(1), from + at(5)) - from;
      const chunks = Math.ceil((at(1) - at(0)) / at(5));
      let before = 0;
      let all = 0;
      for (let each = 0; each < chunks; each++) {
        if (each === chunk) before = all;
        all += counts[each]!;
      }
      const here = counts[chunk]!;
      const right = at(0) + all + chunk * at(5) - before;
      kernels.copy(at(2) + (at(0) + before) * 4, at(3) + from * 4, here * 4);
      kernels.copy(at(2) + right * 4, at(4) + from * 4, (count - here) * 4);
    },
    // 0 table (from, to, float32 value), 1 leaves, 2 scores, 3 order, 4 rows, 5 rows a chunk
    [task.leaves]: (chunk) => {
      const from = chunk * at(5);
      const to = last(chunk, at(5), at(4));
      for (let leaf = 0, entry = at(0) >> 2; leaf < at(1); leaf++, entry += 3) {
        const first = Math.max(from, ints[entry]!);
        const end = Math.min(to, ints[entry + 1]!);
        if (first < end) kernels.addLeaves(at(2), at(3) + first * 4, end - first, floats[entry + 2]!);
      }
    },
    // 0 rows, 1 row bytes, 2 order or 0, 3 from, 4 to, 5 nodes, 6 leaves, 7 scores, 8 rows a chunk
    [task.apply]: (chunk) => {
      const from = at(3) + chunk * at(8);
      kernels.applyTree(at(0), at(1), at(2), from, Math.min(at(4), from + at(8)), at(5), at(6), at(7));
    },
    // 0 kind, 1 scores, 2 targets, 3 weights, 4 rows, 5 rows a chunk, 6 parameter, 7 classes, 8 class bytes
    [task.loss]: (chunk) => {
      const kind = lossKinds[at(0)]!;
      const rest = [at(2), at(3), chunk * at(5), last(chunk, at(5), at(4)), at(6)];
      if (kind === 'softmax') sums[chunk] = kernels.softmaxLoss(at(1), at(8), at(7), ...rest);
      else if (kind === 'deviance') sums[chunk] = kernels.deviance(at(1), ...rest);
      else sums[chunk] = kernels[lossKernels[kind]](at(1), ...rest);
    },
    // a chunk is a leaf. 0 table of leaves (the value is written), 1 scores, 2 targets, 3 weights, 4 order, 5 level, 6 factor
    [task.quantiles]: (chunk, thread) => {
      const entry = (at(0) >> 2) + chunk * 3;
      const [from, to] = [ints[entry]!, ints[entry + 1]!];
      const scratch = scratchByte + thread * scratchBytes;
      const found = from < to ? kernels.leafQuantile(at(1), at(2), at(3), at(4) + from * 4, to - from, at(5), scratch) : 0;
      floats[entry + 2] = found * at(6);
    },
    // 0 rows, 1 rows a chunk, 2 share, 3 seed, 4 taken, 5 others
    [task.sample]: (chunk) => {
      const from = chunk * at(1);
      counts[chunk] = kernels.sampleRows(from, last(chunk, at(1), at(0)), at(2), at(3), at(4) + from * 4, at(5) + from * 4);
    },
    // 0 gradients, 1 hessians, 2 rows, 3 rows a chunk, 4 counts: 8 KiB a chunk
    [task.magnitudes]: (chunk) => {
      const mine = at(4) + chunk * 8192;
      kernels.clear(mine, 8192);
      kernels.magnitudeCounts(at(0), at(1), chunk * at(3), last(chunk, at(3), at(2)), mine);
    },
    // 0 gradients, 1 hessians, 2 rows, 3 rows a chunk, 4 edge, 5 share, 6 amplify, 7 seed
    [task.goss]: (chunk) => {
      kernels.goss(at(0), at(1), chunk * at(3), last(chunk, at(3), at(2)), at(4), at(5), at(6), at(7));
    },
    // 0 rows, 1 rows a chunk, 2 packed, 3 taken, 4 others
    [task.pick]: (chunk) => {
      const from = chunk * at(1);
      counts[chunk] = kernels.pickRows(from, last(chunk, at(1), at(0)), at(2), at(3) + from * 4, at(4) + from * 4);
    },
    // a chunk is a tree. 0 plan, 1 first area, 2 bytes of an area, 3 seeds (i32 a tree), 4 node counts out
    [task.forest]: (chunk) => {
      const seed = ints[(at(3) >> 2) + chunk]!;
      ints[(at(4) >> 2) + chunk] = kernels.growForestTree(at(0), at(1) + chunk * at(2), seed);
    },
    // 0 plan, 1 area of the tree, 2 rows, 3 rows a chunk, 4 sums, 5 counts
    [task.outOfBag]: (chunk) => {
      kernels.addOutOfBag(at(0), at(1), chunk * at(3), last(chunk, at(3), at(2)), at(4), at(5));
    },
  };
  return (name, thread, chunk) => tasks[name as TaskName](chunk, thread);
}
export { partitionLookup };
