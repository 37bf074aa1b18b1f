import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { firstCategoryBin, type BinnedMatrix } from '../bin/BinnedMatrix.ts';
import type { Tree, TreeEnsemble } from '../ensemble.ts';
import { inSet } from '../grow/GrownTree.ts';
import { mix } from '../grow/random.ts';
import { chunkRows, task } from '../grow/tasks.ts';
import type { TreePool } from '../TreePool.ts';
import { ForestMemory, type ForestTarget } from './ForestMemory.ts';
import { completeForest, type ForestSettings } from './settings.ts';

export interface ForestInput {
  pool: TreePool;
  binned: BinnedMatrix;
  target: ForestTarget;
  settings?: Partial<ForestSettings>;
  /** Equal seed, data and settings give an equal forest, at any number of threads. */
  seed?: number;
  control?: {
    /** Asked between trees; one tree at least is grown. */
    shouldStop?(): boolean;
    pause?(): Promise<void> | undefined;
    onTrees?(count: number): void;
  };
}

export interface TrainedForest {
  ensemble: TreeEnsemble;
  /** With bootstrap: the mean of the trees that did not see the row [rows, outputs], NaN where all did. */
  outOfBag: Float64Array | undefined;
  ended: 'complete' | 'stopped';
}

/**
 * A random forest (Breiman 2001) or extra trees (Geurts et al. 2006) over bins. Classes: Gini's impurity, leaves are the shares of the classes.
 * Numbers: squared error, leaves are means; several numbers a row are judged together. Threads grow whole trees.
 */
export async function trainForest({ pool, binned, target, seed = 0, control = {}, ...rest }: ForestInput): Promise<TrainedForest> {
  const settings = completeForest(rest.settings ?? {});
  check(binned, target);
  const start = pool.take(0);
  try {
    const memory = new ForestMemory(pool, binned, target, settings, pool.threads);
    const seeds = pool.take(4 * memory.count);
    const counts = pool.take(4 * memory.count);
    const { outputs } = target;
    const { rows } = binned;
    const sums = settings.bootstrap ? pool.take(8 * rows * outputs) : 0;
    const seen = settings.bootstrap ? pool.take(4 * rows) : 0;
    if (settings.bootstrap) pool.kernels.clear(sums, 8 * rows * outputs);
    if (settings.bootstrap) pool.kernels.clear(seen, 4 * rows);
    const trees: Tree[] = [];
    const categorySets: Int32Array[] = [];
    let ended: TrainedForest['ended'] = 'complete';
    while (trees.length < settings.nEstimators) {
      if (trees.length > 0 && control.shouldStop?.()) {
        ended = 'stopped';
        break;
      }
      const batch = Math.min(memory.count, settings.nEstimators - trees.length);
      for (let tree = 0; tree < batch; tree++) pool.words[(seeds >> 2) + tree] = mix(seed, trees.length + tree);
      pool.run(task.forest, batch, [memory.plan, memory.areas, memory.areaBytes, seeds, counts]);
      for (let tree = 0; tree < batch; tree++) {
        if (settings.bootstrap) {
          const size = chunkRows(rows);
          const area = memory.areas + memory.areaBytes * tree;
          pool.run(task.outOfBag, Math.ceil(rows / size), [memory.plan, area, rows, size, sums, seen]);
        }
        trees.push(readTree(pool, memory, tree, pool.words[(counts >> 2) + tree]!, binned, outputs, categorySets));
      }
      control.onTrees?.(trees.length);
      const pause = control.pause?.();
      if (pause) await pause;
    }
    const ensemble: TreeEnsemble = {
      featureCount: binned.width,
      outputCount: outputs,
      valueWidth: outputs,
      baseScores: new Float64Array(outputs),
      trees,
      categorySets,
      categorical: binned.categorical.slice(),
      aggregate: 'mean',
    };
    return { ensemble, outOfBag: settings.bootstrap ? means(pool, { sums, seen, rows, outputs }) : undefined, ended };
  } finally {
    pool.giveBack(start);
  }
}

/** Bytes of the pool that `trainForest` takes beside the binned rows. */
export function forestBytes(
  { rows, width, threads }: { rows: number; width: number; threads: number },
  target: Pick<ForestTarget, 'kind' | 'outputs'>,
  settings: Partial<ForestSettings>,
): number {
  const outOfBag = 8 * rows * target.outputs + 4 * rows + 4096;
  return ForestMemory.bytes(rows, width, target, completeForest(settings), threads) + outOfBag;
}

function readTree(
  pool: TreePool,
  memory: ForestMemory,
  place: number,
  count: number,
  { layout: { slots } }: BinnedMatrix,
  outputs: number,
  categorySets: Int32Array[],
): Tree {
  const tree: Tree = {
    feature: new Int32Array(count).fill(-1),
    threshold: new Float32Array(count),
    categories: new Int32Array(count).fill(-1),
    missingLeft: new Uint8Array(count),
    left: new Int32Array(count).fill(-1),
    right: new Int32Array(count).fill(-1),
    value: new Float32Array(count * outputs),
    cover: new Float64Array(count),
    gain: new Float64Array(count),
  };
  const { words, doubles, bytes } = pool;
  for (let at = 0; at < count; at++) {
    const { word, double, byte } = memory.node(place, at);
    tree.cover[at] = doubles[double + 4]!;
    if (words[word]! < 0) {
      tree.value.set(memory.values(place, words[word + 10]!, outputs), at * outputs);
      continue;
    }
    const slot = slots[words[word]!]!;
    tree.feature[at] = slot.feature;
    tree.gain[at] = doubles[double + 3]!;
    tree.left[at] = words[word + 4]!;
    tree.right[at] = words[word + 5]!;
    if (words[word + 3]) {
      const set = bytes.subarray(byte + 48, byte + 80);
      tree.missingLeft[at] = Number(inSet(set, 0));
      const codes = [...slot.codes].filter((_, bin) => inSet(set, bin + firstCategoryBin));
      tree.categories[at] = categorySets.push(Int32Array.from(codes).sort()) - 1;
    } else {
      const bin = words[word + 1]!;
      tree.missingLeft[at] = Number(words[word + 2] === 0);
      tree.threshold[at] = bin - 1 < slot.cuts.length ? slot.cuts[bin - 1]! : Infinity;
    }
  }
  return tree;
}

function means(pool: TreePool, { sums, seen, rows, outputs }: { sums: number; seen: number; rows: number; outputs: number }): Float64Array {
  const answers = pool.doubles.slice(sums >> 3, (sums >> 3) + rows * outputs);
  for (let at = 0; at < answers.length; at++) answers[at]! /= pool.words[(seen >> 2) + Math.floor(at / outputs)]!;
  return answers;
}

function check({ rows }: BinnedMatrix, target: ForestTarget): void {
  const refuse = (what: string): ModelkeepError => new ModelkeepError('MK_TREES_INPUT_INVALID', { what });
  const wanted = target.kind === 'class' ? rows : rows * target.outputs;
  if (target.rows.length !== wanted) throw refuse(`${target.rows.length} targets for ${rows} rows`);
  const wrong = target.rows.findIndex((value: number) => !(target.kind === 'class' ? value < target.outputs : Number.isFinite(value)));
  if (wrong >= 0) throw refuse(`the target of row ${Math.floor((wrong * rows) / wanted) + 1} is ${target.rows[wrong]}`);
  if (target.weights && !target.weights.some((weight) => weight > 0)) throw refuse('all weights are 0');
}
