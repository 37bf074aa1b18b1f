import { replay } from '../2-shapes/replay.ts';
import { TypedOps, type TypedValue } from '../2-shapes/typedOps.ts';
import type { Graph, Value } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';

/** Shapes of everything in a graph; `around` has what it uses from outside. */
export function typesOf(graph: Graph, around: ReadonlyMap<string, TypedValue> = new Map()): ReadonlyMap<string, TypedValue> {
  const scratch = new GraphBuilder('types');
  const declared = new Map<string, Value>();
  const known = [...around].filter(([name]) => !graph.initializers.has(name));
  for (const each of [...graph.inputs, ...known.map(([name, value]) => ({ ...value, name }))])
    if (!declared.has(each.name)) declared.set(each.name, scratch.input(each.name, each.dtype, each.shape));
  return new Map([...replay(new TypedOps(scratch), graph, declared)].map(([name, value]) => [name, { ...value, name }]));
}
