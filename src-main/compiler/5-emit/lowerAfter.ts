import { readInteger, readIntegers } from '../onnx/attributes.ts';
import type { Attribute, Graph, GraphNode, TensorData } from '../onnx/graph.ts';

/**
 * Puts operators of ONNX in the place of `modelkeep.After(x, event)`, which is x, but not before `event` is there. x goes through
 * a Reshape to its own shape, which copies nothing, and the shape is a constant plus a zero that is computed from a number of
 * `event`: [e > e], which is 0 for NaN, too. The runtime cannot know that: it neither evaluates it beforehand nor shares what
 * follows with what was computed from x itself. Loop bodies too.
 */
export function lowerAfter(graph: Graph): Graph {
  const initializers = new Map(graph.initializers);
  const constant = (name: string, values: readonly number[]): string => {
    const tensor: TensorData = { dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) };
    initializers.set(name, tensor);
    return name;
  };
  const zeros = new Map<string, string>();
  const nodes: GraphNode[] = [];
  const add = (opType: string, inputs: readonly string[], output: string, attributes: GraphNode['attributes'] = {}): string => {
    nodes.push({ opType, domain: '', name: output, inputs, outputs: [output], attributes });
    return output;
  };
  const zeroFrom = (event: string, rank: number): string => {
    const known = zeros.get(event);
    if (known !== undefined) return known;
    const name = (part: string): string => `${event}.then.${part}`;
    const ones = Array.from({ length: rank }, () => 1);
    const first =
      ones.length === 0
        ? event
        : add(
            'Slice',
            [
              event,
              constant(
                name('from'),
                ones.map(() => 0),
              ),
              constant(name('to'), ones),
            ],
            name('number'),
          );
    const zero = add('Cast', [add('Greater', [first, first], name('greater'))], name('zero'), { to: { kind: 'int', value: 7 } });
    zeros.set(event, add('Reshape', [zero, constant(name('one'), [1])], name('start')));
    return zeros.get(event)!;
  };
  for (const node of graph.nodes) {
    const [x, event] = node.inputs;
    const output = node.outputs[0]!;
    if (node.domain !== 'modelkeep' || node.opType !== 'After') {
      const attributes = Object.entries(node.attributes).map(([key, each]): [string, Attribute] => [
        key,
        each.kind === 'graph' ? { kind: 'graph', value: lowerAfter(each.value) } : each,
      ]);
      nodes.push({ ...node, attributes: Object.fromEntries(attributes) });
      continue;
    }
    const sizes = constant(`${output}.sizes`, readIntegers(node.attributes, 'sizes') ?? []);
    const shape = add('Add', [sizes, zeroFrom(event!, readInteger(node.attributes, 'eventRank', 0))], `${output}.shape`);
    add('Reshape', [x!, shape], output);
  }
  return { ...graph, nodes, initializers };
}
