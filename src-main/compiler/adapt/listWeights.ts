import type { AdaptableModel } from '../1-parse/import/importModel.ts';
import { subgraphsOf } from '../1-parse/upgrade/defineUpgrade.ts';
import { operatorKey } from '../gradients/index.ts';
import { elementCount, type DataType, type Graph, type GraphNode } from '../onnx/graph.ts';

/** Where a weight goes in. */
export interface WeightUse {
  readonly node: string;
  /** ONNX name, other domains before it. */
  readonly operator: string;
  readonly input: number;
}

/** A constant of a model. */
export interface Weight {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly number[];
  /**
   * 'weight': floats where an operator takes something learned. 'statistic': running mean or variance. 'constant':
   * everything else, such as axes, epsilons and factors.
   */
  readonly role: 'weight' | 'statistic' | 'constant';
  readonly uses: readonly WeightUse[];
  /** Names of the nodes that use it: exporters often lose the weight's own name ("onnx::MatMul_1204") but keep the layer's. */
  readonly aliases: readonly string[];
}

/** All constants of a model, in its order. */
export function listWeights({ graph }: Pick<AdaptableModel, 'graph'>): Weight[] {
  const uses = usesOf(graph);
  return [...graph.initializers].map(([name, { dtype, shape }]) => {
    const found = uses.get(name) ?? [];
    const real = found.flatMap((use) => throughViews(use, uses));
    return {
      name,
      dtype,
      shape,
      role: roleOf(dtype, shape, real),
      uses: real.map(({ node, input }) => ({ node: node.name, operator: operatorKey(node.domain, node.opType), input })),
      aliases: [...new Set(real.map(({ node }) => node.name))],
    };
  });
}

interface Use {
  readonly node: GraphNode;
  readonly input: number;
}

/** Uses of each value, those inside subgraphs too. */
function usesOf(graph: Graph, uses = new Map<string, Use[]>()): Map<string, Use[]> {
  for (const node of graph.nodes) {
    node.inputs.forEach((name, input) => {
      if (name !== '') uses.set(name, [...(uses.get(name) ?? []), { node, input }]);
    });
    for (const [, body] of subgraphsOf(node)) usesOf(body, uses);
  }
  return uses;
}

/** Operators that hand a weight on in another form. */
const views = new Set([
  'Identity',
  'Transpose',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
  'Cast',
  'Concat',
  'Slice',
  'Split',
  'Expand',
]);

function throughViews(use: Use, uses: ReadonlyMap<string, readonly Use[]>): readonly Use[] {
  const isView = use.node.domain === '' && views.has(use.node.opType) && (use.input === 0 || use.node.opType === 'Concat');
  if (!isView) return [use];
  const further = use.node.outputs.flatMap((name) => uses.get(name) ?? []).flatMap((each) => throughViews(each, uses));
  return further.length > 0 ? further : [use];
}

/** Inputs, by position, in which operators take what was learned. */
const learned: Readonly<Record<string, readonly number[]>> = {
  MatMul: [0, 1],
  Gemm: [0, 1, 2],
  Einsum: [0, 1, 2],
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  BatchNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  LayerNormalization: [1, 2],
  GroupNormalization: [1, 2],
  RMSNormalization: [1],
  PRelu: [1],
  Gather: [0],
  LSTM: [1, 2, 3, 7],
  GRU: [1, 2, 3],
  RNN: [1, 2, 3],
};
/** Operators that apply a bias or a gain, where a single number is rather a factor of the formula. */
const elementwise = new Set(['Add', 'Sub', 'Mul', 'Div', 'Sum']);

function roleOf(dtype: DataType, shape: readonly number[], uses: readonly Use[]): Weight['role'] {
  if (dtype !== 'float32' && dtype !== 'float64') return 'constant';
  const isLearned = uses.some(
    ({ node, input }) =>
      (Object.hasOwn(learned, node.opType) && learned[node.opType]!.includes(input)) ||
      (elementwise.has(node.opType) && elementCount(shape) > 1),
  );
  if (isLearned) return 'weight';
  return uses.some(({ node, input }) => node.opType === 'BatchNormalization' && input >= 3) ? 'statistic' : 'constant';
}
