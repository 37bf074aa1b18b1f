import type { Tree, TreeEnsemble } from '../ensemble.ts';

export interface RandomSettings {
  seed: number;
  trees?: number;
  /** Most leaves of a tree; some trees have fewer, a few only one. */
  leaves?: number;
  features?: number;
  outputs?: number;
  valueWidth?: number;
  /** Share of the features that hold categories, and how many categories there are. */
  categorical?: number;
  categories?: number;
  aggregate?: 'sum' | 'mean';
  /** Thresholds on this many different numbers, as histograms give them; default any. */
  thresholds?: number;
}

/** An ensemble that nothing was learnt by: random splits of random leaves, with thresholds that meet edges of float32. */
export function randomEnsemble(settings: RandomSettings): TreeEnsemble {
  const { seed, trees = 20, leaves = 31, features = 6, outputs = 1, valueWidth = 1, categorical = 0.3, categories = 40 } = settings;
  const random = uniform(seed);
  const categoricalFeatures = Uint8Array.from({ length: features }, () => Number(random() < categorical));
  const categorySets: Int32Array[] = [];
  const grow = (): Tree => {
    const size = random() < 0.1 ? 1 : 2 + Math.floor(random() * (leaves - 1));
    const nodes: { feature: number; threshold: number; set: number; missingLeft: number; left: number; right: number; cover: number }[] =
      [];
    const add = (leafCount: number, cover: number): number => {
      const at = nodes.push({ feature: -1, threshold: 0, set: -1, missingLeft: 0, left: -1, right: -1, cover }) - 1;
      if (leafCount === 1) return at;
      const feature = Math.floor(random() * features);
      const leftLeaves = 1 + Math.floor(random() * (leafCount - 1));
      const leftCover = cover * (0.05 + 0.9 * random());
      const set = categoricalFeatures[feature] ? categorySets.push(randomSet(random, categories)) - 1 : -1;
      const left = add(leftLeaves, leftCover);
      const right = add(leafCount - leftLeaves, cover - leftCover);
      const threshold = set < 0 ? randomThreshold(random, settings.thresholds) : 0;
      nodes[at] = { feature, threshold, set, missingLeft: Number(random() < 0.5), left, right, cover };
      return at;
    };
    add(size, 1000);
    return {
      feature: Int32Array.from(nodes, (node) => node.feature),
      threshold: Float32Array.from(nodes, (node) => node.threshold),
      categories: Int32Array.from(nodes, (node) => node.set),
      missingLeft: Uint8Array.from(nodes, (node) => node.missingLeft),
      left: Int32Array.from(nodes, (node) => node.left),
      right: Int32Array.from(nodes, (node) => node.right),
      value: Float32Array.from({ length: nodes.length * valueWidth }, (_, at) =>
        nodes[Math.floor(at / valueWidth)]!.feature < 0 ? random() * 2 - 1 : 0,
      ),
      cover: Float64Array.from(nodes, (node) => node.cover),
      gain: Float64Array.from(nodes, (node) => (node.feature < 0 ? 0 : 10 * random())),
    };
  };
  return {
    featureCount: features,
    outputCount: outputs,
    valueWidth,
    baseScores: Float64Array.from({ length: outputs }, () => random() - 0.5),
    trees: Array.from({ length: trees }, grow),
    categorySets,
    categorical: categoricalFeatures,
    aggregate: settings.aggregate ?? 'sum',
  };
}

/**
 * Rows [rows, featureCount] that look for trouble: values on thresholds and beside them, infinities, NaN, −0, subnormal numbers;
 * of categories known, unknown, negative, broken and huge codes.
 */
export function edgeRows(ensemble: TreeEnsemble, rows: number, seed: number): Float32Array<ArrayBuffer> {
  const { featureCount, trees, categorical, categorySets } = ensemble;
  const random = uniform(seed);
  const codes = [...new Set(categorySets.flatMap((set) => [...set]))];
  const thresholds: number[][] = Array.from({ length: featureCount }, () => []);
  for (const tree of trees)
    tree.feature.forEach((feature, node) => {
      if (feature >= 0 && tree.categories[node]! < 0) thresholds[feature]!.push(tree.threshold[node]!);
    });
  const pick = (from: readonly number[]): number => from[Math.floor(random() * from.length)] ?? 0;
  const values = new Float32Array(rows * featureCount);
  for (let at = 0; at < values.length; at++) {
    const feature = at % featureCount;
    const kind = random();
    if (kind < 0.1) values[at] = NaN;
    else if (kind < 0.2) values[at] = pick(specialValues);
    else if (categorical[feature]) values[at] = kind < 0.8 ? pick(codes) : pick(codes) + pick([0.5, 1, -1, 0.25, 32, 64, 4096]);
    else if (kind < 0.6) values[at] = neighbour(pick(thresholds[feature]!), Math.floor(random() * 3) - 1);
    else values[at] = (random() * 2 - 1) * 3;
  }
  return values;
}

/** The float32 that is so many steps above `value` (below, where negative). */
export function neighbour(value: number, steps: number): number {
  const [float, bits] = [new Float32Array([value]), new Int32Array(1)];
  const view = new Int32Array(float.buffer);
  if (!Number.isFinite(value)) return value;
  // In the order of the numbers: negative ones count backwards.
  bits[0] = (view[0]! < 0 ? -(view[0]! & 0x7fff_ffff) : view[0]!) + steps;
  view[0] = bits[0]! < 0 ? -bits[0]! | 0x8000_0000 : bits[0]!;
  return float[0]!;
}

/** Uniform in 0 … 1. */
export function uniform(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const smallest = 1e-45;
const largest = 3.402_823_466_385_288_6e38;
const specialValues = [0, -0, Infinity, -Infinity, smallest, -smallest, 1e-39, -1e-39, largest, -largest, 1, -1, 16_777_216, 1e10, -1e10];

function randomThreshold(random: () => number, different = Infinity): number {
  if (random() < 0.15) return specialValues[Math.floor(random() * specialValues.length)]!;
  const at = different < Infinity ? Math.floor(random() * different) / different : random();
  return (at * 2 - 1) * 3;
}

/** Of 0 … count − 1: from one code up to nearly all. */
function randomSet(random: () => number, count: number): Int32Array {
  const share = random();
  const codes = Array.from({ length: count }, (_, code) => code).filter(() => random() < share);
  return Int32Array.from(codes.length > 0 ? codes : [Math.floor(random() * count)]);
}
