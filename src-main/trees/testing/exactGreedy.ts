import type { BinnedMatrix } from '../bin/BinnedMatrix.ts';

export interface ReferenceNode {
  feature: number;
  threshold: number;
  missingLeft: boolean;
  left: ReferenceNode | undefined;
  right: ReferenceNode | undefined;
  value: number;
}

interface Settings {
  numLeaves: number;
  minDataInLeaf: number;
  lambdaL2: number;
  learningRate: number;
}

/**
 * One tree by plain float64 loops over the values themselves: every cut of every feature, missing values on both sides, the leaf
 * that gains most first. What the kernels grow from the same gradients must be this tree.
 */
export function growExactly(
  { data, width, rows }: { data: Float32Array; width: number; rows: number },
  { layout }: Pick<BinnedMatrix, 'layout'>,
  { gradients, hessians }: { gradients: Float32Array; hessians: Float32Array },
  settings: Settings,
): { root: ReferenceNode; leafOf: (row: number) => ReferenceNode } {
  const { lambdaL2, minDataInLeaf, numLeaves, learningRate } = settings;
  interface Open {
    node: ReferenceNode;
    rows: number[];
    best: { gain: number; feature: number; threshold: number; missingLeft: boolean } | undefined;
  }
  const sum = (list: readonly number[], of: Float32Array): number => list.reduce((total, row) => total + of[row]!, 0);
  const search = (list: number[]): Open['best'] => {
    const [g, h] = [sum(list, gradients), sum(list, hessians)];
    let best: Open['best'];
    let score = (g * g) / (h + lambdaL2) + Math.abs((g * g) / (h + lambdaL2)) * 1e-12;
    const parent = (g * g) / (h + lambdaL2);
    for (const slot of layout.slots.toSorted((a, b) => a.feature - b.feature)) {
      const { feature, cuts } = slot;
      const missing = list.filter((row) => Number.isNaN(data[row * width + feature]));
      for (const missingLeft of missing.length > 0 ? [true, false] : [true])
        for (const threshold of [...cuts, ...(missingLeft ? [] : [Infinity])]) {
          const left = list.filter((row) => {
            const value = data[row * width + feature]!;
            return Number.isNaN(value) ? missingLeft : value <= threshold;
          });
          if (left.length < minDataInLeaf || list.length - left.length < minDataInLeaf) continue;
          const [gl, hl] = [sum(left, gradients), sum(left, hessians)];
          const here = (gl * gl) / (hl + lambdaL2) + ((g - gl) * (g - gl)) / (h - hl + lambdaL2);
          if (here <= score) continue;
          score = here;
          const larger = 2 * hl >= h;
          const allNumbers = !missingLeft && left.length + missing.length === list.length;
          best = {
            gain: here - parent,
            feature,
            threshold: allNumbers ? Infinity : threshold,
            missingLeft: missing.length > 0 ? missingLeft : larger,
          };
        }
    }
    return best;
  };
  const leaf = (list: number[]): Open => ({
    node: {
      feature: -1,
      threshold: 0,
      missingLeft: false,
      left: undefined,
      right: undefined,
      value: Math.fround((-sum(list, gradients) / (sum(list, hessians) + lambdaL2)) * learningRate),
    },
    rows: list,
    best: search(list),
  });
  const open = [leaf(Array.from({ length: rows }, (_, row) => row))];
  const root = open[0]!.node;
  while (open.length < numLeaves) {
    const next = open.reduce((best, each) => ((each.best?.gain ?? 0) > (best.best?.gain ?? 0) ? each : best), open[0]!);
    if (!next.best) break;
    const { feature, threshold, missingLeft } = next.best;
    const goesLeft = (row: number): boolean => {
      const value = data[row * width + feature]!;
      return Number.isNaN(value) ? missingLeft : value <= threshold;
    };
    const [left, right] = [leaf(next.rows.filter(goesLeft)), leaf(next.rows.filter((row) => !goesLeft(row)))];
    Object.assign(next.node, { feature, threshold, missingLeft, left: left.node, right: right.node, value: 0 });
    open[open.indexOf(next)] = left;
    open.push(right);
  }
  const leafOf = (row: number): ReferenceNode => {
    let node = root;
    while (node.feature >= 0) {
      const value = data[row * width + node.feature]!;
      node = (Number.isNaN(value) ? node.missingLeft : value <= node.threshold) ? node.left! : node.right!;
    }
    return node;
  };
  return { root, leafOf };
}
