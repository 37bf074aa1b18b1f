import type { Graph, GraphNode, TensorData } from '../onnx/graph.ts';
import { activation } from './reference/activation.ts';
import { attention } from './reference/attention.ts';
import { control } from './reference/control.ts';
import { convolution } from './reference/convolution.ts';
import { elementwise } from './reference/elementwise.ts';
import { indexing } from './reference/indexing.ts';
import { loss } from './reference/loss.ts';
import { normalisation } from './reference/normalisation.ts';
import { pooling } from './reference/pooling.ts';
import { product } from './reference/product.ts';
import { recurrent } from './reference/recurrent.ts';
import { reduction } from './reference/reduction.ts';
import { shape } from './reference/shape.ts';
import { tensor, type Operator, type ReferenceTensor } from './reference/tensors.ts';

export { size, tensor, type ReferenceTensor } from './reference/tensors.ts';

/** By ONNX name, other domains before it. */
export const referenceOperators: Readonly<Record<string, Operator>> = {
  ...elementwise,
  ...activation,
  ...reduction,
  ...shape,
  ...indexing,
  ...product,
  ...convolution,
  ...pooling,
  ...normalisation,
  ...attention,
  ...recurrent,
  ...control,
  ...loss,
};

/**
 * Runs a graph in float64 by the operators' definitions: slow, plain, and written apart from the shape rules, as the
 * oracle of the compiler's tests. Finite differences in float32 reach only about 1e-2 on ReLU networks.
 */
export function interpret(graph: Graph, inputs: Readonly<Record<string, ReferenceTensor>>): Record<string, ReferenceTensor> {
  const values = run(graph, new Map(Object.entries(inputs)));
  return Object.fromEntries(graph.outputs.map((each) => [each.name, values.get(each.name)!]));
}

function run(graph: Graph, values: Map<string, ReferenceTensor>): Map<string, ReferenceTensor> {
  for (const [name, constant] of graph.initializers) values.set(name, fromConstant(constant));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => {
      const value = values.get(name);
      if (name !== '' && !value) throw new Error(`${node.opType} reads "${name}" before it is made.`);
      return value;
    });
    const outputs = [
      operatorOf(node)(inputs, {
        attributes: node.attributes,
        outputCount: node.outputs.length,
        runSubgraph: (body, given) => {
          const inner = run(
            body,
            new Map([...values, ...body.inputs.map((each, at): [string, ReferenceTensor] => [each.name, given[at]!])]),
          );
          return body.outputs.map((each) => inner.get(each.name)!);
        },
      }),
    ].flat();
    node.outputs.forEach((name, at) => {
      if (name !== '' && outputs[at]) values.set(name, outputs[at]);
    });
  }
  return values;
}

function operatorOf({ opType, domain }: GraphNode): Operator {
  const operator = referenceOperators[domain === '' ? opType : `${domain}.${opType}`];
  if (!operator) throw new Error(`The reference interpreter does not know ${opType}.`);
  return operator;
}

function fromConstant(constant: TensorData): ReferenceTensor {
  if (constant.dtype === 'string') throw new Error('Text has no float64 form.');
  return tensor(constant.shape, constant.data as Iterable<number | bigint>);
}
