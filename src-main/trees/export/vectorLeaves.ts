import type { GraphBuilder, Value } from '../../compiler/index.ts';
import type { Tree, TreeEnsemble } from '../ensemble.ts';
import { treeEnsembleAttributes } from './treeEnsemble.ts';

/** Trees of one operator: what it gives and what is gathered stays small, [N, 32, outputs]. */
const treesTogether = 32;
/** Whole numbers up to here are float32s. */
const mostLeaves = 2 ** 24;

/**
 * The sum of trees whose leaves have several outputs, float32 [N, outputCount]. TreeEnsemble has one output a leaf, so there a tree
 * gives the number of its leaf, in an output of its own, and the leaf's outputs are gathered by it. Each tree stands once, but
 * sums are formed 32 trees at a time: rounded otherwise than one tree after the other.
 */
export function addVectorLeaves(g: GraphBuilder, features: Value, ensemble: TreeEnsemble): Value {
  const { outputCount } = ensemble;
  const shape = ['N', outputCount];
  const parts = partsOf(ensemble.trees).map((trees) => {
    const { numbered, table } = numberLeaves(trees, outputCount);
    const attributes = treeEnsembleAttributes({ ...ensemble, trees: numbered, valueWidth: 1, outputCount: trees.length });
    const numbers = g.op('TreeEnsemble', [features], {
      domain: 'ai.onnx.ml',
      attributes,
      output: { dtype: 'float32', shape: ['N', trees.length] },
    });
    const places = g.op('Cast', [numbers], { attributes: { to: 6 }, output: { dtype: 'int32' } });
    const leaves = g.constant({ dtype: 'float32', shape: [table.length / outputCount, outputCount], data: table });
    const gathered = g.op('Gather', [leaves, places], { attributes: { axis: 0 }, output: { shape: ['N', trees.length, outputCount] } });
    return g.op('ReduceSum', [gathered, g.int64([1])], { attributes: { keepdims: 0 }, output: { shape } });
  });
  return parts.reduce((sum, part) => g.op('Add', [sum, part], { output: { shape } }));
}

function partsOf(trees: readonly Tree[]): Tree[][] {
  const parts: Tree[][] = [];
  let leaves = mostLeaves;
  for (const tree of trees) {
    const own = (tree.feature.length + 1) / 2;
    if (leaves + own > mostLeaves || parts.at(-1)!.length === treesTogether) {
      parts.push([]);
      leaves = 0;
    }
    parts.at(-1)!.push(tree);
    leaves += own;
  }
  return parts;
}

/** The trees with numbers for outputs, and the outputs by number. */
function numberLeaves(trees: readonly Tree[], width: number): { numbered: Tree[]; table: Float32Array<ArrayBuffer> } {
  const leaves = trees.reduce((sum, tree) => sum + (tree.feature.length + 1) / 2, 0);
  const table = new Float32Array(leaves * width);
  let next = 0;
  const numbered = trees.map((tree) => {
    const value = new Float32Array(tree.feature.length);
    tree.feature.forEach((feature, node) => {
      if (feature >= 0) return;
      table.set(tree.value.subarray(node * width, (node + 1) * width), next * width);
      value[node] = next++;
    });
    return { ...tree, value };
  });
  return { numbered, table };
}
