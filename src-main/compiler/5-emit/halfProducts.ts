import { tidy } from '../4-fuse/rewrite.ts';
import { Replayer } from '../2-shapes/replay.ts';
import { TypedOps, typed, type TypedValue } from '../2-shapes/typedOps.ts';
import type { Graph } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';

/** What processors with half precision do many times faster; sums inside are float32 there. */
const products = new Set(['MatMul', 'Gemm', 'Conv', 'ConvTranspose', 'com.microsoft.FusedMatMul']);

/**
 * The graph with its float32 products and convolutions in float16: casts before and after each, one cast for a value that
 * several read. Everything else stays as it is. Nodes in subgraphs stay too.
 *
 * Source: Micikevicius et al., Mixed precision training (2018), https://arxiv.org/abs/1710.03740: weights and sums in float32
 * (§3.1, 3.3), scaled loss (§3.2).
 */
export function halfProducts(graph: Graph): Graph {
  const builder = new GraphBuilder(graph.name);
  const g = new TypedOps(builder);
  const replayer = new Replayer(g, {
    decompose: (operator, inputs, attributes) => {
      if (!products.has(operator) || inputs[0]?.dtype !== 'float32') return undefined;
      const half = inputs.map((each): TypedValue | undefined => each && g.cast(each, 'float16'));
      return [g.cast(g.op(operator as 'MatMul', half, attributes), 'float32')];
    },
  });
  for (const each of graph.inputs) replayer.set(each.name, typed(builder.input(each.name, each.dtype, each.shape)));
  replayer.addGraph(graph);
  for (const { name } of graph.outputs) builder.output(replayer.get(name)!, name);
  return tidy(builder.build());
}
