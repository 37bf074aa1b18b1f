import { KernelMemory, paddedLength } from '../../kernels/KernelMemory.ts';
import { treeShapKernels, type TreeShapKernels } from '../../kernels/treeShapKernels.ts';
import type { Tree, TreeEnsemble } from '../ensemble.ts';
import { BitSets, columnBytes, KeyColumns, keyOf } from '../score/keyColumns.ts';
import { treesPerOutput } from '../score/reference.ts';
import { gaussLegendre } from './gaussLegendre.ts';
import { pathShares, type PathShares } from './pathShares.ts';

/** What features add to the raw scores: for each row and output expected[output] + Σ contributions = score. */
export interface Explanation {
  /** [outputCount]: the mean score over the training rows, as far as the trees' covers tell. */
  readonly expected: Float64Array;
  /** [rows, outputCount, featureCount] */
  readonly contributions: Float64Array;
}

/**
 * Exact Shapley values of raw scores, path-dependent: what a feature of unknown value does is the mean over the training rows in a
 * node (Lundberg et al., From local explanations to global understanding with explainable AI for trees, Nature Machine
 * Intelligence 2, 2020, Algorithm 1). Features that are missing in a row count as known: NaN is a value.
 *
 * Their algorithm takes O(leaves · depth²) a tree and row and divides by what may be 0. This one takes O(leaves · depth), all of
 * whose products are positive, from the multilinear form of the Shapley value (Owen, Multilinear extensions of games, Management
 * Science 18, 1972): φᵢ = ∫₀¹ ∂f/∂xᵢ (t, …, t) dt. For one leaf of value v, f is v ∏ⱼ (zⱼ (1 − xⱼ) + oⱼ xⱼ) over the features of
 * its path, zⱼ the share of training rows that the feature's tests let through and oⱼ whether the row passes them; so
 *   φᵢ = v (oᵢ − zᵢ) ∫₀¹ ∏_{j≠i} (zⱼ (1 − t) + oⱼ t) dt,
 * a polynomial that Gauss–Legendre integrates exactly with half as many points as there are features. Products go down the tree and
 * sums come back, as in Yu et al., Linear TreeShap (NeurIPS 2022). float64 throughout.
 *
 * ```ts
 * const { expected, contributions } = new TreeExplainer(ensemble).explain(features, rows);
 * ```
 */
export class TreeExplainer {
  readonly #ensemble: TreeEnsemble;
  readonly #expected: Float64Array;
  readonly #kernels: TreeShapKernels;
  readonly #trees: PlacedTree[] = [];
  readonly #blockRows: number;
  readonly #columns: KeyColumns;
  readonly #features: Float32Array;
  readonly #contributions: Float64Array;
  readonly #addresses: Addresses;

