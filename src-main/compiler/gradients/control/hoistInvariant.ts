import type { KnownOperator } from '../../2-shapes/shapeRules.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { typed } from '../../2-shapes/typedOps.ts';
import { readInteger } from '../../onnx/attributes.ts';
import type { Graph, GraphNode } from '../../onnx/graph.ts';
import { hasSubgraph } from '../../onnx/subgraphs.ts';

/**
 * Moves what is the same in all steps out of a Scan's body, into `g`: nodes that read only constants and values from outside,
 * and the transpose in a product Aᵀ·B whose A is from outside (a Gemm that transposes A takes half as long again).
 */
export function hoistInvariant(g: TypedOps, body: Graph): Graph {
  const outside = new Map<string, TypedValue>();
  const made = new Set([...body.inputs.map((each) => each.name), ...body.nodes.flatMap((each) => each.outputs)]);
  const fixed = (name: string): TypedValue | undefined => {
    const constant = body.initializers.get(name);
    if (constant) return g.constant(constant);
    return outside.get(name) ?? (made.has(name) ? undefined : typed(g.graph.value(name)));
  };
  const kept = new Set(body.outputs.map((each) => each.name));
  const nodes = body.nodes.flatMap((node): readonly GraphNode[] => {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : fixed(name)));
    const invariant = inputs.every((each, at) => each !== undefined || node.inputs[at] === '');
    if (invariant && !hasSubgraph(node.attributes) && !node.outputs.some((each) => kept.has(each))) {
      const operator = (node.domain === '' ? node.opType : `${node.domain}.${node.opType}`) as KnownOperator;
      const results = g.node(operator, inputs, node.attributes, node.outputs.length);
      node.outputs.forEach((name, at) => outside.set(name, results[at]!));
      return [];
    }
    const weight = isTransposedProduct(node) ? inputs[0] : undefined;
    const moved = node.inputs.map((name) => outside.get(name)?.name ?? name);
    return weight
      ? [{ ...node, opType: 'MatMul', attributes: {}, inputs: [g.swapLast(weight).name, ...moved.slice(1)] }]
      : [{ ...node, inputs: moved }];
  });
  const read = new Set(nodes.flatMap((each) => each.inputs));
  return { ...body, nodes, initializers: new Map([...body.initializers].filter(([name]) => read.has(name))) };
}

function isTransposedProduct({ opType, domain, inputs, attributes }: GraphNode): boolean {
  const alpha = attributes['alpha'];
  return (
    opType === 'Gemm' &&
    domain === '' &&
    inputs.length === 2 &&
    readInteger(attributes, 'transA', 0) === 1 &&
    readInteger(attributes, 'transB', 0) === 0 &&
    (alpha?.kind !== 'float' || alpha.value === 1)
  );
}
