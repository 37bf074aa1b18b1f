import type { Graph } from '../onnx/graph.ts';

/** Operators that hold or multiply what was learned; all others only pass numbers on. */
const learned = new Set([
  'MatMul',
  'Gemm',
  'Einsum',
  'Conv',
  'ConvTranspose',
  'LSTM',
  'GRU',
  'RNN',
  'Attention',
  'LinearClassifier',
  'LinearRegressor',
  'TreeEnsemble',
  'TreeEnsembleClassifier',
  'TreeEnsembleRegressor',
]);

export interface KeptOperator {
  readonly operator: string;
  readonly count: number;
}

/** What of a model still computes in float when the nodes named `quantized` do not: its learned operators, most first. */
export function keptInFloat(original: Graph, quantized: readonly string[]): readonly KeptOperator[] {
  const done = new Set(quantized);
  const counts = new Map<string, number>();
  for (const { opType, name } of original.nodes)
    if (learned.has(opType) && !done.has(name)) counts.set(opType, (counts.get(opType) ?? 0) + 1);
  return [...counts]
    .map(([operator, count]) => ({ operator, count }))
    .toSorted((a, b) => b.count - a.count || (a.operator < b.operator ? -1 : 1));
}