  constructor(ensemble: TreeEnsemble) {
    this.#ensemble = ensemble;
    const { featureCount, outputCount, valueWidth } = ensemble;
    this.#columns = new KeyColumns(ensemble);
    const sets = new BitSets(ensemble, this.#columns);
    const scale = ensemble.aggregate === 'mean' ? 1 / Math.max(1, treesPerOutput(ensemble)) : 1;
    const trees = ensemble.trees.map((tree) => prepare(ensemble, tree, { columns: this.#columns, sets, scale }));
    this.#expected = expectedScores(ensemble, trees);
    const split = trees.map((tree, at) => ({ ...tree, output: at % outputCount })).filter(({ count }) => count > 1);
    const largest = split.reduce((most, { count }) => Math.max(most, count), 1);
    const mostPoints = split.reduce((most, { points }) => Math.max(most, points), 2);
    this.#blockRows = Math.max(8, Math.min(256, 8 * Math.floor(mostContributions / (8 * outputCount * featureCount))));
    const setBytes = sets.bytes();
    const pointCounts = [...new Set(split.map(({ points }) => points))];
    const float32s = {
      features: this.#blockRows * featureCount,
      keys: this.#blockRows * (this.#columns.list.length + 1),
      columnTable: 3 * this.#columns.list.length,
      sets: Math.ceil(setBytes.length / 4) + 1,
      scratch: Math.ceil(largest / 4),
      followed: Math.ceil(largest / 4),
    };
    const float64s = {
      tables: 5 * largest * mostPoints,
      products: largest * mostPoints,
      sums: largest * mostPoints,
      contributions: this.#blockRows * outputCount * featureCount,
    };
    const numbers =
      Object.values(float32s).reduce((sum, length) => sum + paddedLength(length), 0) +
      Object.values(float64s).reduce((sum, length) => sum + paddedLength(2 * length), 0) +
      pointCounts.reduce((sum, points) => sum + 2 * paddedLength(2 * points), 0) +
      split.reduce((sum, { count }) => sum + paddedLength(8 * count) + paddedLength(2 * count) + paddedLength(2 * count * valueWidth), 0);
    const memory = new KernelMemory(numbers);
    this.#kernels = treeShapKernels(memory);
    const float64 = (length: number): Float64Array => {
      const { buffer, byteOffset } = memory.vector(2 * length);
      return new Float64Array(buffer, byteOffset, length);
    };
    const words = (length: number): Int32Array => {
      const { buffer, byteOffset } = memory.vector(length);
      return new Int32Array(buffer, byteOffset, length);
    };
    this.#features = memory.vector(float32s.features);
    const columnTable = words(float32s.columnTable);
    columnTable.set(this.#columns.list.flatMap(({ feature, kind, count }) => [4 * feature, kind, count]));
    const setWords = words(float32s.sets);
    new Uint8Array(setWords.buffer, setWords.byteOffset).set(setBytes);
    this.#contributions = float64(float64s.contributions);
    this.#addresses = {
      columnTable: columnTable.byteOffset,
      sets: setWords.byteOffset,
      keys: words(float32s.keys).byteOffset,
      scratch: words(float32s.scratch).byteOffset,
      followed: words(float32s.followed).byteOffset,
      tables: float64(float64s.tables).byteOffset,
      products: float64(float64s.products).byteOffset,
      sums: float64(float64s.sums).byteOffset,
    };
    const quadratures = new Map(pointCounts.map((points) => [points, placeQuadrature(points, float64)]));
    for (const { nodes, shares, values, count, points, output } of split) {
      const placed = [words(nodes.length), float64(count), float64(count * valueWidth)] as const;
      placed[0].set(nodes);
      placed[1].set(shares.share);
      placed[2].set(values);
      const [nodesAt, sharesAt, valuesAt] = placed.map(({ byteOffset }) => byteOffset) as [number, number, number];
      this.#trees.push({ nodes: nodesAt, shares: sharesAt, values: valuesAt, count, points, output, ...quadratures.get(points)! });
    }
  }

  /** `features` are float32 [rows, featureCount], NaN is missing. */
  explain(features: Float32Array, rows: number): Explanation {
    const { featureCount, outputCount } = this.#ensemble;
    if (features.length !== rows * featureCount)
      throw new Error(`${features.length} numbers are not ${rows} rows of ${featureCount} features.`);
    const width = outputCount * featureCount;
    const contributions = new Float64Array(rows * width);
    for (let row = 0; row < rows; row += this.#blockRows) {
      const end = Math.min(rows, row + this.#blockRows);
      this.#explainBlock(features.subarray(row * featureCount, end * featureCount), end - row);
      contributions.set(this.#contributions.subarray(0, (end - row) * width), row * width);
    }
    return { expected: this.#expected.slice(), contributions };
  }

  #explainBlock(features: Float32Array, rows: number): void {
    const { featureCount, outputCount, valueWidth } = this.#ensemble;
    const { columnTable, sets, keys, scratch, followed, tables, products, sums } = this.#addresses;
    const columns = this.#columns.list.length;
    const kernels = this.#kernels;
    this.#features.set(features);
    this.#contributions.fill(0);
    kernels.rowKeys(this.#features.byteOffset, 4 * featureCount, rows, columnTable, columns, keys);
    const groupBytes = columnBytes * (columns + 1);
    for (const { nodes, shares, values, count, points, output, at, weights } of this.#trees) {
      kernels.fillTables(nodes, count, shares, points, at, tables);
      for (let row = 0; row < rows; row++) {
        const rowKeys = keys + (row >> 3) * groupBytes + 4 * (row & 7);
        kernels.spread(nodes, count, tables, points, rowKeys, sets, scratch, followed, products);
        for (let value = 0; value < valueWidth; value++) {
          const place = row * outputCount + (valueWidth === 1 ? output : value);
          const into = this.#contributions.byteOffset + 8 * place * featureCount;
          kernels.collect(nodes, count, tables, points, followed, products, values + 8 * count * value, weights, sums, into);
        }
      }
    }
  }
}

/** Numbers of contributions that are worked on together: they stay in the caches. */
const mostContributions = 65_536;
const nodeWords = 8;

interface Addresses {
  readonly columnTable: number;
  readonly sets: number;
  readonly keys: number;
  readonly scratch: number;
  readonly followed: number;
  readonly tables: number;
  readonly products: number;
  readonly sums: number;
}

interface PlacedTree {
  readonly nodes: number;
  readonly shares: number;
  readonly values: number;
  readonly count: number;
  readonly points: number;
  readonly output: number;
  /** Points and weights of the quadrature. */
  readonly at: number;
  readonly weights: number;
}

interface PreparedTree {
  readonly nodes: Int32Array;
  readonly shares: PathShares;
  /** [valueWidth, nodes] */
  readonly values: Float64Array;
  readonly count: number;
  readonly points: number;
}

function prepare(
  { valueWidth }: TreeEnsemble,
  tree: Tree,
  { columns, sets, scale }: { columns: KeyColumns; sets: BitSets; scale: number },
): PreparedTree {
  const shares = pathShares(tree);
  const count = tree.feature.length;
  const nodes = new Int32Array(nodeWords * count);
  for (let node = 0; node < count; node++) {
    const isSet = tree.categories[node]! >= 0;
    const isLeaf = tree.feature[node]! < 0;
    nodes.set(
      [
        shares.parent[node]!,
        Number(node > 0 && tree.right[shares.parent[node]!] === node),
        shares.above[node]!,
        shares.feature[node]!,
        isLeaf ? 0 : isSet ? sets.offsetOf(tree, node) : keyOf(tree.threshold[node]!),
        isLeaf ? 0 : columns.offsetOf(tree, node),
        isLeaf ? 0 : isSet ? 2 : 1,
      ],
      nodeWords * node,
    );
  }
  const values = Float64Array.from({ length: count * valueWidth }, (_, at) => {
    const [value, node] = [Math.floor(at / count), at % count];
    return tree.feature[node]! < 0 ? scale * tree.value[node * valueWidth + value]! : 0;
  });
  // Two points at a time: an even number. Of degree d − 1 for d features.
  return { nodes, shares, values, count, points: 2 * Math.ceil(shares.mostFeatures / 4) };
}

function placeQuadrature(points: number, float64: (length: number) => Float64Array): { at: number; weights: number } {
  const quadrature = gaussLegendre(points);
  const [at, weights] = [float64(points), float64(points)];
  at.set(quadrature.points);
  weights.set(quadrature.weights);
  return { at: at.byteOffset, weights: weights.byteOffset };
}

function expectedScores({ baseScores, outputCount, valueWidth }: TreeEnsemble, trees: readonly PreparedTree[]): Float64Array {
  const expected = baseScores.slice();
  trees.forEach(({ shares, values, count }, at) => {
    for (let value = 0; value < valueWidth; value++)
      for (let node = 0; node < count; node++)
        expected[valueWidth === 1 ? at % outputCount : value]! += shares.reach[node]! * values[value * count + node]!;
  });
  return expected;
}
